//! The token before the held one, for APIs that refuse a token in its first seconds (R9).

use core::time::Duration;

use super::{Generation, Lifetime, Moment};

/// A token that a renewal replaced a moment ago, and that is still valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Previous {
    pub(super) generation: Generation,
    lifetime: Lifetime,
    replaced_at: Moment,
    /// Whether it is used in place of the held one, which was rejected.
    is_used: bool,
}

impl Previous {
    pub(super) fn new(generation: Generation, lifetime: Lifetime, replaced_at: Moment) -> Self {
        Self {
            generation,
            lifetime,
            replaced_at,
            is_used: false,
        }
    }

    /// From then on the held token is not too new, or this one has expired.
    pub(super) fn usable_until(&self) -> Moment {
        self.lifetime.expires.min(self.replaced_at + TOO_NEW)
    }

    /// The held token was rejected: it is too new.
    pub(super) fn use_in_place(&mut self) {
        self.is_used = true;
    }

    pub(super) fn is_used(&self, now: Moment) -> bool {
        self.is_used && now < self.usable_until()
    }

    /// E7
    pub(super) fn shorten(&mut self, by: Duration) {
        self.lifetime.shorten(by);
    }
}

/// R9: how long an API may refuse a new token.
const TOO_NEW: Duration = Duration::from_secs(5);
