//! The keys, and what each of them sets.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::SecretText;
use crate::{ClientBuilder, Library};

use super::value::{Problem, Value};

/// What was set, each in the type that it has.
#[derive(Default)]
pub(super) struct Given {
    /// The keys that were set.
    pub(super) seen: BTreeSet<&'static str>,
    pub(super) issuer: Option<String>,
    pub(super) token_endpoint: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) method: Option<String>,
    pub(super) client_secret: Credential,
    pub(super) basic: Basic,
    pub(super) private_key: Credential,
    pub(super) key_id: KeyId,
    pub(super) signing_algorithm: Option<String>,
    pub(super) certificate: Certificate,
    pub(super) jwt_typ: Option<String>,
    pub(super) jwt_audience: Option<String>,
    pub(super) client_assertion_file: Option<PathBuf>,
    pub(super) client_assertion_type: Option<String>,
    pub(super) without_client_id: bool,
    scope: Option<Vec<String>>,
    resource: Vec<String>,
    audience: Option<String>,
    parameters: Vec<(String, String)>,
    token_request_headers: Vec<(String, String)>,
    leeway: Option<Duration>,
    default_lifetime: Option<Duration>,
    acquire_timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    allowed_origins: Option<Vec<String>>,
    allow_insecure_http: bool,
    rejecting_statuses: Option<Vec<u16>>,
    without_replays: bool,
}

/// How `client_secret_basic` sends id and secret.
#[derive(Clone, Copy, Default)]
pub(super) enum Basic {
    #[default]
    Encoded,
    Raw,
}

impl Basic {
    fn raw_if(raw: bool) -> Self {
        if raw { Self::Raw } else { Self::Encoded }
    }
}

/// The three ways to give a secret or a key.
#[derive(Default)]
pub(super) struct Credential {
    pub(super) value: Option<SecretText>,
    pub(super) file: Option<PathBuf>,
    pub(super) variable: Option<String>,
}

/// The two ways to give the id of a private key.
#[derive(Default)]
pub(super) struct KeyId {
    pub(super) value: Option<String>,
    pub(super) is_thumbprint: bool,
}

/// The three ways to give the certificate of a private key.
#[derive(Default)]
pub(super) struct Certificate {
    /// The key may stand in the same PEM.
    pub(super) value: Option<SecretText>,
    pub(super) file: Option<PathBuf>,
    pub(super) is_beside_the_key: bool,
}

impl Given {
    /// Sets one of [`KEYS`].
    pub(super) fn set(&mut self, key: &'static str, value: Value) -> Result<(), Problem> {
        if !self.seen.insert(key) {
            return Err("is set twice".to_owned());
        }
        match key {
            "issuer" => self.issuer = Some(value.some_text()?),
            "token_endpoint" => self.token_endpoint = Some(value.some_text()?),
            "client_id" => self.client_id = Some(value.some_text()?),
            "token_endpoint_auth_method" => self.method = Some(value.text()?),
            "client_secret" => self.client_secret.value = Some(value.secret()?),
            "client_secret_file" => self.client_secret.file = Some(value.some_text()?.into()),
            "client_secret_env" => self.client_secret.variable = Some(value.some_text()?),
            "client_secret_raw" => self.basic = Basic::raw_if(value.flag()?),
            "private_key" => self.private_key.value = Some(value.secret()?),
            "private_key_file" => self.private_key.file = Some(value.some_text()?.into()),
            "private_key_env" => self.private_key.variable = Some(value.some_text()?),
            "key_id" => self.key_id.value = Some(value.some_text()?),
            "thumbprint_as_key_id" => self.key_id.is_thumbprint = value.flag()?,
            "signing_algorithm" => self.signing_algorithm = Some(value.text()?),
            "certificate" => self.certificate.value = Some(value.secret()?),
            "certificate_file" => self.certificate.file = Some(value.some_text()?.into()),
            "with_certificate" => self.certificate.is_beside_the_key = value.flag()?,
            "jwt_typ" => self.jwt_typ = Some(value.some_text()?),
            "jwt_audience" => self.jwt_audience = Some(value.some_text()?),
            "client_assertion_file" => self.client_assertion_file = Some(value.some_text()?.into()),
            "client_assertion_type" => self.client_assertion_type = Some(value.some_text()?),
            "without_client_id" => self.without_client_id = value.flag()?,
            "scope" => self.scope = Some(value.texts()?),
            "resource" => self.resource = value.texts()?,
            "audience" => self.audience = Some(value.text()?),
            "parameters" => self.parameters = value.table()?,
            "token_request_headers" => self.token_request_headers = value.table()?,
            "leeway" => self.leeway = Some(value.duration()?),
            "default_lifetime" => self.default_lifetime = Some(value.duration()?),
            "acquire_timeout" => self.acquire_timeout = Some(value.duration()?),
            "attempt_timeout" => self.attempt_timeout = Some(value.duration()?),
            "allowed_origins" => {
                self.allowed_origins = Some(some(value.texts()?, NO_ORIGIN)?);
            }
            "allow_insecure_http" => self.allow_insecure_http = value.flag()?,
            "rejecting_statuses" => {
                self.rejecting_statuses = Some(some(value.statuses()?, NO_STATUS)?);
            }
            "replays" => self.without_replays = !value.flag()?,
            // A key without an arm is caught by the test that sets each of them.
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    /// By the name of its setter, which `build()` calls it by, the key of each.
    pub(super) fn by_setter(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.seen.iter().map(|key| (setter_of(key), *key))
    }

    /// Sets on a builder what is not about the client's proof.
    pub(super) fn apply<A: Library>(self, mut builder: ClientBuilder<A>) -> ClientBuilder<A> {
        if let Some(scope) = self.scope {
            builder = builder.scope(scope.join(" "));
        }
        for resource in self.resource {
            builder = builder.resource(resource);
        }
        if let Some(audience) = self.audience {
            builder = builder.audience(audience);
        }
        for (name, value) in self.parameters {
            builder = builder.parameter(name, value);
        }
        for (name, value) in self.token_request_headers {
            builder = builder.token_request_header(name, value);
        }
        if let Some(leeway) = self.leeway {
            builder = builder.leeway(leeway);
        }
        if let Some(lifetime) = self.default_lifetime {
            builder = builder.default_lifetime(lifetime);
        }
        if let Some(timeout) = self.acquire_timeout {
            builder = builder.acquire_timeout(timeout);
        }
        if let Some(timeout) = self.attempt_timeout {
            builder = builder.attempt_timeout(timeout);
        }
        if let Some(origins) = self.allowed_origins {
            builder = builder.allowed_origins(origins);
        }
        if self.allow_insecure_http {
            builder = builder.allow_insecure_http();
        }
        if let Some(statuses) = self.rejecting_statuses {
            builder = builder.rejecting_statuses(statuses);
        }
        if self.without_replays {
            builder = builder.without_replays();
        }
        builder
    }
}

/// The key of that name.
pub(super) fn known(key: &str) -> Result<&'static str, Problem> {
    let known = KEYS.iter().copied().find(|known| *known == key);
    known.ok_or_else(|| unknown(key))
}

fn setter_of(key: &'static str) -> &'static str {
    match key {
        "client_secret_file" | "client_secret_env" => "client_secret",
        "private_key_file" | "private_key_env" => "private_key",
        "certificate_file" => "certificate",
        "client_assertion_file" => "client_assertion",
        "parameters" => "parameter",
        "token_request_headers" => "token_request_header",
        setter => setter,
    }
}

/// A list that is not empty, which says the contrary of none.
fn some<T>(list: Vec<T>, problem: &str) -> Result<Vec<T>, Problem> {
    if list.is_empty() {
        return Err(problem.to_owned());
    }
    Ok(list)
}

/// That there is no such key, and which one is like it.
fn unknown(key: &str) -> Problem {
    let key = key.to_ascii_lowercase();
    let nearest = KEYS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&key, known), *known))
        .min();
    match nearest {
        Some((distance, known)) if distance <= LIKE => {
            format!("there is no such key; {known} is like it")
        }
        Some(_) | None => format!("there is no such key; there are {}", KEYS.join(", ")),
    }
}

const NO_ORIGIN: &str = "is empty, and would refuse every request; name the origins, or leave it \
                         out, which allows every one";
const NO_STATUS: &str = "is empty, and nothing would renew a token that is rejected; leave it out, \
                         which means 401; so that nothing is sent twice, set replays to false";
/// How many letters a key may be away from one that it is like.
const LIKE: usize = 3;

pub(super) const KEYS: &[&str] = &[
    "issuer",
    "token_endpoint",
    "client_id",
    "token_endpoint_auth_method",
    "client_secret",
    "client_secret_file",
    "client_secret_env",
    "client_secret_raw",
    "private_key",
    "private_key_file",
    "private_key_env",
    "key_id",
    "thumbprint_as_key_id",
    "signing_algorithm",
    "certificate",
    "certificate_file",
    "with_certificate",
    "jwt_typ",
    "jwt_audience",
    "client_assertion_file",
    "client_assertion_type",
    "without_client_id",
    "scope",
    "resource",
    "audience",
    "parameters",
    "token_request_headers",
    "leeway",
    "default_lifetime",
    "acquire_timeout",
    "attempt_timeout",
    "allowed_origins",
    "allow_insecure_http",
    "rejecting_statuses",
    "replays",
];
