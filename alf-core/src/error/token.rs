//! Why there is no token.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode};

use crate::machine::Failure;

/// No token could be had.
///
/// All callers that waited for the same acquisition get the same error, and while alf rests after it,
/// later callers get it at once (see [`retry_at`](Self::retry_at)). Cheap to
/// clone. No part of it shows a secret, and what it shows of the authorization server's text is
/// cut to 256 bytes, free of control characters, and masked where it repeats what alf sent.
#[derive(Clone)]
pub struct TokenError {
    acquisition: Arc<Acquisition>,
    rejected: Option<Rejection>,
}

/// What the callers of one acquisition share.
struct Acquisition {
    cause: Cause,
    endpoint: String,
    /// The scope and resources, where the failure is about them.
    about: Option<String>,
    attempts: u32,
    elapsed: Duration,
    retry_at: Option<SystemTime>,
}

/// What kind of failure it was, in the order in which a token request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The client's proof could not be made: its secret's file could not be read, say.
    Authentication,
    /// The metadata of the issuer cannot be used: it is missing, is of another issuer, or does not
    /// offer what this client needs
    /// ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)).
    Discovery,
    /// No connection to the authorization server: DNS, TCP or TLS.
    Connect,
    /// It took too long; the phase says what.
    Timeout(TimeoutPhase),
    /// The connection broke, or what came over it was no HTTP.
    Exchange,
    /// The authorization server said no
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or answered with a
    /// status that is an error.
    Refused,
    /// The authorization server answered with a redirect, which is never followed, since it would
    /// carry the client's secret elsewhere.
    Redirected,
    /// The answer is no token response
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), or larger than 1 MiB.
    Unreadable,
    /// The token is of a type that this client cannot present
    /// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
    TokenType,
    /// The acquisition ended without a result, twice in a row: its runtime was shut down, or the
    /// transport panicked. A transport on tokio needs the tokio runtime.
    Aborted,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// One attempt: `attempt_timeout`, or the HTTP library's own time-out.
    Attempt,
    /// The whole acquisition: `acquire_timeout`.
    Acquire,
}

/// The rejection that made alf renew the token, where renewing failed.
#[derive(Clone)]
pub struct Rejection {
    status: StatusCode,
    challenges: Vec<HeaderValue>,
}

/// What went wrong with one attempt, and whether it may pass.
#[derive(Clone)]
pub(crate) struct Cause {
    pub(crate) kind: TokenErrorKind,
    pub(crate) failure: Failure,
    pub(crate) whose: Whose,
    /// On the heap: most results carry none.
    pub(crate) told: Box<Told>,
    pub(crate) source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Whom the authorization server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The client: whatever it asks for.
    Clients,
    /// What was asked for.
    Requests,
}

/// What the authorization server told, fit to be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) status: Option<StatusCode>,
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Why it could not be read, or how its body begins.
    pub(crate) detail: Option<String>,
}

impl TokenError {
    pub(crate) fn new(
        cause: Cause,
        endpoint: String,
        attempts: u32,
        elapsed: Duration,
        retry_at: Option<SystemTime>,
    ) -> Self {
        Self {
            acquisition: Arc::new(Acquisition {
                cause,
                endpoint,
                about: None,
                attempts,
                elapsed,
                retry_at,
            }),
            rejected: None,
        }
    }

    /// Says what was asked for, where another scope or resource might have been given.
    pub(crate) fn about(mut self, target: String) -> Self {
        // It was just made: nobody shares it yet.
        if let Some(acquisition) = Arc::get_mut(&mut self.acquisition) {
            acquisition.about = Some(target);
        }
        self
    }

    /// The same error for a caller whose request was rejected before (R5).
    pub(crate) fn after(mut self, rejected: Rejection) -> Self {
        self.rejected = Some(rejected);
        self
    }

    /// What kind of failure it was. While alf rests it is that of the failure that caused the rest.
    pub fn kind(&self) -> TokenErrorKind {
        self.acquisition.cause.kind
    }

    /// Whether it may pass by itself: an outage, a time-out, a 429 or a 5xx. Otherwise someone has
    /// to mend something.
    pub fn is_transient(&self) -> bool {
        self.acquisition.cause.failure.is_transient()
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.acquisition.cause
    }

    /// The status of the authorization server's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.told().status
    }

    /// The `error` of the authorization server's answer: `invalid_client`, `invalid_scope`, …
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_code(&self) -> Option<&str> {
        self.told().error.as_deref()
    }

    /// The `error_description` of the authorization server's answer
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_description(&self) -> Option<&str> {
        self.told().description.as_deref()
    }

    /// The `error_uri` of the authorization server's answer: a page for people
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    pub fn error_uri(&self) -> Option<&str> {
        self.told().uri.as_deref()
    }

    /// How many attempts the acquisition made; one whose proof failed counts too. Of an acquisition that
    /// [died](TokenErrorKind::Aborted) nobody knows: 0.
    pub fn attempts(&self) -> u32 {
        self.acquisition.attempts
    }

    /// How long the acquisition took.
    pub fn elapsed(&self) -> Duration {
        self.acquisition.elapsed
    }

    /// When alf will ask the authorization server again; until then callers get this error at
    /// once. `None` where it does not rest: this caller's own wait was over, the acquisition goes on.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.acquisition.retry_at
    }

    /// The 401 that made alf renew the token: `None` where the request was never sent.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.rejected.as_ref()
    }

    fn told(&self) -> &Told {
        &self.acquisition.cause.told
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = &self.acquisition.endpoint;
        match self.kind() {
            TokenErrorKind::Authentication => {
                write!(
                    f,
                    "the client's proof for {endpoint} could not be made; nothing was sent"
                )?;
            }
            TokenErrorKind::Discovery => {
                write!(
                    f,
                    "the metadata of {endpoint} cannot be used: {}",
                    self.told()
                )?;
            }
            TokenErrorKind::Connect => write!(f, "could not connect to {endpoint}")?,
            TokenErrorKind::Timeout(TimeoutPhase::Attempt) => {
                write!(
                    f,
                    "{endpoint} did not answer within attempt_timeout, or the HTTP library's own \
                     time-out"
                )?;
            }
            TokenErrorKind::Timeout(TimeoutPhase::Acquire) => {
                write!(f, "no token from {endpoint} within acquire_timeout")?;
            }
            TokenErrorKind::Exchange => {
                write!(
                    f,
                    "the token request to {endpoint} broke off before it was answered"
                )?;
            }
            TokenErrorKind::Refused => {
                write!(f, "{endpoint} refused the token request")?;
                if let Some(target) = &self.acquisition.about {
                    write!(f, " for {target}")?;
                }
                write!(f, ": {}", self.told())?;
                if let Some(advice) = self.error_code().and_then(advice) {
                    write!(f, "; {advice}")?;
                }
            }
            TokenErrorKind::Redirected => write!(
                f,
                "{endpoint} answered with a redirect, which is not followed ({}); set the final \
                 URL as token_endpoint",
                self.told()
            )?,
            TokenErrorKind::Unreadable => {
                write!(
                    f,
                    "{endpoint} gave no readable token response: {}",
                    self.told()
                )?;
            }
            TokenErrorKind::TokenType => {
                write!(
                    f,
                    "{endpoint} gave a token that cannot be presented: {}",
                    self.told()
                )?;
            }
            TokenErrorKind::Aborted => write!(
                f,
                "the token request to {endpoint} was stopped before it had a result: its runtime \
                 was shut down, or the transport panicked (a transport on tokio needs the tokio \
                 runtime)"
            )?,
        }
        let attempts = self.acquisition.attempts;
        if attempts > 1 {
            write!(
                f,
                ", after {attempts} attempts in {:.1?}",
                self.acquisition.elapsed
            )?;
        }
        if let Some(rejected) = &self.rejected {
            write!(
                f,
                "; the request had been answered with {}",
                rejected.status
            )?;
        }
        Ok(())
    }
}

/// What to do about a refusal (RFC 6749 §5.2, RFC 8707 §2).
fn advice(error_code: &str) -> Option<&'static str> {
    match error_code {
        "invalid_client" => {
            Some("check the client's id, its secret or key, and how it authenticates")
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            Some("have the client_credentials grant allowed for this client")
        }
        "invalid_scope" => Some("ask for a scope that this client may have"),
        "invalid_target" => Some("ask for a resource that the server knows"),
        _ => None,
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::with_capacity(5);
        if let Some(status) = self.status {
            parts.push(status.as_str().to_owned());
        }
        parts.extend(self.error.clone());
        parts.extend(self.description.as_ref().map(|text| format!("\"{text}\"")));
        parts.extend(self.uri.as_ref().map(|uri| format!("see {uri}")));
        parts.extend(
            self.content_type
                .as_ref()
                .map(|kind| format!("of type {kind}")),
        );
        parts.extend(self.detail.clone());
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("kind", &self.kind())
            .field("endpoint", &self.acquisition.endpoint)
            .field("about", &self.acquisition.about)
            .field("told", self.told())
            .field("attempts", &self.attempts())
            .field("elapsed", &self.elapsed())
            .field("retry_at", &self.retry_at())
            .field("rejected", &self.rejected)
            .field("source", &self.source().map(ToString::to_string))
            .finish()
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.acquisition.cause.source.as_ref()?;
        Some(&**source)
    }
}

impl Rejection {
    pub(crate) fn new(status: StatusCode, challenges: Vec<HeaderValue>) -> Self {
        Self { status, challenges }
    }

    /// The status that the resource server answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The values of its `WWW-Authenticate` header
    /// ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)), as they came.
    pub fn challenges(&self) -> &[HeaderValue] {
        &self.challenges
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Cause {
    pub(crate) fn new(kind: TokenErrorKind, failure: Failure) -> Self {
        Self {
            kind,
            failure,
            whose: Whose::Requests,
            told: Box::default(),
            source: None,
        }
    }

    pub(crate) fn told(mut self, told: Told) -> Self {
        *self.told = told;
        self
    }

    pub(crate) fn because(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        self.source = Some(source);
        self
    }

    /// A deadline is no cause: what kept the token from coming before it is.
    pub(crate) fn or_because(self, earlier: Option<&TokenError>) -> Self {
        let is_deadline = self.kind == TokenErrorKind::Timeout(TimeoutPhase::Acquire);
        match earlier {
            Some(earlier) if is_deadline && self.source.is_none() => {
                self.because(Arc::new(earlier.clone()))
            }
            Some(_) | None => self,
        }
    }

    /// Whether another scope or resource of the same client would have met the same (B2).
    pub(crate) fn concerns_all_views(&self) -> bool {
        self.failure.is_transient()
            || match self.kind {
                TokenErrorKind::Refused => self.whose == Whose::Clients,
                // What one resource is given may be odd.
                TokenErrorKind::TokenType | TokenErrorKind::Unreadable => false,
                TokenErrorKind::Authentication
                | TokenErrorKind::Discovery
                | TokenErrorKind::Connect
                | TokenErrorKind::Timeout(_)
                | TokenErrorKind::Exchange
                | TokenErrorKind::Redirected
                | TokenErrorKind::Aborted => true,
            }
    }
}
