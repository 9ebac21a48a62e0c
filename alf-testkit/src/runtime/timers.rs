//! Two clocks, the timers on them, and the tasks that use them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment};
use futures_util::future::{AbortHandle, abortable};

pub(super) struct VirtualTimers {
    pub(super) now: Moment,
    pub(super) wall_clock: SystemTime,
    /// A timer that was not polled yet has no waker.
    waiting: BTreeMap<TimerKey, Option<Waker>>,
    numbers: u64,
    tasks: Vec<SpawnedTask>,
}

/// The moment, then a number: two timers of one moment are distinct, and keep their order.
type TimerKey = (Moment, u64);

/// A timer: set when it is made, removed when it is dropped.
pub(super) struct VirtualSleep {
    timers: Arc<Mutex<VirtualTimers>>,
    key: TimerKey,
}

struct SpawnedTask {
    abort: AbortHandle,
    /// Exists as long as the future of the task.
    exists: Weak<()>,
}

/// A poisoned lock is used too: nothing panics while it holds the lock.
pub(super) fn lock(timers: &Mutex<VirtualTimers>) -> MutexGuard<'_, VirtualTimers> {
    timers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for VirtualTimers {
    fn default() -> Self {
        Self {
            now: START,
            wall_clock: SystemTime::UNIX_EPOCH + WALL_CLOCK_START,
            waiting: BTreeMap::new(),
            numbers: 0,
            tasks: Vec::new(),
        }
    }
}

impl VirtualTimers {
    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn next(&self) -> Option<Moment> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// Moves both clocks. Time does not run backwards, also if two threads move it.
    pub(super) fn move_to(&mut self, end: Moment) {
        self.wall_clock += end.saturating_since(self.now);
        self.now = self.now.max(end);
    }

    /// Removes the timers that are due, and returns their wakers, in order.
    ///
    /// Wake them without the lock: a waker may poll, and so set or drop a timer.
    pub(super) fn take_due(&mut self) -> Vec<Waker> {
        let later = self.waiting.split_off(&(self.now, u64::MAX));
        let due = std::mem::replace(&mut self.waiting, later);
        due.into_values().flatten().collect()
    }

    /// Returns the task, which is counted until its future is dropped.
    pub(super) fn count_task(&mut self, task: BoxFuture) -> BoxFuture {
        let (task, abort) = abortable(task);
        let counted = Arc::new(());
        let exists = Arc::downgrade(&counted);
        self.tasks.push(SpawnedTask { abort, exists });
        Box::pin(async move {
            let _ = task.await;
            drop(counted);
        })
    }

    pub(super) fn tasks(&mut self) -> usize {
        self.tasks.retain(|task| task.exists.strong_count() > 0);
        self.tasks.len()
    }

    /// Returns the handles of all tasks. Abort them without the lock: that wakes the tasks.
    pub(super) fn abort_handles(&self) -> Vec<AbortHandle> {
        self.tasks.iter().map(|task| task.abort.clone()).collect()
    }
}

impl VirtualSleep {
    pub(super) fn new(timers: Arc<Mutex<VirtualTimers>>, duration: Duration) -> Self {
        let mut locked = lock(&timers);
        locked.numbers += 1;
        let key = (locked.now + duration, locked.numbers);
        if locked.now < key.0 {
            locked.waiting.insert(key, None);
        }
        drop(locked);
        Self { timers, key }
    }
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timers = lock(&self.timers);
        if self.key.0 <= timers.now {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let old = timers.waiting.insert(self.key, waker);
        drop(timers);
        // Without the lock: dropping a waker may run code of an executor.
        drop(old);
        Poll::Pending
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        let waker = lock(&self.timers).waiting.remove(&self.key);
        drop(waker);
    }
}

/// Not zero, so that "an hour ago" exists.
pub(super) const START: Moment = Moment::from_nanos(1_000_000_000_000_000);
/// 2033-05-18, chosen arbitrarily.
const WALL_CLOCK_START: Duration = Duration::from_secs(2_000_000_000);
