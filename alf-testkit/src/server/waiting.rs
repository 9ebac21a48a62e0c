//! Locks and waits of the servers: a lock that outlives a panicked test, a wait that ends.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for something that should happen at once on loopback.
///
/// Generous, because a machine may be busy; it only ever passes in full when a test is about to
/// fail.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Locks, also after a thread panicked with the lock in hand: the servers must shut down then too.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits on `changed` until `done` says so.
///
/// Gives the guard back if it did, `None` if [`PATIENCE`] ran out first.
pub(super) fn wait_until<'a, T>(
    guard: MutexGuard<'a, T>,
    changed: &Condvar,
    mut done: impl FnMut(&T) -> bool,
) -> Option<MutexGuard<'a, T>> {
    let (guard, waited) = changed
        .wait_timeout_while(guard, PATIENCE, |state| !done(state))
        .unwrap_or_else(PoisonError::into_inner);
    if waited.timed_out() {
        None
    } else {
        Some(guard)
    }
}
