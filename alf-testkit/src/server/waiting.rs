//! Locks and waits of the servers.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for something that should happen at once on loopback.
///
/// It is long because a machine may be busy. It passes in full only if a test is about to fail.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Locks, also if a thread panicked while it held the lock: the servers must stop then too.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that threads change, and whose changes others wait for.
#[derive(Default)]
pub(super) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&locked(&self.value))
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut locked(&self.value));
        self.changed.notify_all();
        result
    }

    /// Waits as long as `condition` holds. It is checked after each [`change`](Self::change).
    pub(super) fn wait_while(&self, mut condition: impl FnMut(&T) -> bool) {
        let value = locked(&self.value);
        let waited = self.changed.wait_while(value, |value| condition(value));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until `done`, or until [`DEADLINE`]; returns whether it is done.
    #[must_use]
    pub(super) fn wait_until(&self, mut done: impl FnMut(&T) -> bool) -> bool {
        let value = locked(&self.value);
        let waited = self
            .changed
            .wait_timeout_while(value, DEADLINE, |value| !done(value));
        let (value, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(value);
        !waited.timed_out()
    }
}
