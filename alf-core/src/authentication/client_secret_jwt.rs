//! `client_secret_jwt`: an assertion with a MAC by the client secret (OIDC Core §9).

use async_trait::async_trait;
use aws_lc_rs::hmac;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, Problem,
};
use super::client_secret::{NAME, check_secret};
use super::credential::Credential;
use super::fingerprint::CredentialsFingerprint;
use super::jwt::{AssertionSettings, assertion_setters};

/// `client_secret_jwt`: an assertion with a MAC, whose key is the client secret. The secret itself is never
/// sent ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Needs the feature `jwt`.
///
/// Each attempt has its own assertion with a new `jti`. The assertion is valid for 120 s (`exp`). `iss` and
/// `sub` are the client's id.
///
/// The secret must be at least as long as the MAC: 32 bytes for HS256, 48 for HS384, 64 for HS512
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)). Anyone who gets an assertion
/// could guess a shorter secret. If a value is too short, `build()` returns an error. If the secret of a
/// file or a callback is too short, each attempt fails.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, ClientSecretJwt, Credential, MacAlgorithm};
///
/// let secret = Credential::file("/run/secrets/client");
/// # let client =
/// Client::builder("https://auth.example.com/token").client_authentication(
///     "client-id",
///     ClientSecretJwt::new(secret).algorithm(MacAlgorithm::Hs512),
/// );
/// ```
#[derive(Debug)]
pub struct ClientSecretJwt {
    secret: Credential,
    algorithm: MacAlgorithm,
    settings: AssertionSettings,
}

/// The algorithm of a [`ClientSecretJwt`]
/// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
///
/// Needs the feature `jwt`.
///
/// With the feature `config`, it implements `serde::Deserialize`: serde reads its name, such as `HS256`.
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
    /// Uses this secret: a value, a file, or a callback. The key is its bytes in UTF-8.
    pub fn new(secret: impl Into<Credential>) -> Self {
        Self {
            secret: secret.into(),
            algorithm: MacAlgorithm::Hs256,
            settings: AssertionSettings::default(),
        }
    }

    /// Sets the algorithm that is registered for the client (`token_endpoint_auth_signing_alg`).
    /// Default: HS256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: MacAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }
}

assertion_setters!(ClientSecretJwt);

#[async_trait]
impl ClientAuthentication for ClientSecretJwt {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let parse = |secret: &str| self.algorithm.key(secret);
        let secret = self.secret.read(context, NAME, parse).await?;
        request.mask(&secret.text);
        let algorithm = self.algorithm.name();
        let message = self.settings.message(context, algorithm, None, None)?;
        let mac = hmac::sign(&secret.parsed, message.as_bytes());
        let mac = mac.as_ref().to_vec();
        self.settings.add_signed(request, context, &message, mac);
        Ok(secret.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.settings.check()?;
        self.secret.check(NAME, |secret| self.algorithm.key(secret))
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_jwt")
    }
}

impl MacAlgorithm {
    /// Returns the `alg` of the algorithm ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn key(self, secret: &str) -> Result<hmac::Key, Problem> {
        check_secret(secret)?;
        let hmac = match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        };
        let needed = hmac.digest_algorithm().output_len();
        if secret.len() < needed {
            // The problem does not show the secret's length.
            let name = self.name();
            return Err(format!(
                "it is shorter than the {needed} bytes that {name} needs (RFC 7518 §3.2)"
            )
            .into());
        }
        Ok(hmac::Key::new(hmac, secret.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
