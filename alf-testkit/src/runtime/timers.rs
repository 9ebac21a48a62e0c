//! Two clocks, the timers on them, and the tasks that use them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment};
use futures_channel::oneshot;
use futures_util::future::{AbortHandle, abortable};
use scopeguard::guard;

use crate::waiting::Watched;

pub(super) struct VirtualTimers {
    pub(super) now: Moment,
    pub(super) wall_clock: SystemTime,
    pub(super) waiting: BTreeMap<TimerKey, TimerEnd>,
    /// The spawned tasks whose futures exist.
    pub(super) tasks: BTreeMap<u64, AbortHandle>,
    numbers: u64,
}

/// The moment, then a number: two timers of one moment are distinct, and keep their order.
type TimerKey = (Moment, u64);

/// Dropping it ends the timer.
pub(super) type TimerEnd = oneshot::Sender<()>;

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
    /// Returns the timers that are due, in order. Drop them without the lock: that wakes who waits.
    pub(super) fn move_to(&mut self, end: Moment) -> Vec<TimerEnd> {
        self.wall_clock += end.saturating_since(self.now);
        self.now = self.now.max(end);
        let later = self.waiting.split_off(&(self.now, u64::MAX));
        std::mem::replace(&mut self.waiting, later)
            .into_values()
            .collect()
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
    guarded(timers, task, move |timers| timers.tasks.remove(&number))
}

/// Returns a timer, which is set now, and removed when it is dropped.
pub(super) fn sleep(timers: &Arc<Watched<VirtualTimers>>, duration: Duration) -> BoxFuture {
    let (end, ended) = oneshot::channel();
    let key = timers.change(|timers| {
        let key = (timers.now + duration, timers.next_number());
        // Without it, the sender is dropped, and the timer ends at once.
        if timers.now < key.0 {
            timers.waiting.insert(key, end);
        }
        key
    });
    guarded(timers, ended, move |timers| timers.waiting.remove(&key))
}

/// Calls `removed` when the future has ended or is dropped.
fn guarded<R>(
    timers: &Arc<Watched<VirtualTimers>>,
    future: impl Future + Send + 'static,
    removed: impl FnOnce(&mut VirtualTimers) -> R + Send + 'static,
) -> BoxFuture {
    let set = guard(Arc::clone(timers), |timers| drop(timers.change(removed)));
    Box::pin(async move {
        future.await;
        drop(set);
    })
}

/// Not zero, so that "an hour ago" exists.
pub(super) const START: Moment = Moment::from_nanos(1_000_000_000_000_000);
/// 2033-05-18, chosen arbitrarily.
const WALL_CLOCK_START: Duration = Duration::from_secs(2_000_000_000);
