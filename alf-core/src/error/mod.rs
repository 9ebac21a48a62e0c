//! What can go wrong, who has to correct it, and how.
//!
//! A user acts on three things, one variant each in [`Error`]: no token ([`TokenError`]), the
//! transport's own error (untouched), and a request that alf did not send ([`NotAllowed`]). A wrong
//! configuration is a [`ConfigError`] of `build()`, and never occurs later.

mod cause;
mod config;
mod kind;
mod message;
mod not_allowed;
mod revoke;
mod token;

pub(crate) use cause::{AnswerDetails, Cause, RefusalOf};
pub use config::ConfigError;
pub use kind::{TimeoutPhase, TokenErrorKind};
pub use not_allowed::{NotAllowed, NotAllowedReason};
pub use revoke::RevokeError;
pub(crate) use token::ErrorDetails;
pub use token::{Rejection, TokenError};

/// Why a request has no response.
///
/// A response of any status is not an error. That includes a 401 that is still one after the token was
/// renewed.
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
///         Error::Transport(_) => "what you do without alf",
///         Error::NotAllowed(_) => "a bug, or an attack: the URL is not one the token may go to",
///         _ => "report it",
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// There is no token. The request was not sent, or was answered with a 401 before, which
    /// [`rejection()`](TokenError::rejection) returns.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The HTTP library's own error, untouched.
    #[error(transparent)]
    Transport(E),
    /// alf did not send the request: its origin must not get the token.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

impl<E> Error<E> {
    /// Converts the transport's error, for adapters that wrap a transport.
    pub fn map_transport<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        match self {
            Self::Token(error) => Error::Token(error),
            Self::Transport(error) => Error::Transport(map(error)),
            Self::NotAllowed(error) => Error::NotAllowed(error),
        }
    }

    /// Converts this error into an adapter's own, which has a `From` for what each variant holds.
    ///
    /// An adapter's own error type can have a `From` for the errors of its library, so that users write
    /// `?` on a response too. This type cannot.
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
