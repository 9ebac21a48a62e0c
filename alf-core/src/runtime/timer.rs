//! One thread for all timers of the process; it ends with the last timer.
//!
//! An idle client must have no thread. That is why this is not one of the timer libraries: their thread stays once it has
//! started.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::clock;
use super::per_process::{PerProcess, VALUES};

/// Resolves after `duration`.
pub(super) fn sleep(duration: Duration) -> Sleep {
    // A duration that no clock reaches is as good as a year.
    let at = clock::instant()
        .checked_add(duration.min(LONGEST))
        .unwrap_or_else(clock::instant);
    Sleep { at, set: None }
}

/// A timer that is set when it is first polled, and removed when it is dropped.
pub(super) struct Sleep {
    at: Instant,
    set: Option<Set>,
}

/// Where a timer is set.
#[derive(Clone, Copy)]
struct Set {
    timers: &'static Timers,
    key: Key,
}

/// By time, then by number, so that two timers of one instant are two.
type Key = (Instant, u64);

/// The timers of one process.
struct Timers {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: BTreeMap<Key, Waker>,
    numbers: u64,
    /// Whether their thread runs. It sets this, so that no timer relies on a thread that could not be started.
    has_thread: bool,
}

static TIMERS: PerProcess<Timers> = PerProcess::new([const { Timers::new() }; VALUES]);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().poll_with(context, start_thread)
    }
}

impl Sleep {
    fn poll_with(
        &mut self,
        context: &mut Context<'_>,
        start_thread: impl FnOnce(&'static Timers) -> bool,
    ) -> Poll<()> {
        if self.at <= clock::instant() {
            return Poll::Ready(());
        }
        let timers = TIMERS.get();
        let mut state = timers.lock();
        let key = match self.set {
            Some(set) if std::ptr::eq(set.timers, timers) => set.key,
            Some(_) | None => (self.at, state.next_number()),
        };
        self.set = Some(Set { timers, key });
        let replaced = state.waiting.insert(key, context.waker().clone());
        let is_next = state.waiting.keys().next() == Some(&key);
        let has_thread = state.has_thread;
        if has_thread && is_next {
            timers.changed.notify_one();
        }
        drop(state);
        // Outside of the lock: it may run code of an executor, and so drop a timer.
        drop(replaced);
        if !has_thread && !start_thread(timers) {
            wait_without_a_thread(self.at, context.waker());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let here = TIMERS.get();
        // Those of the process that forked this one may be locked for ever.
        let set = self.set.take().filter(|set| std::ptr::eq(set.timers, here));
        if let Some(Set { timers, key }) = set {
            let mut state = timers.lock();
            let waker = state.waiting.remove(&key);
            if state.waiting.is_empty() {
                // The thread ends at once, not when the last timer would have been due.
                timers.changed.notify_one();
            }
            drop(state);
            // Outside of the lock, as above.
            drop(waker);
        }
    }
}

impl Timers {
    const fn new() -> Self {
        Self {
            state: Mutex::new(State::new()),
            changed: Condvar::new(),
        }
    }

    /// Wakes the tasks of the timers that are due, until no timer is left.
    fn serve(&self) {
        let mut state = self.lock();
        if state.has_thread {
            // Two timers have started one each.
            return;
        }
        state.has_thread = true;
        loop {
            let now = clock::instant();
            let due = state.take_due(now);
            if !due.is_empty() {
                // Outside of the lock: a waker may poll, and so set or drop a timer.
                drop(state);
                due.into_values().for_each(wake);
                state = self.lock();
                continue;
            }
            let Some((at, _)) = state.waiting.keys().next().copied() else {
                state.has_thread = false;
                return;
            };
            let pause = at.saturating_duration_since(now);
            state = self
                .changed
                .wait_timeout(state, pause)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in this file panics while it holds the lock, and a waker that panics does not hold it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            numbers: 0,
            has_thread: false,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    /// Removes the timers that are due at `now`.
    fn take_due(&mut self, now: Instant) -> BTreeMap<Key, Waker> {
        let later = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, later)
    }
}

/// Returns false if the system has no thread left.
fn start_thread(timers: &'static Timers) -> bool {
    let thread = std::thread::Builder::new().name("alf-timer".to_owned());
    thread.spawn(|| timers.serve()).is_ok()
}

/// The system has no thread left. The timer must end all the same, so its task is polled again and again, with a pause that
/// blocks the polling thread.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no thread on which a timer could wait"
)]
fn wait_without_a_thread(at: Instant, waker: &Waker) {
    let left = at.saturating_duration_since(clock::instant());
    std::thread::sleep(left.min(LONGEST_BLOCK));
    waker.wake_by_ref();
}

/// A waker that panics must not stop the other timers.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

const LONGEST: Duration = Duration::from_secs(365 * 86_400);
const LONGEST_BLOCK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
