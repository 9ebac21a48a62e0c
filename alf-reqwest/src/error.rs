//! The error of a request.

use alf_core::{NotAllowed, TokenError};

/// Why a request has no response: no token, reqwest's own error, or a URL that the token must not
/// go to. A response of any status is not an error.
///
/// It has a `From` for reqwest's error, so that `?` works on what comes after the response too:
/// `error_for_status()`, `text()`, `json()`. reqwest's error is unchanged: it has
/// `is_timeout()` and its other methods, and its `Display` shows the URL with its query.
///
/// `alf_reqwest::blocking` has the same error.
///
/// # Examples
///
/// ```no_run
/// use alf_reqwest::{Client, Error};
///
/// async fn things(client: &Client) -> Result<String, Error> {
///     let response = client.get("https://api.example.com/things").send().await?;
///     Ok(response.error_for_status()?.text().await?)
/// }
/// ```
///
/// What to do about each:
///
/// ```
/// use alf_reqwest::{Error, TokenErrorKind};
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
    /// No token could be obtained. Either the request was not sent, or the API answered 401 and the
    /// renewal failed. [`rejection()`](TokenError::rejection) returns that 401.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// reqwest's own error, unchanged.
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    /// alf did not send the request: its origin must not get the token.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

/// From the error of the client of alf-core under an adapter's own.
impl From<alf_core::Error<reqwest::Error>> for Error {
    fn from(error: alf_core::Error<reqwest::Error>) -> Self {
        error.convert()
    }
}

/// For code that is generic over transports.
impl From<Error> for alf_core::Error<reqwest::Error> {
    fn from(error: Error) -> Self {
        match error {
            Error::Token(error) => Self::Token(error),
            Error::Transport(error) => Self::Transport(error),
            Error::NotAllowed(error) => Self::NotAllowed(error),
        }
    }
}
