//! With what an acquisition ends.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::TokenErrorKind;
use crate::error::Cause;
use crate::machine::{Failure, Obtained};
use crate::token::Grant;
use crate::tokens::SharedFailure;

/// What a successful acquisition hands over.
pub(crate) struct Acquired {
    pub(crate) obtained: Obtained<Arc<Grant>>,
    pub(crate) header: HeaderValue,
}

/// How an acquisition failed.
pub(crate) enum Fall {
    Alone(FailedAcquisition),
    /// Without an attempt: its turn would come too late.
    Untried(FailedAcquisition),
    /// Of what another acquisition of the same client has met meanwhile (B2).
    WithAnother(SharedFailure),
}

/// What a failed acquisition hands over.
pub(crate) struct FailedAcquisition {
    pub(crate) cause: Cause,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
}

impl FailedAcquisition {
    /// S4: what happened to it, nobody knows.
    pub(crate) fn died() -> Self {
        Self {
            cause: Cause::new(TokenErrorKind::Aborted, Failure::TRANSIENT),
            attempts: 0,
            elapsed: Duration::ZERO,
        }
    }
}
