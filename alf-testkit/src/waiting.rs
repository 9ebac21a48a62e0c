//! Locks, waits for what another thread does, and how a test fails.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_listener::{Event, Listener};

/// How long a test waits for something that should happen at once.
///
/// It is long because a machine may be busy. It passes in full only if a test is about to fail.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Locks, also if a thread panicked while it held the lock: the servers must stop then too.
pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails the test, which cannot continue.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "a test double: the test fails here with the reason"
)]
pub(crate) fn fail(reason: fmt::Arguments<'_>) -> ! {
    panic!("{reason}");
}

/// A value that threads change, and whose changes others wait for.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Event,
}

impl<T> Watched<T> {
    pub(crate) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&locked(&self.value))
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut locked(&self.value));
        self.changed.notify(usize::MAX);
        result
    }

    /// The event of a [`change`](Self::change).
    pub(crate) fn changed(&self) -> &Event {
        &self.changed
    }

    /// Waits until `done`, or until `limit` has passed; returns whether it is done.
    #[must_use]
    pub(crate) fn wait_until(&self, limit: Duration, mut done: impl FnMut(&T) -> bool) -> bool {
        self.wait_unlocked(limit, || self.read(&mut done))
    }

    /// As [`wait_until`](Self::wait_until), for a condition that locks the value itself.
    #[must_use]
    pub(crate) fn wait_unlocked(&self, limit: Duration, mut done: impl FnMut() -> bool) -> bool {
        let start = Instant::now();
        loop {
            let changed = self.changed.listen();
            if done() {
                return true;
            }
            let left = limit.saturating_sub(start.elapsed());
            if changed.wait_timeout(left).is_none() {
                return done();
            }
        }
    }
}
