//! The error of a token that could not be acquired.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode};

use crate::machine::Moment;

use super::TokenErrorKind;
use super::cause::Cause;

/// No token could be obtained.
///
/// All callers that wait for the same acquisition get the same error. While alf backs off after the
/// failure, later callers get the error at once: see [`retry_at`](Self::retry_at). It is cheap to clone.
///
/// Its text is one line. It names the client's id, the token endpoint, and how long alf backs off. The line
/// ends with the innermost cause, such as `UnknownIssuer` or `No such file or directory`. `source()` has the
/// whole chain.
///
/// If `acquire_timeout` has passed, this is the error of the latest attempt that failed before. If no attempt
/// has failed, the kind is [`Timeout`](TokenErrorKind::Timeout).
///
/// The error never shows a secret. Text of the authorization server and of the innermost cause is cut to
/// 256 bytes and has no control characters. It is masked if it repeats what alf sent, or the held token. A URL in
/// the cause is shown without its user info, query and fragment. If the server gives its reason in another form than
/// RFC 6749's, the text shows the messages of its JSON (`message`, `detail`, `errorSummary`, …), or else the
/// beginning of its body.
#[derive(Clone)]
pub struct TokenError {
    pub(super) details: Arc<ErrorDetails>,
    rejection: Option<Rejection>,
}

/// What was sent to the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Token,
    Revocation,
}

/// The part that all callers of one acquisition share.
pub(crate) struct ErrorDetails {
    pub(crate) cause: Cause,
    pub(crate) request: RequestKind,
    pub(crate) client_id: String,
    pub(crate) endpoint: String,
    /// The scope and resources, if the failure is about them.
    pub(crate) target: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) back_off: Option<BackOff>,
}

/// How long the client backs off, and until when by the wall clock.
pub(crate) struct BackOff {
    pub(super) length: Duration,
    pub(super) until: SystemTime,
}

/// The rejection of a token by an API, after which the renewal failed.
#[derive(Clone)]
pub struct Rejection {
    status: StatusCode,
    challenges: Vec<HeaderValue>,
}

impl RequestKind {
    /// The setting that names its endpoint.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Token => "token_endpoint",
            Self::Revocation => "revocation_endpoint",
        }
    }

    /// What to do if there is nothing at its endpoint.
    pub(super) fn advice_about_endpoint(self) -> &'static str {
        match self {
            Self::Token => "; is this the token endpoint? if it is the issuer, use discover(..)",
            Self::Revocation => "; check revocation_endpoint",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token request",
            Self::Revocation => "revocation request",
        })
    }
}

impl ErrorDetails {
    /// The error of a client that backs off until that moment.
    pub(crate) fn into_error(mut self, now: Moment, wall: SystemTime, until: Moment) -> TokenError {
        let length = until.saturating_since(now);
        let until = wall.checked_add(length);
        self.back_off = until.map(|until| BackOff { length, until });
        TokenError::new(self)
    }
}

impl TokenError {
    pub(crate) fn new(details: ErrorDetails) -> Self {
        Self {
            details: Arc::new(details),
            rejection: None,
        }
    }

    /// The same error for a caller whose request was rejected before (R5).
    pub(crate) fn after(mut self, rejection: Rejection) -> Self {
        self.rejection = Some(rejection);
        self
    }

    /// Whether it is of the same acquisition.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.details, &other.details)
    }

    /// Returns the kind of failure. While alf backs off, this is the kind of the failure that started the
    /// back-off.
    pub fn kind(&self) -> TokenErrorKind {
        self.cause().kind
    }

    /// Returns whether the failure may pass without a change, such as an outage, a timeout, a 429 or a 5xx.
    /// If not, someone must correct the configuration, or the registration of the client at the server.
    pub fn is_transient(&self) -> bool {
        self.cause().failure.is_transient()
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.details.cause
    }

    /// Returns the status of the authorization server's answer, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.cause().answer.status
    }

    /// Returns the `error` of the authorization server's answer: `invalid_client`, `invalid_scope`, …
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_code(&self) -> Option<&str> {
        self.cause().answer.error.as_deref()
    }

    /// Returns the `error_description` of the authorization server's answer
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_description(&self) -> Option<&str> {
        self.cause().answer.description.as_deref()
    }

    /// Returns the `error_uri` of the authorization server's answer: a web page about the error
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_uri(&self) -> Option<&str> {
        self.cause().answer.uri.as_deref()
    }

    /// Returns the id of the client ([RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2)).
    pub fn client_id(&self) -> &str {
        &self.details.client_id
    }

    /// Returns how many attempts the acquisition made. An attempt whose client authentication could not be
    /// prepared counts too. For an [aborted](TokenErrorKind::Aborted) acquisition the number is not known,
    /// and this returns 0. An attempt that `acquire_timeout` ended counts.
    pub fn attempts(&self) -> u32 {
        self.details.attempts
    }

    /// Returns how long the acquisition took.
    pub fn elapsed(&self) -> Duration {
        self.details.elapsed
    }

    /// Returns the end of the back-off. alf sends no token request before that time. Until then, callers get this error at once. `None`
    /// if alf does not back off: the deadline of this caller has passed, but the acquisition continues.
    pub fn retry_at(&self) -> Option<SystemTime> {
        Some(self.details.back_off.as_ref()?.until)
    }

    /// Returns the 401 of the API that caused the renewal of the token. `None` if the request was not sent.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.rejection.as_ref()
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            // First, since `main` prints the `Debug` of an error that it returns.
            .field("message", &self.to_string())
            .field("kind", &self.kind())
            .field("client_id", &self.details.client_id)
            .field("endpoint", &self.details.endpoint)
            .field("target", &self.details.target)
            .field("answer", &self.cause().answer)
            .field("attempts", &self.attempts())
            .field("elapsed", &self.elapsed())
            .field("retry_at", &self.retry_at())
            .field("rejection", &self.rejection)
            .field("source", &self.source().map(ToString::to_string))
            .finish()
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.cause().source.as_ref()?;
        Some(&**source)
    }
}

impl Rejection {
    pub(crate) fn new(status: StatusCode, challenges: Vec<HeaderValue>) -> Self {
        Self { status, challenges }
    }

    /// Returns the status of the resource server's answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the values of the answer's `WWW-Authenticate` header, unchanged
    /// ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
    pub fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }
}

/// Does not show the challenges, because they are text of the server.
impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
