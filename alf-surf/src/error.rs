//! The error of a request, with surf's own in it as a `std::error::Error`.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use alf_core::{ExchangeErrorKind, NotAllowed, TokenError};

/// Why a request has no response: no token, surf's own error, or a URL that the token must not go
/// to. A response of any status is not an error.
///
/// It has a `From` for surf's error, so that `?` works on what comes after the response too:
/// `body_string()`, `body_bytes()`, `body_json()`, `body_form()`.
///
/// # Examples
///
/// ```no_run
/// use alf_surf::{Client, Error};
///
/// async fn things(client: &Client) -> Result<String, Error> {
///     let mut response = client.get("https://api.example.com/things").await?;
///     Ok(response.body_string().await?)
/// }
/// ```
///
/// What to do about each:
///
/// ```
/// use alf_surf::{Error, TokenErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::Transport(_) => "what you do without alf",
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
    /// surf's own error, untouched.
    #[error(transparent)]
    Transport(#[from] SurfError),
    /// alf did not send the request: its origin must not get the token.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

/// surf's own error, as one that [`std::error::Error`] is for: surf's is not.
///
/// Its `Display` is surf's. What surf calls the `status()` of an error is one of its own
/// making, and no server's.
pub struct SurfError(surf::Error);

/// A response body that cannot be read, for example, or that is not what it should be.
impl From<surf::Error> for Error {
    fn from(error: surf::Error) -> Self {
        Self::Transport(SurfError(error))
    }
}

/// From the error of the client of alf-core under an adapter's own.
impl From<alf_core::Error<SurfError>> for Error {
    fn from(error: alf_core::Error<SurfError>) -> Self {
        error.convert()
    }
}

/// For code that is generic over transports.
impl From<Error> for alf_core::Error<SurfError> {
    fn from(error: Error) -> Self {
        match error {
            Error::Token(error) => Self::Token(error),
            Error::Transport(error) => Self::Transport(error),
            Error::NotAllowed(error) => Self::NotAllowed(error),
        }
    }
}

impl SurfError {
    pub(crate) fn new(error: impl Into<surf::Error>) -> Self {
        Self(error.into())
    }

    /// surf's own error.
    pub fn get_ref(&self) -> &surf::Error {
        &self.0
    }

    /// surf's own error, to be downcast.
    pub fn into_inner(self) -> surf::Error {
        self.0
    }

    /// The kind of failure, as far as a back end shows it.
    pub(crate) fn kind(&self) -> ExchangeErrorKind {
        if let Some(error) = self.0.downcast_ref::<io::Error>() {
            return kind_of_io(error);
        }
        match self.0.type_name() {
            Some("async_std::future::timeout::TimeoutError") => return ExchangeErrorKind::Timeout,
            // Only the handshake fails with it; after that it is an `io::Error`.
            Some(name) if name.contains("native_tls") => return kind_of_handshake(&self.0),
            Some(_) | None => {}
        }
        // What isahc and the pool of h1 say is known by its text alone.
        let shown = self.0.to_string();
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| shown.starts_with(prefix));
        if starts(TIMED_OUT) {
            ExchangeErrorKind::Timeout
        } else if starts(BAD_CERTIFICATE) {
            ExchangeErrorKind::Certificate
        } else if starts(NOT_CONNECTED) {
            ExchangeErrorKind::Connect
        } else {
            ExchangeErrorKind::Exchange
        }
    }
}

/// native-tls has no codes. This is OpenSSL's text; those of Windows and macOS are not told from other failures.
fn kind_of_handshake(error: &surf::Error) -> ExchangeErrorKind {
    if error.to_string().contains("certificate verify failed") {
        ExchangeErrorKind::Certificate
    } else {
        ExchangeErrorKind::Connect
    }
}

fn kind_of_io(error: &io::Error) -> ExchangeErrorKind {
    use io::ErrorKind as Io;
    if matches!(error.kind(), Io::TimedOut) {
        return ExchangeErrorKind::Timeout;
    }
    let unreachable = [
        Io::ConnectionRefused,
        Io::HostUnreachable,
        Io::NetworkUnreachable,
        Io::NetworkDown,
        Io::AddrNotAvailable,
    ];
    // A name that is not found has no kind of its own.
    if unreachable.contains(&error.kind()) || error.to_string().contains("lookup address") {
        ExchangeErrorKind::Connect
    } else {
        ExchangeErrorKind::Exchange
    }
}

impl From<surf::Error> for SurfError {
    fn from(error: surf::Error) -> Self {
        Self(error)
    }
}

/// Without the stack trace that surf's own shows.
impl fmt::Debug for SurfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SurfError")
            .field(&self.0.to_string())
            .finish()
    }
}

impl fmt::Display for SurfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for SurfError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        AsRef::<dyn StdError>::as_ref(&self.0).source()
    }
}

const TIMED_OUT: &[&str] = &["Timeout:"];
const BAD_CERTIFICATE: &[&str] = &["BadServerCertificate"];
const NOT_CONNECTED: &[&str] = &[
    "An error occured while creating a new object:",
    "BadClientCertificate",
    "ConnectFailed",
    "CouldntResolveHost",
    "CouldntResolveProxy",
    "SSLConnectFailed",
    "SSLEngineError",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t4_kinds_are_told_from_what_the_back_ends_say() {
        use ExchangeErrorKind::{Certificate, Connect, Exchange, Timeout};
        for (kind, expected) in [
            (io::ErrorKind::ConnectionRefused, Connect),
            (io::ErrorKind::TimedOut, Timeout),
            (io::ErrorKind::ConnectionReset, Exchange),
            (io::ErrorKind::UnexpectedEof, Exchange),
        ] {
            assert_eq!(SurfError::new(io::Error::from(kind)).kind(), expected);
        }
        let kind = |text: &'static str| SurfError(surf::Error::from_str(500, text)).kind();
        assert_eq!(
            kind("ConnectFailed: failed to connect to the server"),
            Connect
        );
        assert_eq!(kind("BadServerCertificate(None): unknown"), Certificate);
        assert_eq!(kind("Timeout: request took longer than"), Timeout);
        assert_eq!(kind("empty response"), Exchange);
    }

    #[test]
    fn source_goes_on_below_what_is_displayed() {
        let below = io::Error::other("below");
        let error = SurfError::new(io::Error::other(Box::new(below)));
        assert_eq!(error.to_string(), "below");
        assert_eq!(format!("{error:?}"), r#"SurfError("below")"#);
    }
}
