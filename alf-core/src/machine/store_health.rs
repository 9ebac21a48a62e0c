//! Whether the store is used, after it has failed (D13).

use core::time::Duration;

use super::{DoublingDelay, Moment};

/// The store is left alone after a failure: for 1 s, doubling to 30 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreHealth {
    left_alone_until: Option<Moment>,
    delay: DoublingDelay,
}

impl StoreHealth {
    pub(crate) const fn new() -> Self {
        Self {
            left_alone_until: None,
            delay: DELAYS,
        }
    }

    /// Whether the latest operation failed.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.left_alone_until.is_some()
    }

    /// Until when it is left alone, if that is later than now.
    pub(crate) fn left_alone_until(&self, now: Moment) -> Option<Moment> {
        self.left_alone_until.filter(|until| now < *until)
    }

    /// An operation failed. Returns whether that is the start of the trouble.
    pub(crate) fn failed(&mut self, now: Moment) -> bool {
        // Operations that were under way when the trouble began are the same failure.
        if self.left_alone_until(now).is_none() {
            let until = now + self.delay.take();
            return self.left_alone_until.replace(until).is_none();
        }
        false
    }

    /// An operation succeeded. Returns whether that is the end of the trouble.
    pub(crate) fn succeeded(&mut self) -> bool {
        let was_in_trouble = self.is_in_trouble();
        *self = Self::new();
        was_in_trouble
    }
}

const DELAYS: DoublingDelay = DoublingDelay::new(Duration::from_secs(1), Duration::from_secs(30));
