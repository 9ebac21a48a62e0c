//! [`VirtualTime`]: clocks and timers that a test moves.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime, ThreadRuntime};
use futures_util::future::AbortHandle;

use crate::poll::{DEADLINE, poll_until};

use super::task_queue::TaskQueue;
use super::timers::{self, VirtualSleep, VirtualTimers};

/// A [`Runtime`] whose clocks stand still until a test moves them.
///
/// Tasks run on a real runtime ([`ThreadRuntime`], or the one given to [`on`](Self::on)), so this
/// works with real sockets. To know what has happened before time moves, wait for it:
/// [`wait_for_timers`](Self::wait_for_timers), [`wait_until_idle`](Self::wait_until_idle),
/// [`wait_until`](Self::wait_until). A test without sockets can use
/// [`SteppedRuntime`](crate::SteppedRuntime), which needs no waiting.
///
/// Clones share the time.
///
/// The documentation of [alf-testkit](crate) has an example.
#[derive(Clone)]
pub struct VirtualTime {
    timers: Arc<Mutex<VirtualTimers>>,
    tasks: TasksOn,
}

/// The runtime that runs the tasks.
#[derive(Clone)]
enum TasksOn {
    Runtime(Arc<dyn Runtime>),
    Test(Arc<TaskQueue>),
}

impl VirtualTime {
    /// Returns virtual time whose tasks run on threads of their own.
    pub fn new() -> Self {
        Self::on(ThreadRuntime::new())
    }

    /// Returns virtual time whose tasks run on `runtime`. The clocks and timers of `runtime` are
    /// not used.
    pub fn on(runtime: impl Runtime) -> Self {
        Self {
            timers: Arc::default(),
            tasks: TasksOn::Runtime(Arc::new(runtime)),
        }
    }

    pub(super) fn stepped(queue: Arc<TaskQueue>) -> Self {
        Self {
            timers: Arc::default(),
            tasks: TasksOn::Test(queue),
        }
    }

    /// Moves both clocks forward. Each timer on the way is woken, in order, when the clocks show its
    /// time.
    ///
    /// With [`SteppedRuntime`](crate::SteppedRuntime), what a timer woke runs before the clocks move
    /// on, and may set further timers. With another runtime, it runs when that runtime runs it.
    pub fn advance(&self, duration: Duration) {
        let end = self.now() + duration;
        self.settle();
        let next = || self.lock().next().filter(|next| *next <= end);
        while let Some(next) = next() {
            self.move_to(next);
        }
        self.move_to(end);
    }

    /// Moves both clocks to the earliest timer, and wakes all timers of that moment. Returns how far
    /// the clocks moved; `None` if no timer is set.
    pub fn advance_to_next_timer(&self) -> Option<Duration> {
        self.settle();
        let start = self.now();
        let end = self.lock().next()?;
        self.move_to(end);
        Some(end.saturating_since(start))
    }

    /// Moves the wall clock forward; the other clock and all timers stand still. This is what a
    /// program sees after the clock was set, and when the machine was suspended.
    pub fn step_wall_clock_forward(&self, duration: Duration) {
        self.lock().wall_clock += duration;
    }

    /// Moves the wall clock back; the other clock and all timers stand still.
    pub fn step_wall_clock_backward(&self, duration: Duration) {
        self.lock().wall_clock -= duration;
    }

    /// Returns how far the clocks were moved.
    pub fn elapsed(&self) -> Duration {
        self.now().saturating_since(timers::START)
    }

    /// Returns the number of timers that are set. An idle client has none.
    pub fn timers(&self) -> usize {
        self.lock().count()
    }

    /// Returns the time until the earliest timer.
    pub fn next_timer(&self) -> Option<Duration> {
        let next = self.lock().next()?;
        Some(next.saturating_since(self.now()))
    }

    /// Returns the number of spawned tasks that have not ended. An idle client has none.
    pub fn tasks(&self) -> usize {
        self.lock().tasks()
    }

    /// Drops every task that was spawned, as a runtime does that is shut down while another one
    /// starts.
    pub fn drop_tasks(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => {
                let handles = self.lock().abort_handles();
                handles.iter().for_each(AbortHandle::abort);
            }
            TasksOn::Test(queue) => queue.drop_spawned(),
        }
    }

    /// Waits until at least `count` timers are set, as [`wait_until`](Self::wait_until) does.
    pub fn wait_for_timers(&self, count: usize) {
        let what = format!("{count} timers are set");
        self.wait_until(&what, |time| time.timers() >= count);
    }

    /// Waits until no task runs and no timer is set, as [`wait_until`](Self::wait_until) does.
    pub fn wait_until_idle(&self) {
        self.wait_until("no task runs and no timer is set", |time| {
            time.tasks() == 0 && time.timers() == 0
        });
    }

    /// Waits, without moving the clocks, until `condition` holds. It is checked every
    /// millisecond.
    ///
    /// # Panics
    ///
    /// If the condition does not hold within 30 s of real time. The message contains `what`.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let happened = poll_until(DEADLINE, || {
            self.settle();
            condition(self)
        });
        assert!(happened, "waited 30 s in vain until {what}; now: {self:?}");
    }

    fn move_to(&self, end: Moment) {
        let mut timers = self.lock();
        timers.move_to(end);
        let due = timers.take_due();
        drop(timers);
        due.into_iter().for_each(Waker::wake);
        self.settle();
    }

    /// Runs the tasks that can run, if the test runs them.
    fn settle(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => {}
            TasksOn::Test(queue) => queue.run_until_stalled(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VirtualTimers> {
        timers::lock(&self.timers)
    }
}

impl Runtime for VirtualTime {
    fn now(&self) -> Moment {
        self.lock().now
    }

    fn wall_clock(&self) -> SystemTime {
        self.lock().wall_clock
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        Box::pin(VirtualSleep::new(Arc::clone(&self.timers), duration))
    }

    fn spawn(&self, task: BoxFuture) {
        let counted = self.lock().count_task(task);
        match &self.tasks {
            TasksOn::Runtime(runtime) => runtime.spawn(counted),
            TasksOn::Test(queue) => queue.spawn(counted),
        }
    }
}

impl Default for VirtualTime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for VirtualTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualTime")
            .field("elapsed", &self.elapsed())
            .field("timers", &self.timers())
            .field("next_timer", &self.next_timer())
            .field("tasks", &self.tasks())
            .finish_non_exhaustive()
    }
}
