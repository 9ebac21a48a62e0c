//! How an acquisition fails, and what the failures of its parts mean (B1).

use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{AnswerDetails, Cause, ErrorDetails, RequestKind};
use crate::machine::Failure;
#[cfg(feature = "store")]
use crate::machine::Moment;
use crate::ports::Ports;
use crate::wire::Redactor;
use crate::wire::token_response;
use crate::{
    AuthenticationError, ExchangeError, ExchangeErrorKind, TimeoutPhase, TokenError,
    TokenErrorKind, TokenTarget,
};

use super::certificate::problem_and_advice;

/// Why an acquisition brought no token.
pub(crate) enum AcquisitionFailure {
    /// The breaker permitted no attempt: that is no further failure of the server.
    NotPermitted(TokenError),
    /// Its attempts failed.
    Attempts(Box<ErrorDetails>),
    /// The store is in trouble, and the token can be renewed later (D14): that is no failure.
    #[cfg(feature = "store")]
    Postponed { until: Moment },
}

/// The details of an acquisition's failure, without the end of the back-off.
pub(crate) fn details(
    ports: &Ports,
    target: &TokenTarget,
    cause: Cause,
    attempts: u32,
    elapsed: Duration,
) -> ErrorDetails {
    let is_about_target = !cause.concerns_all_targets() && target.is_named();
    ErrorDetails {
        cause,
        request: RequestKind::Token,
        client_id: ports.config.client_id.clone(),
        endpoint: ports.shown_endpoint(),
        target: is_about_target.then(|| target.to_string()),
        attempts,
        elapsed,
        back_off: None,
    }
}

pub(super) fn out_of_time() -> Cause {
    let kind = TokenErrorKind::Timeout(TimeoutPhase::Acquire);
    Cause::new(kind, Failure::TRANSIENT)
}

/// The client's authentication could not be prepared.
pub(super) fn authentication_failed(error: AuthenticationError) -> Cause {
    let redactor = Redactor::new(Vec::new());
    let mut shown = redactor.show(&error.to_string());
    if error.source().is_some() {
        shown += ": ";
        shown += &innermost_cause(&error, &redactor);
    }
    let failure = if error.is_transient() {
        Failure::TRANSIENT
    } else {
        Failure::PERMANENT
    };
    Cause::new(TokenErrorKind::Authentication, failure).because(Arc::new(error), shown)
}

/// There is no response to decode (B1).
pub(super) fn no_response(error: ExchangeError, redactor: &Redactor) -> Cause {
    let (kind, failure) = match error.kind() {
        ExchangeErrorKind::Connect => (TokenErrorKind::Connect, Failure::TRANSIENT),
        ExchangeErrorKind::Certificate => (TokenErrorKind::Certificate, Failure::PERMANENT),
        ExchangeErrorKind::Exchange => (TokenErrorKind::Exchange, Failure::TRANSIENT),
        ExchangeErrorKind::Timeout => (
            TokenErrorKind::Timeout(TimeoutPhase::Attempt),
            Failure::TRANSIENT,
        ),
        ExchangeErrorKind::Redirected => (TokenErrorKind::Redirected, Failure::PERMANENT),
        ExchangeErrorKind::TooLarge => return token_response::too_large(),
    };
    let mut cause = Cause::new(kind, failure);
    let source = error.into_source();
    if kind == TokenErrorKind::Certificate {
        let problem = problem_and_advice(source.as_deref().map(|source| source as _));
        cause = cause.with_answer(AnswerDetails::new(problem));
    }
    match source {
        Some(source) => {
            let shown = innermost_cause(&*source, redactor);
            cause.because(source, shown)
        }
        None => cause,
    }
}

/// Returns the text of the last error in the chain, cleaned. It is a library's text, or of a user's callback (T4).
fn innermost_cause(error: &(dyn Error + 'static), redactor: &Redactor) -> String {
    let chain = successors(Some(error), |error| (*error).source());
    let text = chain.last().map(ToString::to_string).unwrap_or_default();
    redactor.show_cause(&text)
}

/// T7
pub(super) const MAX_RESPONSE: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
