//! The tries within one acquisition, and its deadline (B1, B3, S5).

use core::time::Duration;

use super::{Backoff, Moment};

/// Decides whether an acquisition tries again.
///
/// Call [`failed`](Self::failed) after each failed attempt, and [`reloaded`](Self::reloaded) when
/// that said [`Next::Reload`]. Nothing happens by time alone: the driver waits until
/// [`Next::TryAgain`]'s moment by itself.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    deadline: Moment,
    pauses: Backoff,
    reload: Reload,
    made: u32,
}

/// What the machine needs to know of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// May pass: tried again. `retry_after` is what the AS asked for, or zero.
    Transient {
        /// How long the AS asked to be left alone; zero when it did not.
        retry_after: Duration,
    },
    /// Will not pass by itself. `retry_after` is what the AS asked for, or zero.
    Permanent {
        /// How long the AS asked to be left alone; zero when it did not.
        retry_after: Duration,
    },
}

/// What an acquisition does after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt, not before `at`.
    TryAgain {
        /// Always before the acquisition's deadline.
        at: Moment,
    },
    /// Read the credentials again and say [`Attempts::reloaded`].
    Reload,
    /// The acquisition has failed.
    Stop,
}

/// Whether credentials that were read again are others than those just refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reloaded {
    /// They are others.
    Changed,
    /// They are the same, or cannot be read again.
    Unchanged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reload {
    Possible,
    Done,
}

impl Attempts {
    /// For an acquisition that must end by `deadline`; `after_failure` says that the acquisition before it
    /// failed, so that this one goes on with longer pauses (B2).
    pub(crate) fn new(deadline: Moment, after_failure: bool) -> Self {
        Self {
            deadline,
            pauses: pauses(after_failure),
            reload: Reload::Possible,
            made: 0,
        }
    }

    /// When the acquisition must have ended (S5).
    pub(crate) fn deadline(&self) -> Moment {
        self.deadline
    }

    /// How many attempts have failed.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// An attempt failed. `jitter` is a random number from 0 to 1.
    pub(crate) fn failed(&mut self, now: Moment, failure: &Failure, jitter: f64) -> Next {
        self.made = self.made.saturating_add(1);
        match *failure {
            Failure::Transient { retry_after } => {
                // B1: `Retry-After` only lengthens a pause.
                let at = now + self.pauses.take_jittered(jitter).max(retry_after);
                // B1: a pause that reaches past the deadline ends the acquisition; B2 waits it out.
                if at < self.deadline {
                    Next::TryAgain { at }
                } else {
                    Next::Stop
                }
            }
            Failure::Permanent { .. } if self.reload == Reload::Possible && now < self.deadline => {
                // B3: once in an acquisition, or two secrets that alternate would never end it.
                self.reload = Reload::Done;
                Next::Reload
            }
            Failure::Permanent { .. } => Next::Stop,
        }
    }

    /// The credentials were read again, as [`Next::Reload`] asked.
    pub(crate) fn reloaded(&mut self, now: Moment, reloaded: Reloaded) -> Next {
        match reloaded {
            Reloaded::Changed if now < self.deadline => Next::TryAgain { at: now },
            Reloaded::Changed | Reloaded::Unchanged => Next::Stop,
        }
    }
}

impl Failure {
    /// A failure that may pass, of an AS that asked for no pause.
    pub(crate) const TRANSIENT: Self = Self::Transient {
        retry_after: Duration::ZERO,
    };
    /// A failure that will not pass by itself.
    pub(crate) const PERMANENT: Self = Self::Permanent {
        retry_after: Duration::ZERO,
    };

    /// Whether it may pass.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Transient { .. } => true,
            Self::Permanent { .. } => false,
        }
    }

    /// How long the AS asked to be left alone.
    pub(crate) fn retry_after(&self) -> Duration {
        match *self {
            Self::Transient { retry_after } | Self::Permanent { retry_after } => retry_after,
        }
    }
}

/// The pauses between attempts; longer ones in acquisitions after one that failed (B2).
pub(super) fn pauses(after_failure: bool) -> Backoff {
    if after_failure {
        Backoff::new(LATER_FIRST, LATER_CAP)
    } else {
        Backoff::new(FIRST, CAP)
    }
}

const FIRST: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(1);
const LATER_FIRST: Duration = Duration::from_secs(1);
const LATER_CAP: Duration = Duration::from_secs(4);
