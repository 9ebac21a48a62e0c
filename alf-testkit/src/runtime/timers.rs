//! Two clocks that a test moves, the timers on them, and the number of tasks that use them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment};
use futures_util::future::{AbortHandle, abortable};

pub(super) struct Timers(Mutex<TimersState>);

struct TimersState {
    now: Moment,
    wall: SystemTime,
    /// A timer that was not polled yet has no waker.
    waiting: BTreeMap<TimerKey, Option<Waker>>,
    numbers: u64,
    tasks: usize,
    handles: Vec<AbortHandle>,
}

/// The moment, then a number: two timers of one moment are distinct, and keep their order.
type TimerKey = (Moment, u64);

/// A timer: set when it is made, removed when it is dropped.
pub(super) struct VirtualSleep {
    timers: Arc<Timers>,
    key: TimerKey,
}

/// Counts a task as long as its future exists.
struct TaskCounted(Arc<Timers>);

impl Default for Timers {
    fn default() -> Self {
        let state = TimersState {
            now: START,
            wall: SystemTime::UNIX_EPOCH + WALL_START,
            waiting: BTreeMap::new(),
            numbers: 0,
            tasks: 0,
            handles: Vec::new(),
        };
        Self(Mutex::new(state))
    }
}

impl Timers {
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
        self.lock().next()
    }

    pub(super) fn sleep(self: Arc<Self>, duration: Duration) -> VirtualSleep {
        let mut state = self.lock();
        state.numbers += 1;
        let key = (state.now + duration, state.numbers);
        if state.now < key.0 {
            state.waiting.insert(key, None);
        }
        drop(state);
        VirtualSleep { timers: self, key }
    }

    /// Returns the task, which is counted until its future is dropped.
    pub(super) fn count_task(self: Arc<Self>, task: BoxFuture) -> BoxFuture {
        let (task, handle) = abortable(task);
        let mut state = self.lock();
        state.tasks += 1;
        state.handles.push(handle);
        drop(state);
        let counted = TaskCounted(self);
        Box::pin(async move {
            let counted = counted;
            let _ = task.await;
            drop(counted);
        })
    }

    pub(super) fn abort_tasks(&self) {
        let handles = std::mem::take(&mut self.lock().handles);
        handles.iter().for_each(AbortHandle::abort);
    }

    /// Moves to the earliest timer, if there is one until `end`, and wakes all of that moment.
    pub(super) fn move_to_next_until(&self, end: Moment) -> bool {
        let mut state = self.lock();
        let Some(next) = state.next().filter(|next| *next <= end) else {
            return false;
        };
        state.move_to(next);
        let later = state.waiting.split_off(&(next, u64::MAX));
        let due = std::mem::replace(&mut state.waiting, later);
        drop(state);
        // Without the lock: a waker may poll, and so set or drop a timer.
        due.into_values().flatten().for_each(Waker::wake);
        true
    }

    pub(super) fn move_to(&self, end: Moment) {
        self.lock().move_to(end);
    }

    /// A poisoned lock is used too: nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, TimersState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TimersState {
    fn next(&self) -> Option<Moment> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// Time does not run backwards, also if two threads move it.
    fn move_to(&mut self, end: Moment) {
        self.wall += end.saturating_since(self.now);
        self.now = self.now.max(end);
    }
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.timers.lock();
        if self.key.0 <= state.now {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let old = state.waiting.insert(self.key, waker);
        drop(state);
        // Without the lock: dropping a waker may run code of an executor.
        drop(old);
        Poll::Pending
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        let waker = self.timers.lock().waiting.remove(&self.key);
        drop(waker);
    }
}

impl Drop for TaskCounted {
    fn drop(&mut self) {
        self.0.lock().tasks -= 1;
    }
}

/// Not zero, so that "an hour ago" exists.
pub(super) const START: Moment = Moment::from_nanos(1_000_000_000_000_000);
/// 2033-05-18, chosen arbitrarily.
const WALL_START: Duration = Duration::from_secs(2_000_000_000);
