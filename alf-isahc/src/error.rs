//! The error of a request.

use std::io;

use alf_core::{NotAllowed, TokenError};
use isahc::http;

/// Why a request has no response: no token, isahc's own error, or a URL that the token must not go
/// to. A response of any status is not an error.
///
/// It has a `From` for the errors of isahc's other methods, so that `?` works on what comes before and
/// after the response too: `Request::post(..).body(..)`, `text()`, `bytes()`, `copy_to()`, `json()`.
/// isahc's error comes untouched: its `kind()`, its `is_timeout()` and the others are there. Those
/// methods return a `std::io::Error` for it, which isahc converts.
///
/// # Examples
///
/// ```no_run
/// use alf_isahc::isahc::{ReadResponseExt, Request};
/// use alf_isahc::{Client, Error};
///
/// fn add(client: &Client, thing: Vec<u8>) -> Result<Vec<u8>, Error> {
///     let request = Request::post("https://api.example.com/things").body(thing)?;
///     Ok(client.send(request)?.bytes()?)
/// }
/// ```
///
/// What to do about each:
///
/// ```
/// use alf_isahc::{Error, TokenErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::Transport(e) if e.is_timeout() => "what you do without alf",
///         Error::Token(e) if e.kind() == TokenErrorKind::Refused => "alert: e.error_code()",
///         Error::Token(e) if e.is_transient() => "call again after e.retry_at()",
///         _ => "report it",
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no token. The request was not sent, or was answered with a 401 before, which
    /// [`rejection()`](TokenError::rejection) returns.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// isahc's own error, untouched.
    #[error(transparent)]
    Transport(#[from] isahc::Error),
    /// alf did not send the request: its origin must not get the token.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The body of a response is not the JSON that `json()` should return. Needs the feature `json`.
    #[cfg(feature = "json")]
    #[error("the body of the response is not the expected JSON: {0}")]
    Json(#[source] serde_json::Error),
}

/// Of a request that cannot be built.
impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        Self::Transport(error.into())
    }
}

/// Of a body that cannot be read.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Transport(error.into())
    }
}

/// [`Error::Transport`] if the body cannot be read, otherwise [`Error::Json`].
#[cfg(feature = "json")]
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            io::Error::from(error).into()
        } else {
            Self::Json(error)
        }
    }
}

/// From the error of the client of alf-core under an adapter's own.
impl From<alf_core::Error<isahc::Error>> for Error {
    fn from(error: alf_core::Error<isahc::Error>) -> Self {
        error.convert()
    }
}

/// For code that is generic over transports.
impl From<Error> for alf_core::Error<isahc::Error> {
    fn from(error: Error) -> Self {
        match error {
            Error::Token(error) => Self::Token(error),
            Error::Transport(error) => Self::Transport(error),
            Error::NotAllowed(error) => Self::NotAllowed(error),
            #[cfg(feature = "json")]
            Error::Json(error) => Self::Transport(io::Error::from(error).into()),
        }
    }
}
