//! The error of a token that could not be acquired.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode};

use crate::machine::Moment;

use super::TokenErrorKind;
use super::cause::Cause;

/// No token could be acquired.
///
/// All callers that waited for the same acquisition get the same error. While alf backs off after it,
/// later callers get it at once (see [`retry_at`](Self::retry_at)). Cheap to clone.
///
/// Its text is one line that says what happened. It ends with the innermost cause, such as
/// `UnknownIssuer` or `No such file or directory`; `source()` has the whole chain. That of a deadline
/// (`acquire_timeout`) ends with the latest failure before it.
///
/// No part of it shows a secret. What it shows of the authorization server's text, and of the
/// innermost cause, is cut to 256 bytes, free of control characters, and masked if it repeats what alf
/// sent. A URL in the cause is shown without its user info, query and fragment.
#[derive(Clone)]
pub struct TokenError {
    pub(super) details: Arc<ErrorDetails>,
    rejection: Option<Rejection>,
}

/// The part that all callers of one acquisition share.
pub(crate) struct ErrorDetails {
    pub(crate) cause: Cause,
    /// What was sent: "token request", or "revocation request".
    pub(crate) request: &'static str,
    pub(crate) endpoint: String,
    /// The scope and resources, if the failure is about them.
    pub(crate) target: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) retry_at: Option<SystemTime>,
}

/// The rejection that made alf renew the token before renewing failed.
#[derive(Clone)]
pub struct Rejection {
    status: StatusCode,
    challenges: Vec<HeaderValue>,
}

impl ErrorDetails {
    /// The error of a client that backs off until that moment.
    pub(crate) fn into_error(mut self, now: Moment, wall: SystemTime, until: Moment) -> TokenError {
        self.retry_at = wall.checked_add(until.saturating_since(now));
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

    /// The kind of failure. While alf backs off, the kind of the failure that started the back-off.
    pub fn kind(&self) -> TokenErrorKind {
        self.cause().kind
    }

    /// Whether it is expected to pass without a change: an outage, a timeout, a 429 or a 5xx.
    /// Otherwise the configuration or the server's registration of the client must be corrected.
    pub fn is_transient(&self) -> bool {
        self.cause().failure.is_transient()
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.details.cause
    }

    /// The status of the authorization server's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.cause().answer.status
    }

    /// The `error` of the authorization server's answer: `invalid_client`, `invalid_scope`, …
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_code(&self) -> Option<&str> {
        self.cause().answer.error.as_deref()
    }

    /// The `error_description` of the authorization server's answer
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_description(&self) -> Option<&str> {
        self.cause().answer.description.as_deref()
    }

    /// The `error_uri` of the authorization server's answer: a page for people
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_uri(&self) -> Option<&str> {
        self.cause().answer.uri.as_deref()
    }

    /// How many attempts the acquisition made, including any whose client authentication could not be
    /// prepared. 0 for an acquisition that was [aborted](TokenErrorKind::Aborted): it is not known.
    pub fn attempts(&self) -> u32 {
        self.details.attempts
    }

    /// How long the acquisition took.
    pub fn elapsed(&self) -> Duration {
        self.details.elapsed
    }

    /// When alf will ask the authorization server again; until then callers get this error at once.
    /// `None` if alf does not back off: this caller's deadline has passed, and the acquisition goes on.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.details.retry_at
    }

    /// The 401 that made alf renew the token; `None` if the request was never sent.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.rejection.as_ref()
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("kind", &self.kind())
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

    /// The status of the resource server's answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The values of its `WWW-Authenticate` header, unchanged
    /// ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
    pub fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }
}

/// Without the challenges, which are text of the server's.
impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
