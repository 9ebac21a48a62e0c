//! The rest after a failed acquisition (B2): a wrong secret is one request, never a storm.

use core::time::Duration;

use super::{Backoff, Failure, Moment};

/// Whether alf rests, until when, and what the next rest would be.
///
/// The [`Default`] is no rest, and none before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rest {
    /// Until when nothing is asked of the AS; over when it is past.
    until: Moment,
    after: After,
    transient: Backoff,
    permanent: Backoff,
}

/// What the last acquisition came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum After {
    Success,
    Transient,
    Permanent,
}

impl Rest {
    pub(super) const fn new() -> Self {
        Self {
            until: Moment::START,
            after: After::Success,
            transient: Backoff::new(FIRST, TRANSIENT_CAP),
            permanent: Backoff::new(FIRST, PERMANENT_CAP),
        }
    }

    /// An acquisition failed; returns until when alf rests.
    pub(super) fn failed(&mut self, now: Moment, failure: &Failure) -> Moment {
        // A change of kind begins anew: a minute's rest is for an AS that has said no many times.
        let (after, backoff, other) = if failure.is_transient() {
            (After::Transient, &mut self.transient, &mut self.permanent)
        } else {
            (After::Permanent, &mut self.permanent, &mut self.transient)
        };
        other.reset();
        let asked = failure.retry_after().min(RETRY_AFTER_CAP);
        self.after = after;
        let until = now + backoff.take().max(asked);
        // Another token's, which ends later, stands.
        self.until = self.until.max(until);
        self.until
    }

    /// Whether it goes on longer than that one.
    pub(super) fn is_longer_than(&self, other: &Self) -> bool {
        other.until < self.until
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::new();
    }

    /// When it ends or has ended.
    pub(crate) fn end(&self) -> Moment {
        self.until
    }

    /// The end of the rest, when `now` is before it.
    pub(super) fn until(&self, now: Moment) -> Option<Moment> {
        (self.after != After::Success && now < self.until).then_some(self.until)
    }

    /// Whether the last acquisition failed, whether or not the rest after it is over.
    pub(super) fn follows_a_failure(&self) -> bool {
        self.after != After::Success
    }

    /// Whether what the last acquisition failed of may pass.
    pub(super) fn follows_a_transient_failure(&self) -> bool {
        self.after == After::Transient
    }
}

impl Default for Rest {
    fn default() -> Self {
        Self::new()
    }
}

const FIRST: Duration = Duration::from_secs(1);
const TRANSIENT_CAP: Duration = Duration::from_secs(5);
const PERMANENT_CAP: Duration = Duration::from_secs(60);
/// An AS may ask for more; five minutes is what a caller can be kept out for by one header.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);
