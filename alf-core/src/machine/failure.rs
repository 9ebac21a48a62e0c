//! What the machines need to know of a failed attempt (B1).

use core::time::Duration;

/// Whether a failure may pass, and how long the authorization server asked to be left alone
/// (`Retry-After`): zero if it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may pass: the acquisition tries again.
    Transient { retry_after: Duration },
    /// It does not pass by itself: the acquisition fails.
    Permanent { retry_after: Duration },
}

impl Failure {
    pub(crate) const TRANSIENT: Self = Self::Transient {
        retry_after: Duration::ZERO,
    };
    pub(crate) const PERMANENT: Self = Self::Permanent {
        retry_after: Duration::ZERO,
    };

    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Transient { .. } => true,
            Self::Permanent { .. } => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Duration {
        match *self {
            Self::Transient { retry_after } | Self::Permanent { retry_after } => retry_after,
        }
    }
}
