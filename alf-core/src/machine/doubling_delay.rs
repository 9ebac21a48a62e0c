//! Delays that double up to a limit (B1, B2, R6).

use core::time::Duration;

use super::Failure;

/// A delay that doubles each time it is taken, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DoublingDelay {
    first: Duration,
    limit: Duration,
    taken: u32,
}

impl DoublingDelay {
    pub(crate) const fn new(first: Duration, limit: Duration) -> Self {
        Self {
            first,
            limit,
            taken: 0,
        }
    }

    /// After a failed acquisition that may succeed later (B2).
    pub(super) const fn after_transient_failures() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(5))
    }

    /// After an acquisition that failed permanently (B2).
    pub(super) const fn after_permanent_failures() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(60))
    }

    /// The next delay, in full.
    pub(crate) fn take(&mut self) -> Duration {
        let factor = 2_u32.checked_pow(self.taken).unwrap_or(u32::MAX);
        self.taken = self.taken.saturating_add(1);
        self.first.saturating_mul(factor).min(self.limit)
    }

    /// The next delay, or what the authorization server asked for if that is longer (B2).
    pub(super) fn take_after(&mut self, failure: &Failure) -> Duration {
        self.take()
            .max(failure.retry_after().min(LONGEST_RETRY_AFTER))
    }

    /// The next delay, times 0.8 to 1.0: `jitter` is a random number from 0 to 1.
    pub(crate) fn take_jittered(&mut self, jitter: f64) -> Duration {
        self.take().mul_f64(0.8 + 0.2 * jitter.clamp(0.0, 1.0))
    }

    /// As if `delays` delays had been taken.
    #[cfg(feature = "store")]
    pub(super) fn skip(&mut self, delays: u32) {
        self.taken = self.taken.saturating_add(delays);
    }

    /// Starts again with the first delay.
    pub(crate) fn reset(&mut self) {
        self.taken = 0;
    }
}

/// B2: a server may ask for more, but one header must not stop a client for longer.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
