//! How the client proves to the authorization server who it is: one method a file
//! (RFC 6749 §2.3).

mod assertion;
#[cfg(feature = "jwt")]
mod certificate;
mod certificate_and_key;
mod client_secret;
#[cfg(feature = "jwt")]
mod client_secret_jwt;
mod file;
mod fingerprint;
mod jwt;
mod none;
mod pem;
#[cfg(feature = "jwt")]
mod private_key;
mod private_key_jwt;
mod secret_source;
mod signer;
mod source;
mod tls;

pub use assertion::ClientAssertion;
pub use certificate_and_key::{CertificateAndKey, CertificatePem};
pub use client_secret::{ClientSecretBasic, ClientSecretPost};
pub use fingerprint::CredentialsFingerprint;
pub use none::NoClientAuthentication;
pub use private_key_jwt::PrivateKeyJwt;
pub use secret_source::{ClientSecret, SecretError};
pub use signer::Signer;
pub use tls::{SelfSignedTlsClientAuth, TlsClientAuth};

#[cfg(feature = "jwt")]
pub use client_secret_jwt::{ClientSecretJwt, MacAlgorithm};
#[cfg(feature = "jwt")]
pub use private_key::{PrivateKey, SigningAlgorithm};

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::Uri;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

/// Adds the client's proof to a token request.
///
/// # Order of calls
///
/// [`check`](Self::check) once, when the client is built. [`authenticate`](Self::authenticate) for
/// every attempt: what it adds is built anew each time (a fresh `jti`, a secret read again).
/// [`has_changed`](Self::has_changed) at most once in an acquisition, after a permanent refusal.
///
/// # Examples
///
/// ```
/// use alf_core::{
///     AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
///     TokenRequest,
/// };
///
/// struct ApiKey(String);
///
/// #[async_trait::async_trait]
/// impl ClientAuthentication for ApiKey {
///     async fn authenticate(
///         &self,
///         context: &AuthenticationContext<'_>,
///         request: &mut TokenRequest,
///     ) -> Result<CredentialsFingerprint, AuthenticationError> {
///         request.parameter("client_id", context.client_id());
///         request.secret_parameter("api_key", &self.0);
///         Ok(CredentialsFingerprint::unchanging())
///     }
/// }
///
/// # let client =
/// alf_core::Client::builder("https://auth.example.com/token")
///     .client_authentication("client-id", ApiKey("…".to_owned()));
/// ```
#[async_trait]
pub trait ClientAuthentication: Send + Sync + 'static {
    /// Adds the client authentication to `request`, and returns the fingerprint of the credentials
    /// that it used.
    ///
    /// # Errors
    ///
    /// Where the proof cannot be made; the error must show no secret. The acquisition then fails as it
    /// would after a permanent refusal, unless the error says that it may pass.
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError>;

    /// Reads the credentials again, after a permanent refusal, and returns whether they differ from
    /// those of `since`: the acquisition then tries again at once (B3). Credentials that cannot be
    /// read have not changed.
    ///
    /// `since` is what [`authenticate`](Self::authenticate) returned for the attempt that was
    /// refused. If that returned an error, `since` [matches](CredentialsFingerprint::matches) nothing.
    ///
    /// The default is `false`. For credentials that can be read again it costs a back-off of a
    /// second or more after a rotation, and nothing else.
    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        let _ = since;
        false
    }

    /// What can be found wrong before anything is sent, when the client is built.
    ///
    /// # Errors
    ///
    /// The setting and its problem.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// The method's name in the
    /// [IANA registry](https://www.iana.org/assignments/oauth-parameters/oauth-parameters.xhtml#token-endpoint-auth-method),
    /// `client_secret_basic` say, as servers list it in `token_endpoint_auth_methods_supported`
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)). `None`, the default, where
    /// it has none: it is then not compared with what a server lists.
    fn method(&self) -> Option<&str> {
        None
    }
}

/// One method, shared.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: ClientAuthentication + ?Sized> ClientAuthentication for Arc<M> {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        (**self).authenticate(context, request).await
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        (**self).has_changed(since).await
    }

    fn check(&self) -> Result<(), ConfigError> {
        (**self).check()
    }

    fn method(&self) -> Option<&str> {
        (**self).method()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: ClientAuthentication + ?Sized> ClientAuthentication for Box<M> {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        (**self).authenticate(context, request).await
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        (**self).has_changed(since).await
    }

    fn check(&self) -> Result<(), ConfigError> {
        (**self).check()
    }

    fn method(&self) -> Option<&str> {
        (**self).method()
    }
}

/// What a proof may be made of.
#[derive(Clone, Copy)]
pub struct AuthenticationContext<'a> {
    pub(crate) token_endpoint: &'a Uri,
    pub(crate) written_endpoint: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) wall_clock: SystemTime,
    pub(crate) attempt: u32,
}

impl<'a> AuthenticationContext<'a> {
    /// Where the token request goes. An [`Uri`] has a `/` where the URL has no path: for a claim,
    /// take [`audience`](Self::audience).
    pub fn token_endpoint(&self) -> &'a Uri {
        self.token_endpoint
    }

    /// The authorization server's identifier
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), where it is known: the
    /// user [set](crate::ClientBuilder::issuer) it, or [named](crate::ClientBuilder::discover) the
    /// server by it.
    pub fn issuer(&self) -> Option<&'a str> {
        self.issuer
    }

    /// What an assertion is for, its `aud`: the issuer where it is known, else the token endpoint.
    /// Each as it was written, since a server compares it so
    /// ([RFC 7519 §4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)).
    pub fn audience(&self) -> &'a str {
        self.issuer.unwrap_or(self.written_endpoint)
    }

    /// The client's identifier
    /// ([RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2)).
    pub fn client_id(&self) -> &'a str {
        self.client_id
    }

    /// The time of day, by the client's [`Runtime`](crate::Runtime).
    pub fn wall_clock(&self) -> SystemTime {
        self.wall_clock
    }

    /// Which attempt of its acquisition this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Without the endpoint's query, which may hold a secret.
impl fmt::Debug for AuthenticationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationContext")
            .field("client_id", &self.client_id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// The client's proof could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct AuthenticationError {
    problem: String,
    transient: bool,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl AuthenticationError {
    /// Someone has to mend something. `problem` must show no secret.
    pub fn permanent(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            transient: false,
            source: None,
        }
    }

    /// It may pass: the acquisition tries again. `problem` must show no secret.
    pub fn transient(problem: impl Into<String>) -> Self {
        Self {
            transient: true,
            ..Self::permanent(problem)
        }
    }

    /// The error that lies beneath. It must show no secret.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn is_transient(&self) -> bool {
        self.transient
    }
}

#[cfg(test)]
pub(crate) mod tests;
