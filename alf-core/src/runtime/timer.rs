//! One thread for all timers of the process; it ends when there is none left.
//!
//! A client at rest must cost no thread, which is why this is not one of the timer libraries:
//! their thread, once begun, stays.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::clock;

/// Resolves after `duration`; without a thread to serve it, it never does before it is polled
/// again (the system is out of threads, and has worse problems).
pub(super) fn sleep(duration: Duration) -> Sleep {
    // A duration that no clock reaches is as good as a year.
    let at = clock::instant()
        .checked_add(duration.min(LONGEST))
        .unwrap_or_else(clock::instant);
    Sleep { at, key: None }
}

/// A timer that is set when it is first polled, and taken back when it is dropped.
#[derive(Debug)]
pub(super) struct Sleep {
    at: Instant,
    key: Option<Key>,
}

/// By time, then by number, so that two timers of one instant are two.
type Key = (Instant, u64);

struct Timers {
    waiting: BTreeMap<Key, Waker>,
    numbers: u64,
    thread: Thread,
}

#[derive(PartialEq, Eq)]
enum Thread {
    None,
    /// In the process of that id: a fork leaves its threads behind.
    RunningIn(u32),
}

static TIMERS: Mutex<Timers> = Mutex::new(Timers {
    waiting: BTreeMap::new(),
    numbers: 0,
    thread: Thread::None,
});
static CHANGED: Condvar = Condvar::new();

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.at <= clock::instant() {
            self.take_back();
            return Poll::Ready(());
        }
        let mut timers = timers();
        let key = match self.key {
            Some(key) => key,
            None => (self.at, timers.next_number()),
        };
        self.key = Some(key);
        let replaced = timers.waiting.insert(key, context.waker().clone());
        let is_next = timers.waiting.keys().next() == Some(&key);
        if timers.thread != Thread::RunningIn(std::process::id()) {
            timers.begin_thread();
        } else if is_next {
            CHANGED.notify_one();
        }
        drop(timers);
        // Outside of the lock: it may run code of an executor, and so drop a timer.
        drop(replaced);
        Poll::Pending
    }
}

impl Sleep {
    fn take_back(&mut self) {
        if let Some(key) = self.key.take() {
            let mut timers = timers();
            let waker = timers.waiting.remove(&key);
            if timers.waiting.is_empty() {
                // The thread ends at once, not when the last timer would have been due.
                CHANGED.notify_one();
            }
            drop(timers);
            // Outside of the lock, as above.
            drop(waker);
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.take_back();
    }
}

impl Timers {
    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    fn begin_thread(&mut self) {
        let begun = std::thread::Builder::new()
            .name("alf-timer".to_owned())
            .spawn(serve);
        if begun.is_ok() {
            self.thread = Thread::RunningIn(std::process::id());
        }
    }

    /// Takes out the timers that are due at `now`.
    fn take_due(&mut self, now: Instant) -> BTreeMap<Key, Waker> {
        let later = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, later)
    }
}

fn serve() {
    let mut timers = timers();
    loop {
        let now = clock::instant();
        let due = timers.take_due(now);
        if !due.is_empty() {
            // Woken outside of the lock: a waker may poll, and so set or drop a timer.
            drop(timers);
            due.into_values().for_each(wake);
            timers = self::timers();
            continue;
        }
        let Some((at, _)) = timers.waiting.keys().next().copied() else {
            timers.thread = Thread::None;
            return;
        };
        let pause = at.saturating_duration_since(now);
        timers = CHANGED
            .wait_timeout(timers, pause)
            .map_or_else(|poisoned| poisoned.into_inner().0, |(timers, _)| timers);
    }
}

/// A waker that panics must not take the other timers with it.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

/// Nothing in this file panics while it holds the lock; and a waker that panics does not hold it.
fn timers() -> MutexGuard<'static, Timers> {
    TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

const LONGEST: Duration = Duration::from_secs(365 * 86_400);
