//! What can go wrong, whose fault it is, and what to do about it.
//!
//! Three things a user acts on, one variant each in [`Error`]: no token ([`TokenError`]), the
//! transport's own error (untouched), and a request that alf would not send ([`NotAllowed`]). What is
//! wrong with the set-up is a [`ConfigError`] of `build()`, and never occurs later.

mod blocked;
mod config;
mod token;

pub use blocked::{NotAllowed, NotAllowedReason};
pub use config::ConfigError;
pub(crate) use token::{Cause, Told, Whose};
pub use token::{Rejection, TimeoutPhase, TokenError, TokenErrorKind};

/// Why a request has no response.
///
/// A response of any status is not an error: a 401 that is still one after the token was renewed
/// comes back as the response that it is.
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
    /// No token could be had. The request was not sent, or, where
    /// [`rejection()`](TokenError::rejection) says so, was answered with a 401 before.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The HTTP library's own error, untouched.
    #[error(transparent)]
    Transport(E),
    /// alf did not send the request: the token must not go there, or the thread must not wait.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

impl<E> Error<E> {
    /// The same error with another transport error, for adapters that wrap a transport.
    pub fn map_transport<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        match self {
            Self::Token(error) => Error::Token(error),
            Self::Transport(error) => Error::Transport(map(error)),
            Self::NotAllowed(error) => Error::NotAllowed(error),
        }
    }
}
