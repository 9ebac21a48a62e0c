//! The methods whose assertions alf signs itself: `client_secret_jwt` and `private_key_jwt`.

use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::{ClientSecretJwt, ConfigError, PrivateKey, PrivateKeyJwt};

use super::ClientConfig;
use super::read::EntryError;

impl ClientConfig {
    pub(super) fn client_secret_jwt(&self) -> Result<ClientSecretJwt, ConfigError> {
        let settings = &self.settings;
        let mut jwt = ClientSecretJwt::new(self.client_secret()?);
        if let Some(algorithm) = self.algorithm()? {
            jwt = jwt.algorithm(algorithm);
        }
        if let Some(typ) = &settings.jwt_typ.0 {
            jwt = jwt.typ(typ);
        }
        if let Some(audience) = &settings.jwt_audience.0 {
            jwt = jwt.audience(audience);
        }
        Ok(jwt)
    }

    pub(super) fn private_key_jwt(&self) -> Result<PrivateKeyJwt, ConfigError> {
        let settings = &self.settings;
        let mut jwt = PrivateKeyJwt::new(self.private_key()?);
        if let Some(key_id) = &settings.key_id.0 {
            jwt = jwt.key_id(key_id);
        }
        if let Some(pem) = &settings.certificate.0 {
            jwt = jwt.certificate(pem.expose());
        }
        if let Some(file) = &settings.certificate_file.0 {
            jwt = jwt.certificate_file(file);
        }
        if let Some(typ) = &settings.jwt_typ.0 {
            jwt = jwt.typ(typ);
        }
        if let Some(audience) = &settings.jwt_audience.0 {
            jwt = jwt.audience(audience);
        }
        Ok(jwt)
    }

    fn private_key(&self) -> Result<PrivateKey, ConfigError> {
        let settings = &self.settings;
        let variable = self.variable("private_key_env", &settings.private_key_env)?;
        let pem = variable.as_ref().or(settings.private_key.0.as_ref());
        let mut key = match (&settings.private_key_file.0, pem) {
            (Some(file), _) => PrivateKey::file(file),
            (None, Some(pem)) => PrivateKey::value(pem.expose()),
            (None, None) => return Err(self.not_set("private_key")),
        };
        if let Some(algorithm) = self.algorithm()? {
            key = key.algorithm(algorithm);
        }
        if settings.thumbprint_as_key_id.is_true() {
            key = key.thumbprint_as_key_id();
        }
        if settings.with_certificate.is_true() {
            key = key.with_certificate();
        }
        Ok(key)
    }

    /// The algorithm that is written, if it is one of the kind `T`.
    fn algorithm<'de, T: Deserialize<'de>>(&'de self) -> Result<Option<T>, ConfigError> {
        let Some(name) = &self.settings.signing_algorithm.0 else {
            return Ok(None);
        };
        let algorithm = T::deserialize(name.as_str().into_deserializer());
        algorithm
            .map(Some)
            .map_err(|problem: EntryError| self.problem("signing_algorithm", problem.to_string()))
    }
}
