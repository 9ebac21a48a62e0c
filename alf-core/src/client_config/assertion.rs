//! The methods whose assertions alf signs itself: `client_secret_jwt` and `private_key_jwt`.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use crate::{ClientSecretJwt, ConfigError, Credential, PrivateKeyJwt};

use super::ClientConfig;
use super::authentication::PRIVATE_KEY;

impl ClientConfig {
    pub(super) fn client_secret_jwt(&self) -> Result<ClientSecretJwt, ConfigError> {
        let jwt = ClientSecretJwt::new(self.client_secret()?);
        let jwt = set(jwt, self.algorithm(MACS)?, ClientSecretJwt::algorithm);
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
        let jwt = set(jwt, self.algorithm(SIGNATURES)?, PrivateKeyJwt::algorithm);
        let jwt = set(jwt, self.text("key_id"), PrivateKeyJwt::key_id);
        let jwt = set(jwt, self.text("certificate"), PrivateKeyJwt::certificate);
        let file = self.text("certificate_file").map(Credential::file);
        let jwt = set(jwt, file, PrivateKeyJwt::certificate);
        let jwt = set(jwt, self.text("jwt_typ"), PrivateKeyJwt::typ);
        let jwt = set(jwt, self.time("jwt_lifetime"), PrivateKeyJwt::lifetime);
        let jwt = set(jwt, self.time("jwt_backdate"), PrivateKeyJwt::backdate);
        Ok(set(jwt, self.text("jwt_audience"), PrivateKeyJwt::audience))
    }

    /// The algorithm that is written, if it is one of `known`.
    fn algorithm<'de, T: Deserialize<'de>>(
        &'de self,
        known: &str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(name) = self.text(ALGORITHM) else {
            return Ok(None);
        };
        // X1: without serde's error, which quotes what may be a secret in the wrong place.
        T::deserialize(name.into_deserializer())
            .map(Some)
            .map_err(|_: Error| self.problem(ALGORITHM, format!("should be one of {known}")))
    }
}

fn set<T, V>(target: T, value: Option<V>, setter: impl FnOnce(T, V) -> T) -> T {
    match value {
        Some(value) => setter(target, value),
        None => target,
    }
}

const ALGORITHM: &str = "signing_algorithm";
const MACS: &str = "HS256, HS384, HS512";
const SIGNATURES: &str = "RS256, PS256, ES256, ES384, EdDSA, Ed25519";
