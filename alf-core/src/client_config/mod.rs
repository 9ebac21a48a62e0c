//! A client without code: its settings from a file that serde reads, or from the environment.

#[cfg(feature = "jwt")]
mod assertion;
mod authentication;
mod environment;
mod keys;
mod read;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
#[cfg(feature = "jwt")]
use std::time::Duration;

#[cfg(feature = "store")]
use crate::SealingKey;
use crate::{ClientBuilder, ConfigError};

use keys::{KEYS, similar_key};
#[cfg(feature = "store")]
use keys::{PREVIOUS_SEALING_KEY, SEALING_KEY};
use value::{Kind, Value};

/// The settings of a client, from a file or from environment variables.
///
/// Needs the feature `config`.
///
/// It implements `serde::Deserialize`, so it can be read from TOML, YAML or JSON.
/// [`from_env`](Self::from_env) reads environment variables. The keys are the same:
///
/// | key | value |
/// | --- | --- |
/// | `issuer`, `token_endpoint` | the authorization server: the issuer, whose metadata names the token endpoint, or the URL of the token endpoint. If both are set, no metadata is read, and the issuer is the default `aud` of the client's assertions |
/// | `metadata_url` | the URL of the issuer's metadata, if it is not a well-known one: see [`discover_at`](ClientBuilder::discover_at) |
/// | `grant_type` | the `grant_type` of the token request: `client_credentials` |
/// | `revocation_endpoint` | the URL that `TokenManager::revoke` uses |
/// | `client_id` | the client's identifier |
/// | `token_endpoint_auth_method` | how the client authenticates: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth`, `client_assertion`, or `none`. Default: `client_secret_basic` if there is a secret, `private_key_jwt` if there is a key, `client_assertion` if there is an assertion |
/// | `client_secret`, `client_secret_file`, or `client_secret_env` | the secret, the path of its file, or the name of its environment variable |
/// | `client_secret_raw` | `true`: `client_secret_basic` sends the id and the secret without encoding, for a server that does not decode them |
/// | `with_client_id` | `true`: `client_secret_basic` sends the id in the body too |
/// | `private_key`, `private_key_file`, or `private_key_env` | the private key in PEM, the path of its file, or the name of its environment variable |
/// | `key_id`, or `thumbprint_as_key_id` | the `kid` of the key, or `true`: the `kid` is the thumbprint of the key |
/// | `signing_algorithm` | the `alg` of the key: `RS256`, `PS256`, `ES256`, `ES384`, `EdDSA` or `Ed25519`. With `client_secret_jwt`: `HS256`, `HS384` or `HS512` |
/// | `certificate_file`, `certificate`, or `with_certificate` | the path of the file of the key's certificate, the certificate in PEM, or `true`: the certificate is in the same PEM as the key. It is for servers that identify the key by the thumbprint of its certificate (`x5t#S256`) |
/// | `jwt_typ`, `jwt_audience` | the `typ` and the `aud` of the assertions of `private_key_jwt` and `client_secret_jwt` |
/// | `jwt_lifetime`, `jwt_backdate` | how long these assertions are valid, and how far their `iat` lies in the past: `"120s"`, `"10s"` |
/// | `client_assertion_file` | the path of an assertion that another party signs |
/// | `client_assertion_type`, `without_client_id` | the type of that assertion, if it is not a JWT; `true`: no `client_id` is sent with that assertion |
/// | `scope`, `resource` | texts separated by spaces, or lists |
/// | `audience`, `parameters`, `token_request_headers` | the audience; a table of further parameters, and a table of further headers, of the token request |
/// | `max_targets` | how many token targets a client keeps in addition to its own: `256` |
/// | `leeway`, `default_lifetime`, `acquire_timeout`, `attempt_timeout` | durations with their unit: `"30s"`, `"500ms"`, `"5m"` |
/// | `allow_insecure_http` | `true`: tokens and secrets may be sent over plain `http` |
/// | `allowed_origins` | the origins that the token may be sent to. A `TokenManager` sends no requests to APIs, so it ignores this key |
/// | `token_header`, `token_scheme` | how requests carry the token: `Authorization`, `Bearer`. An empty scheme sends the token alone (in a variable, one space). A `TokenManager` ignores `token_header` |
/// | `sealing_key_file`, or `sealing_key_env` | the path of a file with the sealing key of a store, or the name of its environment variable. Set the store itself in code: `.store(store, None)` |
/// | `previous_sealing_key_file`, or `previous_sealing_key_env` | the same for the previous sealing key, during a rotation |
/// | `store_prefix`, `store_timeout` | the prefix of the keys in the store: `alf`; how long one operation of the store may take: `"1s"` |
/// | `rejecting_statuses`, `replays` | the statuses that mean that an API rejects the token; `false`: no request is replayed. A `TokenManager` ignores these keys |
///
/// For the details and the default of a key, see the setter of the same name. It is in [`ClientBuilder`],
/// or in the type of the authentication method: [`PrivateKeyJwt`](crate::PrivateKeyJwt),
/// `ClientSecretJwt`, [`ClientAssertion`](crate::ClientAssertion).
///
/// The methods `client_secret_jwt` and `private_key_jwt` also need the feature `jwt`. The keys of a store need the feature `store`. With
/// `tls_client_auth` and `self_signed_tls_client_auth`, set the certificate in code: see the adapter's `ClientCertificate`.
///
/// A credential that comes from a callback or a [`Signer`](crate::Signer) cannot be in a configuration: use [`Client::builder`](crate::Client::builder).
///
/// An unknown key is an error, which names a similar key if there is one. Keys that conflict are an error. A key
/// that the client's method does not use is an error too. `issuer` and `token_endpoint` do not conflict.
///
/// The errors of the library that reads the file have the line of the problem. Some also show secrets:
/// the `Display` of toml's error quotes the line, and its `Debug` contains the whole file. Show only its
/// `message()`, and the line of its `span()`.
///
/// # Examples
///
/// ```
/// use alf_core::ClientConfig;
///
/// let config: ClientConfig = serde_json::from_str(
///     r#"{
///         "token_endpoint": "https://auth.example.com/token",
///         "client_id": "client-id",
///         "client_secret_file": "/run/secrets/client",
///         "scope": ["read", "write"],
///         "acquire_timeout": "30s"
///     }"#,
/// )?;
/// let builder = config.builder::<alf_core::CustomTransport>()?;
/// # let _ = builder;
///
/// let error = serde_json::from_str::<ClientConfig>(r#"{ "clientid": "me" }"#).unwrap_err();
/// assert!(error.to_string().starts_with("clientid: is not a key; did you mean client_id?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct ClientConfig {
    /// The keys that were written, and their values.
    values: BTreeMap<&'static str, Value>,
    /// What is in front of a key in the environment; `None` if the settings are from a file.
    prefix: Option<String>,
}

impl ClientConfig {
    /// Returns a builder with these settings. Code can add further settings and HTTP clients.
    ///
    /// # Errors
    ///
    /// If a setting is missing or conflicts with another. The error names the key or the variable. `build()`
    /// finds some problems later. Its error also names the key or the variable, or the setter if the setting
    /// is not from this configuration.
    pub fn builder<A: Default>(self) -> Result<ClientBuilder<A>, ConfigError> {
        #[cfg(not(feature = "store"))]
        if let Some(key) = self.values.keys().find(|key| is_of_store(key)) {
            return Err(self.problem(key, "needs the feature `store` of alf; enable it"));
        }
        let mut builder = self.authenticate(self.server()?)?;
        builder.settings.names = self.names();
        #[cfg(feature = "store")]
        {
            let store = &mut builder.settings.store;
            store.sealing_key = self.sealing_key(SEALING_KEY);
            store.previous_sealing_key = self.sealing_key(PREVIOUS_SEALING_KEY);
        }
        Ok(self.values.into_iter().fold(builder, set))
    }

    fn server<A: Default>(&self) -> Result<ClientBuilder<A>, ConfigError> {
        let [issuer, endpoint, metadata_url] =
            ["issuer", "token_endpoint", "metadata_url"].map(|key| self.text(key));
        match (issuer, endpoint, metadata_url) {
            (Some(issuer), None, None) => Ok(ClientBuilder::discover(issuer)),
            (Some(issuer), None, Some(url)) => Ok(ClientBuilder::discover_at(url, issuer)),
            (None, Some(endpoint), None) => Ok(ClientBuilder::new(endpoint)),
            (Some(issuer), Some(endpoint), None) => Ok(ClientBuilder::new(endpoint).issuer(issuer)),
            (_, Some(_), Some(_)) => {
                let other = self.name_of("token_endpoint");
                let problem = format!("has no effect, because {other} is set; remove one of them");
                Err(self.problem("metadata_url", problem))
            }
            (None, None, _) => {
                let problem = format!("is not set; set it, or {}", self.name_of("issuer"));
                Err(self.problem("token_endpoint", problem))
            }
        }
    }

    #[cfg(feature = "store")]
    fn sealing_key(&self, [by_file, by_variable]: [&str; 2]) -> Option<SealingKey> {
        let file = self.text(by_file).map(SealingKey::from_file);
        file.or_else(|| self.text(by_variable).map(SealingKey::from_env))
    }

    /// Sets the key of that name. `read` returns what is written for it, if that fits its kind.
    fn set(
        &mut self,
        name: &str,
        read: impl FnOnce(Kind) -> Option<Value>,
    ) -> Result<(), ConfigError> {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let hint = if let Some(similar) = similar_key(name) {
                format!("did you mean {}?", self.name_of(similar))
            } else {
                let advice = self.prefix.as_ref().map_or("", |_| OF_A_SERVICE);
                let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
                format!("{advice}the keys are {}", names.join(", "))
            };
            return Err(self.problem(name, format!("is not a key; {hint}")));
        };
        let value = read(key.kind).and_then(|written| key.kind.parse(written));
        let value = value.ok_or_else(|| self.problem(name, key.kind.expected()))?;
        match self.values.insert(key.name, value) {
            None => Ok(()),
            Some(_) => Err(self.problem(name, "is set more than once; keep one")),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        let Value::Text(text) = self.values.get(key)? else {
            return None;
        };
        Some(text.expose())
    }

    #[cfg(feature = "jwt")]
    fn time(&self, key: &str) -> Option<Duration> {
        let Value::Time(time) = self.values.get(key)? else {
            return None;
        };
        Some(*time)
    }

    fn is_true(&self, key: &str) -> bool {
        matches!(self.values.get(key), Some(Value::Flag(true)))
    }

    /// For each setter, the name that errors of `build()` use instead.
    fn names(&self) -> BTreeMap<String, String> {
        let keys = self.values.keys();
        keys.map(|key| (setter_of(key).to_owned(), self.name_of(key)))
            .collect()
    }

    fn problem(&self, key: &str, problem: impl Into<Cow<'static, str>>) -> ConfigError {
        ConfigError::new(self.name_of(key), problem)
    }

    /// The key as it was written.
    fn name_of(&self, key: &str) -> String {
        match &self.prefix {
            None => key.to_owned(),
            Some(prefix) => format!("{prefix}{}", key.to_ascii_uppercase()),
        }
    }
}

/// Calls the setter of a key, except for the server, for how the client authenticates, and for sealing keys.
fn set<A: Default>(builder: ClientBuilder<A>, setting: (&'static str, Value)) -> ClientBuilder<A> {
    match setting {
        ("scope", Value::List(scopes)) => builder.scope(scopes.join(" ")),
        ("resource", Value::List(list)) => list.into_iter().fold(builder, ClientBuilder::resource),
        ("audience", Value::Text(text)) => builder.audience(text.expose()),
        ("grant_type", Value::Text(name)) => builder.grant_type(name.expose()),
        ("token_header", Value::Text(name)) => builder.token_header(name.expose()),
        ("token_scheme", Value::Text(scheme)) => builder.token_scheme(scheme.expose()),
        ("revocation_endpoint", Value::Text(url)) => builder.revocation_endpoint(url.expose()),
        ("parameters", Value::Pairs(pairs)) => {
            let add = |builder: ClientBuilder<A>, (name, value)| builder.parameter(name, value);
            pairs.into_iter().fold(builder, add)
        }
        ("token_request_headers", Value::Pairs(pairs)) => {
            let add = |builder: ClientBuilder<A>, (name, value)| {
                builder.token_request_header(name, value)
            };
            pairs.into_iter().fold(builder, add)
        }
        ("max_targets", Value::Number(targets)) => builder.max_targets(targets),
        ("leeway", Value::Time(time)) => builder.leeway(time),
        ("default_lifetime", Value::Time(time)) => builder.default_lifetime(time),
        ("acquire_timeout", Value::Time(time)) => builder.acquire_timeout(time),
        ("attempt_timeout", Value::Time(time)) => builder.attempt_timeout(time),
        ("allowed_origins", Value::List(origins)) => builder.allowed_origins(origins),
        ("allow_insecure_http", Value::Flag(true)) => builder.allow_insecure_http(),
        ("rejecting_statuses", Value::Statuses(list)) => builder.rejecting_statuses(list),
        ("replays", Value::Flag(false)) => builder.without_replays(),
        #[cfg(feature = "store")]
        ("store_prefix", Value::Text(prefix)) => builder.store_prefix(prefix.expose()),
        #[cfg(feature = "store")]
        ("store_timeout", Value::Time(time)) => builder.store_timeout(time),
        _ => builder,
    }
}

const OF_A_SERVICE: &str = "if Kubernetes sets this variable for a Service, use another prefix, or set \
                            enableServiceLinks: false in the spec of the pod; ";

#[cfg(not(feature = "store"))]
fn is_of_store(key: &str) -> bool {
    key.contains("sealing_key") || key.starts_with("store_")
}

/// The builder's setter for what a key sets.
fn setter_of(key: &str) -> &str {
    match key {
        "parameters" => "parameter",
        "token_request_headers" => "token_request_header",
        key => key.trim_end_matches("_file").trim_end_matches("_env"),
    }
}

/// Shows the client id and which keys are set, but no other value, because it may be secret.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("client_id", &self.text("client_id"))
            .field("keys", &self.values.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(feature = "jwt")]
mod tests;
#[cfg(test)]
#[cfg(not(feature = "jwt"))]
#[path = "tests/without_jwt.rs"]
mod tests;
