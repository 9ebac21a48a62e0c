//! Whether the store is used, after it has failed (D13).

use core::time::Duration;

use super::{DoublingDelay, Moment};

/// The store is left alone after a failure: for 1 s, doubling to 30 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreHealth {
    left_alone_until: Option<Moment>,
    delay: DoublingDelay,
    /// Since the latest write that succeeded.
    has_write_failed: bool,
}

/// What an operation of the store shows about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    /// Also the reading of what another instance has just written.
    Write,
}

impl StoreHealth {
    pub(crate) const fn new() -> Self {
        Self {
            left_alone_until: None,
            delay: DELAYS,
            has_write_failed: false,
        }
    }

    /// Whether it has failed, and has not shown since that it works.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.left_alone_until.is_some()
    }

    /// Until when it is left alone, if that is later than now.
    pub(crate) fn left_alone_until(&self, now: Moment) -> Option<Moment> {
        self.left_alone_until.filter(|until| now < *until)
    }

    /// An operation failed. Returns whether that is the start of the trouble.
    pub(crate) fn failed(&mut self, now: Moment, operation: Operation) -> bool {
        self.has_write_failed |= operation == Operation::Write;
        // Operations that were under way when the trouble began are the same failure.
        if self.left_alone_until(now).is_none() {
            let until = now + self.delay.take();
            return self.left_alone_until.replace(until).is_none();
        }
        false
    }

    /// An operation succeeded. Returns whether that is the end of the trouble.
    pub(crate) fn succeeded(&mut self, operation: Operation) -> bool {
        // It may be read-only.
        if self.has_write_failed && operation == Operation::Read {
            return false;
        }
        let was_in_trouble = self.is_in_trouble();
        *self = Self::new();
        was_in_trouble
    }
}

const DELAYS: DoublingDelay = DoublingDelay::new(Duration::from_secs(1), Duration::from_secs(30));
