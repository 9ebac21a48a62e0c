//! With what a flight ends.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::TokenErrorKind;
use crate::error::Cause;
use crate::machine::{Failure, Landing};
use crate::manager::SharedFailure;
use crate::token::Grant;

/// What a successful flight hands over.
pub(crate) struct Arrival {
    pub(crate) landing: Landing<Arc<Grant>>,
    pub(crate) header: HeaderValue,
}

/// How a flight failed.
pub(crate) enum Fall {
    Alone(Crash),
    /// Without an attempt: its turn would come too late.
    Untried(Crash),
    /// Of what another flight of the same client has met meanwhile (B2).
    WithAnother(SharedFailure),
}

/// What a failed flight hands over.
pub(crate) struct Crash {
    pub(crate) cause: Cause,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
}

impl Crash {
    /// S4: what happened to it, nobody knows.
    pub(crate) fn died() -> Self {
        Self {
            cause: Cause::new(TokenErrorKind::Died, Failure::TRANSIENT),
            attempts: 0,
            elapsed: Duration::ZERO,
        }
    }
}
