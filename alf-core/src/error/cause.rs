//! Why an attempt failed.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::machine::Failure;

use super::activity::Activity;
use super::{TimeoutPhase, TokenErrorKind};

/// What went wrong with one attempt, and whether it is transient.
#[derive(Clone)]
pub(crate) struct Cause {
    pub(crate) kind: TokenErrorKind,
    pub(crate) failure: Failure,
    pub(crate) refusal_of: RefusalOf,
    /// What to check about the client's authentication, if it is refused.
    pub(crate) credentials_check: Option<&'static str>,
    /// On the heap, so that a result is small.
    pub(crate) answer: Box<AnswerDetails>,
    pub(crate) source: Option<Arc<dyn StdError + Send + Sync>>,
    /// With this the text of the error ends: cleaned, like the answer.
    pub(crate) shown_source: Option<String>,
}

/// What a refusal of the authorization server is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalOf {
    /// The client, for whatever token it asks.
    Client,
    /// The scope or the resource.
    Target,
}

/// What an error shows of the authorization server's answer: masked, cleaned and cut (T4).
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerDetails {
    pub(crate) status: Option<StatusCode>,
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Why the answer could not be read, or the start of its body; of a timeout or an abort, what was awaited.
    pub(crate) detail: Option<String>,
    /// How the server's clock differs from this machine's.
    pub(crate) clock_difference: Option<String>,
}

impl AnswerDetails {
    pub(crate) fn new(detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::default()
        }
    }
}

impl Cause {
    pub(crate) fn new(kind: TokenErrorKind, failure: Failure) -> Self {
        Self {
            kind,
            failure,
            refusal_of: RefusalOf::Target,
            credentials_check: None,
            answer: Box::default(),
            source: None,
            shown_source: None,
        }
    }

    /// A timeout has passed while that was awaited.
    pub(crate) fn timed_out(phase: TimeoutPhase, activity: Activity, after: Duration) -> Self {
        let mut cause = Self::new(TokenErrorKind::Timeout(phase), Failure::TRANSIENT);
        cause.answer.detail = activity.timed_out(phase, after);
        cause
    }

    /// The task that awaited that is being dropped: by a panic, or by its runtime (S4).
    pub(crate) fn aborted(activity: Activity) -> Self {
        Self::new(TokenErrorKind::Aborted, Failure::TRANSIENT)
            .with_answer(AnswerDetails::new(activity.aborted()))
    }

    pub(crate) fn with_answer(mut self, answer: AnswerDetails) -> Self {
        *self.answer = answer;
        self
    }

    /// A refusal of an assertion, whose time the server may have refused.
    pub(crate) fn with_clock_difference(mut self, difference: Option<String>) -> Self {
        if self.kind == TokenErrorKind::Refused && !self.failure.is_transient() {
            self.answer.clock_difference = difference;
        }
        self
    }

    pub(crate) fn with_credentials_check(mut self, check: Option<&'static str>) -> Self {
        self.credentials_check = check;
        self
    }

    pub(crate) fn because(
        mut self,
        source: Arc<dyn StdError + Send + Sync>,
        shown: String,
    ) -> Self {
        self.source = Some(source);
        self.shown_source = Some(shown);
        self
    }

    /// Whether the same failure is expected for every scope and resource of the client (B2).
    pub(crate) fn concerns_all_targets(&self) -> bool {
        self.failure.is_transient()
            || match self.kind {
                TokenErrorKind::Refused => self.refusal_of == RefusalOf::Client,
                // The server may answer in an unusual way for one resource only.
                TokenErrorKind::TokenType | TokenErrorKind::Unreadable => false,
                TokenErrorKind::Authentication
                | TokenErrorKind::Discovery
                | TokenErrorKind::Connect
                | TokenErrorKind::Certificate
                | TokenErrorKind::Timeout(_)
                | TokenErrorKind::Exchange
                | TokenErrorKind::Redirected
                | TokenErrorKind::Aborted => true,
            }
    }
}
