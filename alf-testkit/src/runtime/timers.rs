//! Two clocks, the timers on them, and the tasks that use them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment};
use futures_util::future::{AbortHandle, abortable};

use crate::waiting::Watched;

pub(super) struct VirtualTimers {
    pub(super) now: Moment,
    pub(super) wall_clock: SystemTime,
    /// A timer that was not polled yet has no waker.
    pub(super) waiting: BTreeMap<TimerKey, Option<Waker>>,
    /// The spawned tasks whose futures exist.
    pub(super) tasks: BTreeMap<u64, AbortHandle>,
    numbers: u64,
}

/// The moment, then a number: two timers of one moment are distinct, and keep their order.
type TimerKey = (Moment, u64);

/// A timer: set when it is made, removed when it is dropped.
pub(super) struct VirtualSleep {
    timers: Arc<Watched<VirtualTimers>>,
    key: TimerKey,
}

/// Removes a task when its future is dropped.
struct CountedTask {
    timers: Arc<Watched<VirtualTimers>>,
    number: u64,
}

impl Default for VirtualTimers {
    fn default() -> Self {
        Self {
            now: START,
            wall_clock: SystemTime::UNIX_EPOCH + WALL_CLOCK_START,
            waiting: BTreeMap::new(),
            tasks: BTreeMap::new(),
            numbers: 0,
        }
    }
}

impl VirtualTimers {
    pub(super) fn next(&self) -> Option<Moment> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// Moves both clocks. Time does not run backwards, also if two threads move it.
    ///
    /// Returns the wakers of the timers that are due, in order. Wake them without the lock: a waker may
    /// poll, and so set or drop a timer.
    pub(super) fn move_to(&mut self, end: Moment) -> Vec<Waker> {
        self.wall_clock += end.saturating_since(self.now);
        self.now = self.now.max(end);
        let later = self.waiting.split_off(&(self.now, u64::MAX));
        let due = std::mem::replace(&mut self.waiting, later);
        due.into_values().flatten().collect()
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

/// Returns the task, which is counted until its future is dropped.
pub(super) fn counted(timers: &Arc<Watched<VirtualTimers>>, task: BoxFuture) -> BoxFuture {
    let (task, abort) = abortable(task);
    let number = timers.change(|timers| {
        let number = timers.next_number();
        timers.tasks.insert(number, abort);
        number
    });
    let timers = Arc::clone(timers);
    let counted = CountedTask { timers, number };
    Box::pin(async move {
        let _ = task.await;
        drop(counted);
    })
}

impl Drop for CountedTask {
    fn drop(&mut self) {
        self.timers
            .change(|timers| timers.tasks.remove(&self.number));
    }
}

impl VirtualSleep {
    pub(super) fn new(timers: Arc<Watched<VirtualTimers>>, duration: Duration) -> Self {
        let key = timers.change(|timers| {
            let key = (timers.now + duration, timers.next_number());
            if timers.now < key.0 {
                timers.waiting.insert(key, None);
            }
            key
        });
        Self { timers, key }
    }
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timers = self.timers.lock();
        if self.key.0 <= timers.now {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let previous = timers.waiting.insert(self.key, waker);
        drop(timers);
        // Without the lock: dropping a waker may run code of an executor.
        drop(previous);
        Poll::Pending
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        self.timers
            .change(|timers| timers.waiting.remove(&self.key));
    }
}

/// Not zero, so that "an hour ago" exists.
pub(super) const START: Moment = Moment::from_nanos(1_000_000_000_000_000);
/// 2033-05-18, chosen arbitrarily.
const WALL_CLOCK_START: Duration = Duration::from_secs(2_000_000_000);
