//! The rest after a failed flight (B2): a wrong secret is one request, never a storm.

use core::time::Duration;

use super::{Backoff, Failure, Moment};

/// Whether alf rests, until when, and what the next rest would be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rest {
    /// Until when nothing is asked of the AS; over when it is past.
    until: Moment,
    after: After,
    transient: Backoff,
    permanent: Backoff,
}

/// What the last flight came to.
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

    /// A flight failed; returns until when alf rests.
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
        self.until = now + backoff.take().max(asked);
        self.until
    }

    /// Somebody else's failure: it lengthens a rest and makes the next one no longer.
    pub(super) fn at_least_until(&mut self, until: Moment) -> bool {
        let is_longer = self.until < until;
        if is_longer {
            self.until = until;
            if self.after == After::Success {
                self.after = After::Transient;
            }
        }
        is_longer
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::new();
    }

    /// The end of the rest, when `now` is before it.
    pub(super) fn until(&self, now: Moment) -> Option<Moment> {
        (self.after != After::Success && now < self.until).then_some(self.until)
    }

    /// Whether the last flight failed, whether or not the rest after it is over.
    pub(super) fn follows_a_failure(&self) -> bool {
        self.after != After::Success
    }
}

const FIRST: Duration = Duration::from_secs(1);
const TRANSIENT_CAP: Duration = Duration::from_secs(5);
const PERMANENT_CAP: Duration = Duration::from_secs(60);
/// An AS may ask for more; five minutes is what a caller can be kept out for by one header.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);
