//! Doubling pauses with a cap (B1, B2, R6).

use core::time::Duration;

/// A pause that doubles each time it is taken, up to a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Backoff {
    first: Duration,
    cap: Duration,
    taken: u32,
}

impl Backoff {
    /// Pauses of `first`, twice `first`, … and never more than `cap`.
    pub(crate) const fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            taken: 0,
        }
    }

    /// The next pause, in full.
    pub(crate) fn take(&mut self) -> Duration {
        let factor = 2_u32.checked_pow(self.taken).unwrap_or(u32::MAX);
        self.taken = self.taken.saturating_add(1);
        self.first.saturating_mul(factor).min(self.cap)
    }

    /// The next pause, times 0.8 to 1.0: `jitter` is a random number from 0 to 1.
    pub(crate) fn take_jittered(&mut self, jitter: f64) -> Duration {
        self.take().mul_f64(0.8 + 0.2 * jitter.clamp(0.0, 1.0))
    }

    /// Begins again with the first pause.
    pub(crate) fn reset(&mut self) {
        self.taken = 0;
    }
}
