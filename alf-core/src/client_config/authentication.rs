//! How the client authenticates, by the keys that were written for it (T2).

use crate::secret::SecretText;
use crate::{ClientAssertion, ClientBuilder, ClientSecretBasic, ConfigError, Credential};

use super::ClientConfig;
use super::keys::{KEYS, Key, METHODS, PREVIOUS_SEALING_KEY, SEALING_KEY};
use super::value::Value;

impl ClientConfig {
    /// Sets the client's id and its method on a builder.
    pub(super) fn authenticate<A>(
        &self,
        builder: ClientBuilder<A>,
    ) -> Result<ClientBuilder<A>, ConfigError> {
        let id = self.needed("client_id")?;
        let method = self.method()?;
        if !METHODS.contains(&method) {
            // X1: it is not quoted, since it may be a secret in the wrong place.
            let problem = format!("should be one of {}", METHODS.join(", "));
            return Err(self.problem(METHOD, problem));
        }
        self.check_use(method)?;
        self.check_conflicts()?;
        Ok(match method {
            "client_secret_basic" => {
                let mut basic = ClientSecretBasic::new(self.client_secret()?);
                if self.is_true("client_secret_raw") {
                    basic = basic.raw();
                }
                if self.is_true("with_client_id") {
                    basic = basic.with_client_id();
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
            _none => builder.no_client_authentication(id),
        })
    }

    /// The method that was written, or the method that the other keys are for.
    fn method(&self) -> Result<&str, ConfigError> {
        let has_one_of = |keys: [&str; 3]| keys.iter().any(|key| self.values.contains_key(key));
        if let Some(method) = self.text(METHOD) {
            Ok(method)
        } else if has_one_of(SECRET) {
            Ok("client_secret_basic")
        } else if has_one_of(PRIVATE_KEY) {
            Ok("private_key_jwt")
        } else if self.text("client_assertion_file").is_some() {
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
        let is_unused =
            |key: &&Key| self.values.contains_key(key.name) && !key.methods.contains(&method);
        let Some(unused) = KEYS.iter().find(is_unused) else {
            return Ok(());
        };
        let hint = if method.ends_with("tls_client_auth") {
            ON_HTTP_CLIENTS
        } else {
            ""
        };
        Err(self.problem(
            unused.name,
            format!("is set, but {method} does not use it{hint}"),
        ))
    }

    /// Two keys that set the same thing conflict.
    fn check_conflicts(&self) -> Result<(), ConfigError> {
        let is_set = |key: &&&str| {
            let value = self.values.get(**key);
            value.is_some_and(|value| !matches!(value, Value::Flag(false)))
        };
        for alternatives in [
            &SECRET[..],
            &PRIVATE_KEY,
            &KEY_ID,
            &CERTIFICATE,
            &SEALING_KEY,
            &PREVIOUS_SEALING_KEY,
        ] {
            let set: Vec<_> = alternatives.iter().filter(is_set).collect();
            if let [key, other, ..] = set.as_slice() {
                let problem = format!("conflicts with {}; keep one", self.name_of(other));
                return Err(self.problem(key, problem));
            }
        }
        Ok(())
    }

    fn client_assertion(&self) -> Result<ClientAssertion, ConfigError> {
        let file = Credential::file(self.needed("client_assertion_file")?);
        let mut assertion = ClientAssertion::new(file);
        if let Some(assertion_type) = self.text("client_assertion_type") {
            assertion = assertion.assertion_type(assertion_type);
        }
        if self.is_true("without_client_id") {
            assertion = assertion.without_client_id();
        }
        Ok(assertion)
    }

    pub(super) fn client_secret(&self) -> Result<Credential, ConfigError> {
        self.credential(SECRET)
    }

    /// A credential by value, from a file, or from the variable that a key names.
    pub(super) fn credential(
        &self,
        [by_value, by_file, by_variable]: [&'static str; 3],
    ) -> Result<Credential, ConfigError> {
        if let Some(path) = self.text(by_file) {
            Ok(Credential::file(path))
        } else if let Some(variable) = self.text(by_variable) {
            let text = SecretText::of_variable(variable);
            let text = text.map_err(|problem| self.problem(by_variable, problem))?;
            Ok(Credential::value(text.expose()))
        } else if let Some(text) = self.text(by_value) {
            Ok(Credential::value(text))
        } else {
            let [file, variable] = [by_file, by_variable].map(|key| self.name_of(key));
            let problem = format!("is not set; set it, or {file} or {variable}");
            Err(self.problem(by_value, problem))
        }
    }

    fn needed(&self, key: &str) -> Result<&str, ConfigError> {
        let text = self.text(key);
        text.ok_or_else(|| self.problem(key, "is not set"))
    }
}

const METHOD: &str = "token_endpoint_auth_method";
const SECRET: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_env"];
pub(super) const PRIVATE_KEY: [&str; 3] = ["private_key", "private_key_file", "private_key_env"];
const KEY_ID: [&str; 2] = ["key_id", "thumbprint_as_key_id"];
const CERTIFICATE: [&str; 3] = ["certificate_file", "certificate", "with_certificate"];
const ON_HTTP_CLIENTS: &str = "; the HTTP clients have the certificate and its key: see \
                               ClientCertificate, token_http_client and http_client";
