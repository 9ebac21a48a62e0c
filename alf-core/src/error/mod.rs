//! What can go wrong, who has to correct it, and how.
//!
//! A user acts on three things, one variant each in [`Error`]: no token ([`TokenError`]), the
//! transport's own error (untouched), and a request that alf did not send ([`NotAllowed`]). A wrong
//! configuration is a [`ConfigError`] of `build()`, and never occurs later.

mod activity;
mod cause;
mod config;
mod kind;
mod message;
mod not_allowed;
mod revoke;
mod token;

pub(crate) use activity::{Activity, CurrentActivity};
pub(crate) use cause::{AnswerDetails, Cause, RefusalOf};
pub use config::ConfigError;
pub use kind::{TimeoutPhase, TokenErrorKind};
pub use not_allowed::{NotAllowed, NotAllowedReason};
pub use revoke::RevokeError;
pub(crate) use token::{ErrorDetails, RequestKind};
pub use token::{Rejection, TokenError};

/// Why a request has no response.
///
/// A response is not an error, whatever its status. A 401 that remains after a renewal is a response too.
///
/// # Examples
///
/// ```
/// use alf_core::{Error, TokenErrorKind};
///
/// fn advice<E: std::error::Error>(error: &Error<E>) -> &'static str {
///     match error {
///         Error::Token(e) if e.kind() == TokenErrorKind::Refused => "check the registration",
///         Error::Token(e) if e.is_transient() => "call again after e.retry_at()",
///         Error::Transport(_) => "handle it as without alf",
///         Error::NotAllowed(_) => "a bug or an attack: the token must not be sent to this URL",
///         _ => "report it",
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// No token could be obtained. Either the request was not sent, or the API answered 401 and the renewal
    /// failed. [`rejection()`](TokenError::rejection) returns that 401.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The HTTP library's own error, unchanged.
    #[error(transparent)]
    Transport(E),
    /// alf did not send the request, because its origin must not get the token.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

impl<E> Error<E> {
    /// Converts the transport's error. It is for adapters that wrap a transport.
    pub fn map_transport<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        match self {
            Self::Token(error) => Error::Token(error),
            Self::Transport(error) => Error::Transport(map(error)),
            Self::NotAllowed(error) => Error::NotAllowed(error),
        }
    }

    /// Converts this error into an adapter's own error, which has a `From` for the content of each variant.
    ///
    /// An adapter's own error type can also have a `From` for the errors of its library, so that users can
    /// write `?` on a response. This type cannot.
    pub fn convert<F>(self) -> F
    where
        F: From<TokenError> + From<E> + From<NotAllowed>,
    {
        match self {
            Self::Token(error) => error.into(),
            Self::Transport(error) => error.into(),
            Self::NotAllowed(error) => error.into(),
        }
    }
}
