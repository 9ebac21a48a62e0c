//! How the client proves to the authorization server who it is: one method a file
//! (RFC 6749 §2.3).

mod client_secret;
mod none;
mod secret_source;

pub use client_secret::{ClientSecretBasic, ClientSecretPost};
pub use none::NoClientAuthentication;
pub use secret_source::{ClientSecret, SecretError};

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::Uri;

use crate::ConfigError;
use crate::machine::Reloaded;
use crate::wire::token_request::TokenRequest;

/// Adds the client's proof to a token request.
///
/// # Order of calls
///
/// [`check`](Self::check) once, when the client is built. [`authenticate`](Self::authenticate) for
/// every attempt: what it adds is built anew each time (a fresh `jti`, a secret read again).
/// [`reload`](Self::reload) once in a flight, after a permanent refusal.
///
/// # Examples
///
/// ```
/// use alf_core::{AuthenticationContext, AuthenticationError, ClientAuthentication, TokenRequest};
///
/// struct ApiKey(String);
///
/// #[async_trait::async_trait]
/// impl ClientAuthentication for ApiKey {
///     async fn authenticate(
///         &self,
///         context: &AuthenticationContext<'_>,
///         request: &mut TokenRequest,
///     ) -> Result<(), AuthenticationError> {
///         request.parameter("client_id", context.client_id());
///         request.secret_parameter("api_key", &self.0);
///         Ok(())
///     }
/// }
///
/// # let client =
/// alf_core::Client::builder("https://auth.example.com/token")
///     .client_authentication("client-id", ApiKey("…".to_owned()));
/// ```
#[async_trait]
pub trait ClientAuthentication: Send + Sync + 'static {
    /// Adds the proof to `request`.
    ///
    /// # Errors
    ///
    /// Where the proof cannot be made; the error must show no secret. The flight then fails as it
    /// would after a permanent refusal, unless the error says that it may pass.
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<(), AuthenticationError>;

    /// Reads the credentials again, after a permanent refusal, and says whether they are others
    /// than those of the last [`authenticate`](Self::authenticate) (B3).
    ///
    /// Forgetting it costs a rest of a second or more after a rotation, and nothing else.
    async fn reload(&self) -> Reload {
        Reload::Unchanged
    }

    /// Its name in the registry of `token_endpoint_auth_method`
    /// ([RFC 7591 §4.2](https://www.rfc-editor.org/rfc/rfc7591#section-4.2)); `None` for one that
    /// has none.
    ///
    /// Where the server's metadata lists its methods, one that is not among them is refused before
    /// anything is sent. Forgetting it costs that check, and nothing else.
    fn method(&self) -> Option<&str> {
        None
    }

    /// What can be found wrong before anything is sent, when the client is built.
    ///
    /// # Errors
    ///
    /// The setting and its problem.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
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
    ) -> Result<(), AuthenticationError> {
        (**self).authenticate(context, request).await
    }

    async fn reload(&self) -> Reload {
        (**self).reload().await
    }

    fn method(&self) -> Option<&str> {
        (**self).method()
    }

    fn check(&self) -> Result<(), ConfigError> {
        (**self).check()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: ClientAuthentication + ?Sized> ClientAuthentication for Box<M> {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<(), AuthenticationError> {
        (**self).authenticate(context, request).await
    }

    async fn reload(&self) -> Reload {
        (**self).reload().await
    }

    fn method(&self) -> Option<&str> {
        (**self).method()
    }

    fn check(&self) -> Result<(), ConfigError> {
        (**self).check()
    }
}

/// Whether credentials that were read again are others than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reload {
    /// They are others: the flight tries at once.
    Changed,
    /// They are the same, or cannot be read again.
    Unchanged,
}

/// What a proof may be made of.
#[derive(Clone, Copy)]
pub struct AuthenticationContext<'a> {
    pub(crate) token_endpoint: &'a Uri,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) wall_clock: SystemTime,
    pub(crate) attempt: u32,
}

impl AuthenticationContext<'_> {
    /// Where the token request goes.
    pub fn token_endpoint(&self) -> &Uri {
        self.token_endpoint
    }

    /// The authorization server's issuer identifier, where it is known
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
    pub fn issuer(&self) -> Option<&str> {
        self.issuer
    }

    /// The client's identifier
    /// ([RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2)).
    pub fn client_id(&self) -> &str {
        self.client_id
    }

    /// The time of day, by the client's [`Runtime`](crate::Runtime).
    pub fn wall_clock(&self) -> SystemTime {
        self.wall_clock
    }

    /// Which attempt of its flight this is, from 1.
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

    /// It may pass: the flight tries again. `problem` must show no secret.
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

impl From<Reload> for Reloaded {
    fn from(reload: Reload) -> Self {
        match reload {
            Reload::Changed => Self::Changed,
            Reload::Unchanged => Self::Unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pollster::block_on;

    use crate::wire::token_request::GrantParameters;

    use super::*;

    /// A method of a user's own, which implements what it must and nothing else.
    struct Own;

    #[async_trait]
    impl ClientAuthentication for Own {
        async fn authenticate(
            &self,
            context: &AuthenticationContext<'_>,
            request: &mut TokenRequest,
        ) -> Result<(), AuthenticationError> {
            request.parameter("client_id", context.client_id());
            request.parameter("aud", &context.token_endpoint().to_string());
            request.parameter("jti", &context.attempt().to_string());
            let issued_at = context.wall_clock().duration_since(SystemTime::UNIX_EPOCH);
            request.parameter("iat", &issued_at.unwrap().as_secs().to_string());
            Ok(())
        }
    }

    #[test]
    fn t2_a_users_own_method_is_told_all_that_a_proof_may_be_made_of() {
        let endpoint = Uri::from_static("https://as/t");
        let context = AuthenticationContext {
            token_endpoint: &endpoint,
            issuer: None,
            client_id: "me",
            wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1234),
            attempt: 7,
        };
        let mut request = TokenRequest::for_grant(&GrantParameters::default());
        block_on(Own.authenticate(&context, &mut request)).unwrap();
        let body = request.encode(&endpoint).0.into_body();
        assert_eq!(
            body,
            "grant_type=client_credentials&client_id=me&aud=https%3A%2F%2Fas%2Ft&jti=7&iat=1234"
        );
    }

    #[test]
    fn b3_a_method_that_cannot_reload_has_not_changed() {
        assert_eq!(block_on(Own.reload()), Reload::Unchanged);
        assert_eq!(Reloaded::from(Reload::Unchanged), Reloaded::Unchanged);
        assert_eq!(Reloaded::from(Reload::Changed), Reloaded::Changed);
        assert!(Own.check().is_ok());
    }

    /// A method that does something else than the defaults.
    struct Rotated;

    #[async_trait]
    impl ClientAuthentication for Rotated {
        async fn authenticate(
            &self,
            context: &AuthenticationContext<'_>,
            request: &mut TokenRequest,
        ) -> Result<(), AuthenticationError> {
            Own.authenticate(context, request).await
        }

        async fn reload(&self) -> Reload {
            Reload::Changed
        }

        fn check(&self) -> Result<(), ConfigError> {
            Err(ConfigError::new("own", "is wrong"))
        }
    }

    #[test]
    fn b3_a_method_behind_a_pointer_is_the_same_method() {
        let boxed: Box<dyn ClientAuthentication> = Box::new(Rotated);
        let shared: Arc<dyn ClientAuthentication> = Arc::new(Rotated);
        for method in [
            Box::new(boxed) as Box<dyn ClientAuthentication>,
            Box::new(shared),
        ] {
            assert_eq!(block_on(method.reload()), Reload::Changed);
            assert_eq!(method.check().unwrap_err().setting(), "own");
            let endpoint = Uri::from_static("https://as/t");
            let context = AuthenticationContext {
                token_endpoint: &endpoint,
                issuer: None,
                client_id: "me",
                wall_clock: SystemTime::UNIX_EPOCH,
                attempt: 1,
            };
            let mut request = TokenRequest::for_grant(&GrantParameters::default());
            block_on(method.authenticate(&context, &mut request)).unwrap();
            let body = request.encode(&endpoint).0.into_body();
            assert!(body.starts_with(b"grant_type=client_credentials&client_id=me&aud="));
        }
    }

    #[test]
    fn b1_an_error_says_whether_it_may_pass_and_keeps_what_lies_beneath() {
        let sealed = AuthenticationError::transient("no key").because("sealed");
        assert!(sealed.is_transient());
        assert_eq!(sealed.to_string(), "no key");
        assert_eq!(sealed.source().unwrap().to_string(), "sealed");
        let wrong = AuthenticationError::permanent("wrong key");
        assert!(!wrong.is_transient());
        assert!(wrong.source().is_none());
    }
}
