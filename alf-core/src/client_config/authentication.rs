//! How the client authenticates, by the keys that were written for it (T2).

use crate::secret::SecretText;
use crate::{ClientAssertion, ClientBuilder, ClientSecret, ClientSecretBasic, ConfigError};

use super::ClientConfig;
use super::value::Written;

impl ClientConfig {
    /// Sets the client's id and its method on a builder.
    pub(super) fn authenticate<A>(
        &self,
        builder: ClientBuilder<A>,
    ) -> Result<ClientBuilder<A>, ConfigError> {
        let settings = &self.settings;
        let id = self.needed("client_id", &settings.client_id)?;
        let method = self.method()?;
        self.check_use(method)?;
        self.check_conflicts()?;
        Ok(match method {
            "client_secret_basic" => {
                let mut basic = ClientSecretBasic::new(self.client_secret()?);
                if settings.client_secret_raw.is_true() {
                    basic = basic.raw();
                }
                builder.client_authentication(id, basic)
            }
            "client_secret_post" => builder.client_secret_post(id, self.client_secret()?),
            #[cfg(feature = "jwt")]
            "client_secret_jwt" => builder.client_authentication(id, self.client_secret_jwt()?),
            #[cfg(feature = "jwt")]
            "private_key_jwt" => builder.client_authentication(id, self.private_key_jwt()?),
            #[cfg(not(feature = "jwt"))]
            "client_secret_jwt" | "private_key_jwt" => {
                let problem = format!("{method} needs the feature `jwt` of alf; enable it");
                return Err(self.problem(METHOD, problem));
            }
            "tls_client_auth" => builder.tls_client_auth(id),
            "self_signed_tls_client_auth" => builder.self_signed_tls_client_auth(id),
            "client_assertion" => builder.client_assertion(id, self.client_assertion()?),
            "none" => builder.no_client_authentication(id),
            unknown => {
                let methods = METHODS.map(|(method, _)| method).join(", ");
                let problem = format!("{unknown:?} is not one of {methods}");
                return Err(self.problem(METHOD, problem));
            }
        })
    }

    /// The method that was written, or the method that the other keys are for.
    fn method(&self) -> Result<&str, ConfigError> {
        let is_one_written = |keys: &[&str]| keys.iter().any(|key| self.keys.contains(*key));
        if let Some(method) = &self.settings.token_endpoint_auth_method.0 {
            Ok(method)
        } else if is_one_written(&SECRET) {
            Ok("client_secret_basic")
        } else if is_one_written(&PRIVATE_KEY) {
            Ok("private_key_jwt")
        } else if is_one_written(&["client_assertion_file"]) {
            Ok("client_assertion")
        } else {
            let keys = ["client_secret", "private_key", "client_assertion_file"];
            let [secret, key, assertion] = keys.map(|key| self.name_of(key));
            let problem = format!("is not set; set it, or {secret}, {key} or {assertion}");
            Err(self.problem(METHOD, problem))
        }
    }

    /// A key that only other methods use is an error: it was meant for one of them.
    fn check_use(&self, method: &str) -> Result<(), ConfigError> {
        let is_in = |groups: &[&[&str]], key: &str| groups.iter().any(|keys| keys.contains(&key));
        let is_of_any_method = |key: &str| METHODS.iter().any(|(_, groups)| is_in(groups, key));
        let Some((_, own_groups)) = METHODS.iter().find(|(known, _)| *known == method) else {
            return Ok(());
        };
        let mut keys = self.keys.iter();
        let Some(key) = keys.find(|key| is_of_any_method(key) && !is_in(own_groups, key)) else {
            return Ok(());
        };
        let is_by_tls = method.ends_with("tls_client_auth");
        let is_for_tls = key.contains("certificate") || key.starts_with("private_key");
        let hint = if is_by_tls && is_for_tls {
            ON_HTTP_CLIENTS
        } else {
            ""
        };
        Err(self.problem(key, format!("is set, but {method} does not use it{hint}")))
    }

    /// Two keys that set the same thing conflict.
    fn check_conflicts(&self) -> Result<(), ConfigError> {
        let is_set = |key: &str| match key {
            "with_certificate" => self.settings.with_certificate.is_true(),
            "thumbprint_as_key_id" => self.settings.thumbprint_as_key_id.is_true(),
            key => self.keys.contains(key),
        };
        for alternatives in [&SECRET[..], &PRIVATE_KEY, &KEY_ID, &CERTIFICATE] {
            let mut set = alternatives.iter().filter(|key| is_set(key));
            let Some(key) = set.next() else { continue };
            let others: Vec<_> = set.map(|key| self.name_of(key)).collect();
            if !others.is_empty() {
                let problem = format!("conflicts with {}; keep one", others.join(", "));
                return Err(self.problem(key, problem));
            }
        }
        Ok(())
    }

    fn client_assertion(&self) -> Result<ClientAssertion, ConfigError> {
        let settings = &self.settings;
        let file = self.needed("client_assertion_file", &settings.client_assertion_file)?;
        let mut assertion = ClientAssertion::file(file);
        if let Some(assertion_type) = &settings.client_assertion_type.0 {
            assertion = assertion.assertion_type(assertion_type);
        }
        if settings.without_client_id.is_true() {
            assertion = assertion.without_client_id();
        }
        Ok(assertion)
    }

    pub(super) fn client_secret(&self) -> Result<ClientSecret, ConfigError> {
        let settings = &self.settings;
        if let Some(file) = &settings.client_secret_file.0 {
            return Ok(ClientSecret::file(file));
        }
        let variable = self.variable("client_secret_env", &settings.client_secret_env)?;
        let secret = variable.as_ref().or(settings.client_secret.0.as_ref());
        let secret = secret.ok_or_else(|| self.not_set("client_secret"))?;
        Ok(ClientSecret::value(secret.expose()))
    }

    /// The value of the environment variable that a key names.
    pub(super) fn variable(
        &self,
        key: &str,
        name: &Written<String>,
    ) -> Result<Option<SecretText>, ConfigError> {
        let Some(name) = &name.0 else {
            return Ok(None);
        };
        // X1: neither the error, which shows a value that is not UTF-8, nor the variable's name:
        // someone may have written the secret in its place.
        match std::env::var(name) {
            Ok(value) => Ok(Some(value.into())),
            Err(_) => Err(self.problem(key, "names a variable that is not set, or is not UTF-8")),
        }
    }

    fn needed<'a>(&self, key: &str, value: &'a Written<String>) -> Result<&'a str, ConfigError> {
        value.0.as_deref().ok_or_else(|| self.not_set(key))
    }

    pub(super) fn not_set(&self, key: &str) -> ConfigError {
        match self.method() {
            Ok(method) => self.problem(key, format!("is not set, but {method} needs it")),
            Err(_) => self.problem(key, "is not set"),
        }
    }
}

const METHOD: &str = "token_endpoint_auth_method";
/// The methods, and the keys that each uses beside those that all use.
const METHODS: [(&str, &[&[&str]]); 8] = [
    ("client_secret_basic", &[&SECRET, &["client_secret_raw"]]),
    ("client_secret_post", &[&SECRET]),
    ("client_secret_jwt", &[&SECRET, &JWT]),
    (
        "private_key_jwt",
        &[&PRIVATE_KEY, &KEY_ID, &CERTIFICATE, &JWT],
    ),
    ("tls_client_auth", &[]),
    ("self_signed_tls_client_auth", &[]),
    ("client_assertion", &[&ASSERTION]),
    ("none", &[]),
];
const SECRET: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_env"];
const PRIVATE_KEY: [&str; 3] = ["private_key", "private_key_file", "private_key_env"];
const KEY_ID: [&str; 2] = ["key_id", "thumbprint_as_key_id"];
const CERTIFICATE: [&str; 3] = ["certificate_file", "certificate", "with_certificate"];
const JWT: [&str; 3] = ["signing_algorithm", "jwt_typ", "jwt_audience"];
const ASSERTION: [&str; 3] = [
    "client_assertion_file",
    "client_assertion_type",
    "without_client_id",
];
const ON_HTTP_CLIENTS: &str = "; give it to the HTTP clients: see ClientCertificate, \
                               token_http_client and http_client";
