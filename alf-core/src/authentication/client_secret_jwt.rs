//! `client_secret_jwt`: an assertion with a MAC by the client secret (OIDC Core §9).

use std::borrow::Cow;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::jwt::{AssertionSettings, Header, JWT_BEARER, add_assertion, signed};
use super::source::Reader;
use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, ClientSecret,
    CredentialsFingerprint,
};

/// `client_secret_jwt`: an assertion that holds a MAC by the client secret, so that the secret
/// itself is never sent
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Every attempt has an assertion of its own: a fresh `jti`, and an end (`exp`) 60 s ahead of the
/// wall clock. `iss` and `sub` are the client's id.
///
/// The secret must be as long as the MAC at least: 32 bytes for HS256, 48 for HS384, 64 for HS512
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)). Whoever reads an assertion
/// could guess a shorter one: it is an error, of building the client where the secret is given by
/// value, else of each attempt.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, ClientSecret, ClientSecretJwt, MacAlgorithm};
///
/// let secret = ClientSecret::file("/run/secrets/client");
/// # let client =
/// Client::builder("https://auth.example.com/token").client_authentication(
///     "client-id",
///     ClientSecretJwt::new(secret).algorithm(MacAlgorithm::Hs512),
/// );
/// ```
#[derive(Debug)]
pub struct ClientSecretJwt {
    secret: Reader,
    algorithm: MacAlgorithm,
    settings: AssertionSettings,
}

/// How an assertion of [`ClientSecretJwt`] is authenticated
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "config",
    derive(serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
#[non_exhaustive]
pub enum MacAlgorithm {
    /// HMAC with SHA-256, `HS256`.
    Hs256,
    /// HMAC with SHA-384, `HS384`.
    Hs384,
    /// HMAC with SHA-512, `HS512`.
    Hs512,
}

impl ClientSecretJwt {
    /// With a secret by value, from a file, or from a callback. Its bytes in UTF-8 are the key.
    pub fn new(secret: impl Into<ClientSecret>) -> Self {
        Self {
            secret: secret.into().into_reader(),
            algorithm: MacAlgorithm::Hs256,
            settings: AssertionSettings::default(),
        }
    }

    /// The algorithm, as it is registered for the client (`token_endpoint_auth_signing_alg`).
    /// Default: HS256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: MacAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The `aud` of the assertion. Default: the [`issuer`](crate::ClientBuilder::issuer) where it is
    /// known, else the token endpoint, as it was written.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = Some(audience.into());
        self
    }

    /// The `typ` of the assertion's header: `client-authentication+jwt`, for a server that asks for
    /// it. Default: none.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.settings.typ = Some(typ.into());
        self
    }

    async fn read(&self) -> Result<Zeroizing<String>, AuthenticationError> {
        let secret = self.secret.read().await?;
        match self.algorithm.too_short(&secret) {
            None => Ok(secret),
            Some(problem) => Err(self.secret.unusable(problem)),
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretJwt {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let secret = self.read().await?;
        let header = Header {
            algorithm: self.algorithm.name(),
            key_id: None,
            thumbprint: None,
        };
        let message = self.settings.message(header, context)?;
        let mac = self.algorithm.mac(secret.as_bytes(), message.as_bytes());
        request.mask(&secret);
        request.parameter("client_id", context.client_id());
        add_assertion(request, JWT_BEARER, &signed(&message, mac.as_ref()));
        Ok(CredentialsFingerprint::of(secret.as_str()))
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        match self.read().await {
            Ok(secret) => !since.matches(secret.as_str()),
            Err(_) => false,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.settings.check()?;
        self.secret.check(|secret| self.algorithm.too_short(secret))
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_jwt")
    }
}

impl MacAlgorithm {
    /// Its `alg` ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// RFC 7518 §3.2: a key that is shorter than the MAC must not be used. How long it is, is not
    /// said.
    fn too_short(self, secret: &str) -> Option<Cow<'static, str>> {
        let needed = match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        };
        (secret.len() < needed).then(|| {
            let name = self.name();
            format!("it is shorter than the {needed} bytes that {name} needs (RFC 7518 §3.2)")
                .into()
        })
    }

    fn mac(self, secret: &[u8], message: &[u8]) -> hmac::Tag {
        let algorithm = match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, secret), message)
    }
}

#[cfg(test)]
mod tests;
