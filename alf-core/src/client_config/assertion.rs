//! The methods whose assertions alf signs itself: `client_secret_jwt` and `private_key_jwt`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Error, IntoDeserializer};

use crate::{ClientSecretJwt, ConfigError, Credential, PrivateKeyJwt};

use super::ClientConfig;
use super::authentication::{PRIVATE_KEY, unknown_name};

impl ClientConfig {
    pub(super) fn client_secret_jwt(&self) -> Result<ClientSecretJwt, ConfigError> {
        let jwt = ClientSecretJwt::new(self.client_secret()?);
        let jwt = set(jwt, self.algorithm()?, ClientSecretJwt::algorithm);
        let jwt = set(jwt, self.text("jwt_typ"), ClientSecretJwt::typ);
        let jwt = set(jwt, self.time("jwt_lifetime"), ClientSecretJwt::lifetime);
        let jwt = set(jwt, self.time("jwt_backdate"), ClientSecretJwt::backdate);
        Ok(set(
            jwt,
            self.text("jwt_audience"),
            ClientSecretJwt::audience,
        ))
    }

    pub(super) fn private_key_jwt(&self) -> Result<PrivateKeyJwt, ConfigError> {
        let key = self.credential(PRIVATE_KEY)?;
        let mut jwt = PrivateKeyJwt::new(key.clone());
        if self.is_true("with_certificate") {
            jwt = jwt.certificate(key);
        }
        if self.is_true("thumbprint_as_key_id") {
            jwt = jwt.thumbprint_as_key_id();
        }
        let jwt = set(jwt, self.algorithm()?, PrivateKeyJwt::algorithm);
        let jwt = set(jwt, self.text("key_id"), PrivateKeyJwt::key_id);
        let jwt = set(jwt, self.text("certificate"), PrivateKeyJwt::certificate);
        let file = self.text("certificate_file").map(Credential::file);
        let jwt = set(jwt, file, PrivateKeyJwt::certificate);
        let jwt = set(jwt, self.text("jwt_typ"), PrivateKeyJwt::typ);
        let jwt = set(jwt, self.time("jwt_lifetime"), PrivateKeyJwt::lifetime);
        let jwt = set(jwt, self.time("jwt_backdate"), PrivateKeyJwt::backdate);
        Ok(set(jwt, self.text("jwt_audience"), PrivateKeyJwt::audience))
    }

    /// The algorithm that is written, if it is one of the kind `T`.
    fn algorithm<'de, T: Deserialize<'de>>(&'de self) -> Result<Option<T>, ConfigError> {
        let Some(name) = self.text("signing_algorithm") else {
            return Ok(None);
        };
        let algorithm = T::deserialize(name.into_deserializer());
        algorithm
            .map(Some)
            .map_err(|problem: UnknownName| self.problem("signing_algorithm", problem.to_string()))
    }
}

fn set<T, V>(target: T, value: Option<V>, setter: impl FnOnce(T, V) -> T) -> T {
    match value {
        Some(value) => setter(target, value),
        None => target,
    }
}

/// An unknown name of an algorithm.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UnknownName(String);

impl Error for UnknownName {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self(problem.to_string())
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self(unknown_name(name, known))
    }
}
