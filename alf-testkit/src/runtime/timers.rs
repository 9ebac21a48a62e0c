//! Two clocks that are moved by hand, and the timers on them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use alf_core::{BoxFuture, Moment};

/// Not the start of the time line, so that "an hour ago" exists.
pub(super) const BEGIN: Moment = Moment::from_nanos(1_000_000_000_000_000);
/// 2033-05-18, as good as any.
const WALL_BEGIN: Duration = Duration::from_secs(2_000_000_000);
/// How long a test waits for what should happen at once; it only passes in full before a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// For conditions on something that tells nobody of its changes.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(2);

pub(super) struct Timers {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    now: Moment,
    wall: SystemTime,
    /// The wakers of timers that nobody has polled yet are missing.
    waiting: BTreeMap<Key, Option<Waker>>,
    numbers: u64,
    tasks: usize,
    changes: u64,
}

/// By time, then by number: two timers of one moment are two, and keep their order.
type Key = (Moment, u64);

/// A timer: set when it is made, taken back when it is dropped.
pub(super) struct Sleep {
    timers: Arc<Timers>,
    key: Key,
}

/// Counts a task as long as its future lives.
struct Counted(Arc<Timers>);

impl Timers {
    pub(super) fn new() -> Self {
        let state = State {
            now: BEGIN,
            wall: SystemTime::UNIX_EPOCH + WALL_BEGIN,
            waiting: BTreeMap::new(),
            numbers: 0,
            tasks: 0,
            changes: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.lock().now
    }

    pub(super) fn wall_clock(&self) -> SystemTime {
        self.lock().wall
    }

    pub(super) fn step_wall_clock(&self, step: impl FnOnce(SystemTime) -> SystemTime) {
        let mut state = self.lock();
        state.wall = step(state.wall);
    }

    pub(super) fn count(&self) -> usize {
        self.lock().waiting.len()
    }

    pub(super) fn tasks(&self) -> usize {
        self.lock().tasks
    }

    pub(super) fn next(&self) -> Option<Moment> {
        let state = self.lock();
        state.waiting.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn sleep(self: Arc<Self>, duration: Duration) -> Sleep {
        let mut state = self.lock();
        state.numbers += 1;
        let key = (state.now + duration, state.numbers);
        if state.now < key.0 {
            state.waiting.insert(key, None);
        }
        drop(state);
        self.tell();
        Sleep { timers: self, key }
    }

    /// The task, counted until its future is dropped.
    pub(super) fn count_task(self: Arc<Self>, task: BoxFuture) -> BoxFuture {
        self.lock().tasks += 1;
        self.tell();
        let counted = Counted(self);
        Box::pin(async move {
            let counted = counted;
            task.await;
            drop(counted);
        })
    }

    /// Moves to the earliest timer, if there is one until `end`, and wakes all of that moment.
    pub(super) fn move_to_next_until(&self, end: Moment) -> bool {
        let mut state = self.lock();
        let Some(next) = state.waiting.keys().next().map(|(at, _)| *at) else {
            return false;
        };
        if next > end {
            return false;
        }
        state.move_to(next);
        let later = state.waiting.split_off(&(next, u64::MAX));
        let due = std::mem::replace(&mut state.waiting, later);
        drop(state);
        self.tell();
        // Outside of the lock: a waker may poll, and so set or drop a timer.
        due.into_values().flatten().for_each(Waker::wake);
        true
    }

    pub(super) fn move_to(&self, end: Moment) {
        self.lock().move_to(end);
        self.tell();
    }

    /// Whether `condition` came to hold before patience was over.
    pub(super) fn wait_until(&self, condition: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        loop {
            let seen = self.lock().changes;
            if condition() {
                return true;
            }
            if begun.elapsed() > PATIENCE {
                return false;
            }
            let state = self.lock();
            if state.changes == seen {
                drop(self.changed.wait_timeout(state, LOOKED_AGAIN_AFTER));
            }
        }
    }

    /// Tells those who wait for a condition.
    fn tell(&self) {
        self.lock().changes += 1;
        self.changed.notify_all();
    }

    /// Also after a test has panicked: nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Time does not run backwards, also where two threads move it.
    fn move_to(&mut self, end: Moment) {
        self.wall += end.saturating_since(self.now);
        self.now = self.now.max(end);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.timers.lock();
        if self.key.0 <= state.now {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let old = state.waiting.insert(self.key, waker);
        drop(state);
        // Outside of the lock: it may run code of an executor.
        drop(old);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.timers.lock().waiting.remove(&self.key);
        self.timers.tell();
        drop(waker);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.lock().tasks -= 1;
        self.0.tell();
    }
}
