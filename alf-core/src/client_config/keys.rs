//! The keys: what each takes, and which methods use it (T2).

use super::value::Kind;

/// A key of the settings.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The methods that use it.
    pub(super) methods: &'static [&'static str],
}

/// The key that is most similar to this name, if one is.
pub(super) fn similar_key(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let names = KEYS.iter().map(|key| key.name);
    let distances = names.map(|known| (strsim::damerau_levenshtein(&name, known), known));
    let (distance, nearest) = distances.min()?;
    (distance <= 3).then_some(nearest)
}

pub(super) const METHODS: [&str; 8] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "client_assertion",
    "none",
];
pub(super) const SEALING_KEY: [&str; 2] = ["sealing_key_file", "sealing_key_env"];
pub(super) const PREVIOUS_SEALING_KEY: [&str; 2] =
    ["previous_sealing_key_file", "previous_sealing_key_env"];
const BASIC: &[&str] = &["client_secret_basic"];
const SECRET: &[&str] = &[
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
];
const PRIVATE_KEY: &[&str] = &["private_key_jwt"];
const JWT: &[&str] = &["client_secret_jwt", "private_key_jwt"];
const ASSERTION: &[&str] = &["client_assertion"];

pub(super) const KEYS: &[Key] = &[
    key("issuer", Kind::Text, &METHODS),
    key("token_endpoint", Kind::Text, &METHODS),
    key("metadata_url", Kind::Text, &METHODS),
    key("grant_type", Kind::Text, &METHODS),
    key("revocation_endpoint", Kind::Text, &METHODS),
    key("client_id", Kind::Text, &METHODS),
    key("token_endpoint_auth_method", Kind::Text, &METHODS),
    key("client_secret", Kind::AnyText, SECRET),
    key("client_secret_file", Kind::Text, SECRET),
    key("client_secret_env", Kind::Text, SECRET),
    key("client_secret_raw", Kind::Flag, BASIC),
    key("with_client_id", Kind::Flag, BASIC),
    key("private_key", Kind::AnyText, PRIVATE_KEY),
    key("private_key_file", Kind::Text, PRIVATE_KEY),
    key("private_key_env", Kind::Text, PRIVATE_KEY),
    key("key_id", Kind::Text, PRIVATE_KEY),
    key("thumbprint_as_key_id", Kind::Flag, PRIVATE_KEY),
    key("signing_algorithm", Kind::Text, JWT),
    key("certificate", Kind::AnyText, PRIVATE_KEY),
    key("certificate_file", Kind::Text, PRIVATE_KEY),
    key("with_certificate", Kind::Flag, PRIVATE_KEY),
    key("jwt_typ", Kind::Text, JWT),
    key("jwt_audience", Kind::Text, JWT),
    key("jwt_lifetime", Kind::Time, JWT),
    key("jwt_backdate", Kind::Time, JWT),
    key("client_assertion_file", Kind::Text, ASSERTION),
    key("client_assertion_type", Kind::Text, ASSERTION),
    key("without_client_id", Kind::Flag, ASSERTION),
    key("scope", Kind::List, &METHODS),
    key("resource", Kind::List, &METHODS),
    key("audience", Kind::AnyText, &METHODS),
    key("parameters", Kind::Pairs, &METHODS),
    key("token_request_headers", Kind::Pairs, &METHODS),
    key("max_targets", Kind::Number, &METHODS),
    key("leeway", Kind::Time, &METHODS),
    key("default_lifetime", Kind::Time, &METHODS),
    key("acquire_timeout", Kind::Time, &METHODS),
    key("attempt_timeout", Kind::Time, &METHODS),
    key("allowed_origins", Kind::Origins, &METHODS),
    key("allow_insecure_http", Kind::Flag, &METHODS),
    key("token_header", Kind::Text, &METHODS),
    key("token_scheme", Kind::AnyText, &METHODS),
    key("rejecting_statuses", Kind::Statuses, &METHODS),
    key("replays", Kind::Flag, &METHODS),
    key("sealing_key_file", Kind::Text, &METHODS),
    key("sealing_key_env", Kind::Text, &METHODS),
    key("previous_sealing_key_file", Kind::Text, &METHODS),
    key("previous_sealing_key_env", Kind::Text, &METHODS),
    key("store_prefix", Kind::Text, &METHODS),
    key("store_timeout", Kind::Time, &METHODS),
];

const fn key(name: &'static str, kind: Kind, methods: &'static [&'static str]) -> Key {
    Key {
        name,
        kind,
        methods,
    }
}
