//! How the client authenticates, by the keys that were written for it (T2).

use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::secret::SecretText;
use crate::{
    ClientAssertion, ClientBuilder, ClientSecret, ClientSecretBasic, ConfigError, Library,
};

use super::ClientConfig;
use super::read::EntryError;
use super::value::Written;

/// A method, by its name in `token_endpoint_auth_method`.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
    ClientAssertion,
    None,
}

impl ClientConfig {
    /// Sets the client's id and its method on a builder.
    pub(super) fn authenticate<A: Library>(
        &self,
        builder: ClientBuilder<A>,
    ) -> Result<ClientBuilder<A>, ConfigError> {
        let settings = &self.settings;
        let id = self.needed("client_id", &settings.client_id)?;
        let name = self.method_name()?;
        let method = self.named("token_endpoint_auth_method", name)?;
        self.check_that_all_is_used(method, name)?;
        self.check_conflicts()?;
        Ok(match method {
            AuthMethod::ClientSecretBasic => {
                let mut basic = ClientSecretBasic::new(self.client_secret()?);
                if settings.client_secret_raw.is_true() {
                    basic = basic.raw();
                }
                builder.client_authentication(id, basic)
            }
            AuthMethod::ClientSecretPost => builder.client_secret_post(id, self.client_secret()?),
            #[cfg(feature = "jwt")]
            AuthMethod::ClientSecretJwt => {
                builder.client_authentication(id, self.client_secret_jwt()?)
            }
            #[cfg(feature = "jwt")]
            AuthMethod::PrivateKeyJwt => builder.client_authentication(id, self.private_key_jwt()?),
            #[cfg(not(feature = "jwt"))]
            AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt => {
                let problem = format!("{name} needs the feature `jwt` of alf; enable it");
                return Err(self.problem("token_endpoint_auth_method", problem));
            }
            AuthMethod::TlsClientAuth => builder.tls_client_auth(id),
            AuthMethod::SelfSignedTlsClientAuth => builder.self_signed_tls_client_auth(id),
            AuthMethod::ClientAssertion => builder.client_assertion(id, self.client_assertion()?),
            AuthMethod::None => builder.no_client_authentication(id),
        })
    }

    /// The name that was written, or that of the method that the other keys are for.
    fn method_name(&self) -> Result<&str, ConfigError> {
        if let Some(name) = &self.settings.token_endpoint_auth_method.0 {
            return Ok(name);
        }
        for (keys, name) in METHOD_BY_KEYS {
            if keys.iter().any(|key| self.keys.contains(*key)) {
                return Ok(name);
            }
        }
        let keys = ["client_secret", "private_key", "client_assertion_file"];
        let [secret, key, assertion] = keys.map(|key| self.name_of(key));
        let problem = format!("is not set; set it, or {secret}, {key} or {assertion}");
        Err(self.problem("token_endpoint_auth_method", problem))
    }

    /// The value that has that name.
    pub(super) fn named<'de, T: Deserialize<'de>>(
        &self,
        key: &str,
        name: &'de str,
    ) -> Result<T, ConfigError> {
        let value = T::deserialize(name.into_deserializer());
        value.map_err(|problem: EntryError| self.problem(key, problem.to_string()))
    }

    /// A key that the method does not use was meant for another method.
    fn check_that_all_is_used(&self, method: AuthMethod, name: &str) -> Result<(), ConfigError> {
        let Some(key) = self.keys.iter().find(|key| !method.uses(key)) else {
            return Ok(());
        };
        let is_by_tls = matches!(
            method,
            AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth
        );
        let is_shown_by_tls = key.contains("certificate") || key.starts_with("private_key");
        let hint = if is_by_tls && is_shown_by_tls {
            ON_HTTP_CLIENTS
        } else {
            ""
        };
        Err(self.problem(key, format!("is set, but {name} does not use it{hint}")))
    }

    /// Keys that set the same thing conflict.
    fn check_conflicts(&self) -> Result<(), ConfigError> {
        for alternatives in ALTERNATIVES {
            let mut set = alternatives.iter().filter(|key| self.is_set(key));
            let Some(key) = set.next() else { continue };
            let others: Vec<_> = set.map(|key| self.name_of(key)).collect();
            if !others.is_empty() {
                let problem = format!("conflicts with {}; keep one", others.join(", "));
                return Err(self.problem(key, problem));
            }
        }
        Ok(())
    }

    fn is_set(&self, key: &str) -> bool {
        match key {
            "with_certificate" => self.settings.with_certificate.is_true(),
            "thumbprint_as_key_id" => self.settings.thumbprint_as_key_id.is_true(),
            key => self.keys.contains(key),
        }
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
        match self.method_name() {
            Ok(name) => self.problem(key, format!("is not set, but {name} needs it")),
            Err(_) => self.problem(key, "is not set"),
        }
    }
}

impl AuthMethod {
    /// Whether this method uses a key.
    fn uses(self, key: &str) -> bool {
        match key {
            "client_secret" | "client_secret_file" | "client_secret_env" => matches!(
                self,
                Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
            ),
            "client_secret_raw" => self == Self::ClientSecretBasic,
            "private_key"
            | "private_key_file"
            | "private_key_env"
            | "key_id"
            | "thumbprint_as_key_id"
            | "certificate"
            | "certificate_file"
            | "with_certificate" => self == Self::PrivateKeyJwt,
            "signing_algorithm" | "jwt_typ" | "jwt_audience" => {
                matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
            }
            "client_assertion_file" | "client_assertion_type" | "without_client_id" => {
                self == Self::ClientAssertion
            }
            _ => true,
        }
    }
}

const SECRET: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_env"];
const PRIVATE_KEY: [&str; 3] = ["private_key", "private_key_file", "private_key_env"];
/// The method that is meant if no method is written.
const METHOD_BY_KEYS: [(&[&str], &str); 3] = [
    (&SECRET, "client_secret_basic"),
    (&PRIVATE_KEY, "private_key_jwt"),
    (&["client_assertion_file"], "client_assertion"),
];
/// Keys of which one may be set.
const ALTERNATIVES: [&[&str]; 4] = [
    &SECRET,
    &PRIVATE_KEY,
    &["key_id", "thumbprint_as_key_id"],
    &["certificate_file", "certificate", "with_certificate"],
];
const ON_HTTP_CLIENTS: &str = "; give it to the HTTP clients: see ClientCertificate, \
                               token_http_client and http_client";
