//! The trait that every method implements, what it gets, and its error.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::Uri;

use crate::ConfigError;
use crate::error::CurrentActivity;
use crate::wire::token_request::TokenRequest;

use super::fingerprint::CredentialsFingerprint;

/// Adds the client's authentication to a token request.
///
/// To implement it, use the crate `async-trait`: write `#[async_trait]` over the `impl`, and
/// `authenticate` as an `async fn`, as in the example. This page shows the signature that the macro
/// generates.
///
/// # Order of calls
///
/// [`check`](Self::check) is called once, when the client is built.
/// [`authenticate`](Self::authenticate) is called for each attempt. After a permanent refusal, it is
/// called once more in the same acquisition. If the new fingerprint differs from that of the refused
/// attempt, the acquisition tries again at once (B3).
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
    /// Adds the client's authentication to `request`, and returns the fingerprint of the credentials that it
    /// used. Each call makes a new authentication: it generates a new `jti`, and reads the secret again.
    ///
    /// If the credentials never change, return [`CredentialsFingerprint::unchanging`]. If they can change
    /// and this returns `unchanging`, alf backs off after a rotation before it uses the new credentials.
    ///
    /// # Errors
    ///
    /// If the authentication could not be prepared. The error must not show a secret.
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError>;

    /// Checks the settings, when the client is built.
    ///
    /// # Errors
    ///
    /// If a setting is not valid. The error names the setting and the problem.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Returns the registered name of the method, for example `client_secret_basic`. If the client was built
    /// with an issuer, alf checks that the `token_endpoint_auth_methods_supported` of its metadata list this
    /// name ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)). Default: `None`, which is not
    /// checked.
    fn method(&self) -> Option<&str> {
        None
    }
}

/// Forwards to the method that the `Arc` refers to.
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

    fn check(&self) -> Result<(), ConfigError> {
        (**self).check()
    }

    fn method(&self) -> Option<&str> {
        (**self).method()
    }
}

/// What a [`ClientAuthentication`] may need to know about the token request.
#[derive(Clone, Copy)]
pub struct AuthenticationContext<'a> {
    pub(crate) token_endpoint: &'a Uri,
    pub(crate) written_endpoint: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) wall_clock: SystemTime,
    pub(crate) attempt: u32,
    pub(crate) activity: &'a CurrentActivity,
}

impl<'a> AuthenticationContext<'a> {
    /// Returns the URL of the token request. If the URL has no path, the [`Uri`] has the path `/`. For a
    /// claim of an assertion, use [`audience`](Self::audience).
    pub fn token_endpoint(&self) -> &'a Uri {
        self.token_endpoint
    }

    /// Returns the issuer, the identifier of the authorization server
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), if it was set with
    /// [`ClientBuilder::issuer`](crate::ClientBuilder::issuer) or
    /// [`ClientBuilder::discover`](crate::ClientBuilder::discover).
    pub fn issuer(&self) -> Option<&'a str> {
        self.issuer
    }

    /// Returns the `aud` for an assertion: the issuer if it is known, otherwise the token endpoint. It is
    /// exactly as the user wrote it, because servers compare the text
    /// ([RFC 7519 §4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)).
    pub fn audience(&self) -> &'a str {
        self.issuer.unwrap_or(self.written_endpoint)
    }

    /// Returns the client's identifier
    /// ([RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2)).
    pub fn client_id(&self) -> &'a str {
        self.client_id
    }

    /// Returns the current time, from the client's [`Runtime`](crate::Runtime).
    pub fn wall_clock(&self) -> SystemTime {
        self.wall_clock
    }

    /// Returns the number of this attempt within its acquisition. The first is 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Does not show the endpoint, because its query may contain a secret.
impl fmt::Debug for AuthenticationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationContext")
            .field("client_id", &self.client_id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// The error of a callback that reads a credential.
///
/// Neither the error nor its sources may show any part of the credential.
pub type SecretError = Box<dyn StdError + Send + Sync>;

/// What is wrong with a credential, without quoting it.
pub(super) type Problem = Cow<'static, str>;

/// The client's authentication could not be prepared.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct AuthenticationError {
    problem: String,
    transient: bool,
    #[source]
    source: Option<SecretError>,
}

impl AuthenticationError {
    /// Returns an error that does not pass without a change. `problem` must not show a secret.
    pub fn permanent(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            transient: false,
            source: None,
        }
    }

    /// Returns an error that may pass, so the acquisition tries again. `problem` must not show a secret.
    pub fn transient(problem: impl Into<String>) -> Self {
        Self {
            transient: true,
            ..Self::permanent(problem)
        }
    }

    /// Adds the error that caused this one. It must not show a secret.
    #[must_use]
    pub fn because(mut self, source: impl Into<SecretError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns whether the error may pass without a change. If so, the acquisition tries again. If not, someone must
    /// correct the cause, and the acquisition fails at once.
    pub fn is_transient(&self) -> bool {
        self.transient
    }
}
