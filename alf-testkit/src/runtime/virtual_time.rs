//! [`VirtualTime`]: clocks and timers that a test moves.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime, ThreadRuntime};
use futures_util::future::{AbortHandle, Either, select};

use crate::waiting::{DEADLINE, Watched};

use super::task_queue::{TaskOwner, TaskQueue};
use super::timers::{self, VirtualTimers};

/// A [`Runtime`] whose clocks stand still until a test moves them.
///
/// Tasks run on a real runtime ([`ThreadRuntime`], or the one given to [`on`](Self::on)), so this
/// works with real sockets. To know what has happened before time moves, wait for it:
/// [`wait_for_timers`](Self::wait_for_timers), [`wait_until_idle`](Self::wait_until_idle),
/// [`wait_until`](Self::wait_until), or in an async test
/// [`wait_until_idle_async`](Self::wait_until_idle_async) and its like. A test without sockets can use
/// [`SteppedRuntime`](crate::SteppedRuntime), which needs no waiting.
///
/// Clones share the time.
///
/// The documentation of [alf-testkit](crate) has an example.
#[derive(Clone)]
pub struct VirtualTime {
    timers: Arc<Watched<VirtualTimers>>,
    tasks: TasksOn,
}

/// The runtime that runs the tasks.
#[derive(Clone)]
enum TasksOn {
    Runtime(Arc<dyn Runtime>),
    Test(Arc<TaskQueue>),
}

impl VirtualTime {
    /// Returns virtual time whose tasks run on threads ([`ThreadRuntime`]).
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
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.move_to(next);
        }
        self.move_to(end);
    }

    /// Moves both clocks to the earliest timer, and wakes all timers of that moment. Returns how far
    /// the clocks moved; `None` if no timer is set.
    pub fn advance_to_next_timer(&self) -> Option<Duration> {
        self.settle();
        let start = self.now();
        let end = self.next()?;
        self.move_to(end);
        Some(end.saturating_since(start))
    }

    /// Moves the wall clock forward; the other clock and all timers stand still. This is what a
    /// program sees after the clock was set, and when the machine was suspended.
    pub fn step_wall_clock_forward(&self, duration: Duration) {
        self.timers.change(|timers| timers.wall_clock += duration);
    }

    /// Moves the wall clock back; the other clock and all timers stand still.
    pub fn step_wall_clock_backward(&self, duration: Duration) {
        self.timers.change(|timers| timers.wall_clock -= duration);
    }

    /// Returns how far the clocks were moved.
    pub fn elapsed(&self) -> Duration {
        self.now().saturating_since(timers::START)
    }

    /// Returns the number of timers that are set. An idle client has none.
    pub fn timers(&self) -> usize {
        self.timers.read(|timers| timers.waiting.len())
    }

    /// Returns the time until the earliest timer.
    pub fn next_timer(&self) -> Option<Duration> {
        Some(self.next()?.saturating_since(self.now()))
    }

    /// Returns the number of spawned tasks that have not ended. An idle client has none.
    pub fn tasks(&self) -> usize {
        self.timers.read(|timers| timers.tasks.len())
    }

    /// Drops every task that was spawned, as a runtime does that is shut down while another one
    /// starts.
    pub fn drop_tasks(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => {
                // Without the lock: aborting wakes the tasks.
                let tasks = self.timers.read(|timers| timers.tasks.clone());
                tasks.values().for_each(AbortHandle::abort);
            }
            TasksOn::Test(queue) => queue.drop_spawned(),
        }
    }

    fn move_to(&self, end: Moment) {
        drop(self.timers.change(|timers| timers.move_to(end)));
        self.settle();
    }

    /// Runs the tasks that can run, if the test runs them.
    fn settle(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => {}
            TasksOn::Test(queue) => queue.run_until_stalled(),
        }
    }

    fn next(&self) -> Option<Moment> {
        self.timers.read(VirtualTimers::next)
    }
}

/// Waiting, while the clocks stand still.
impl VirtualTime {
    /// Waits until at least `count` timers are set, as [`wait_until`](Self::wait_until) does.
    #[track_caller]
    pub fn wait_for_timers(&self, count: usize) {
        let what = format!("{count} timers are set");
        self.wait_until(&what, |time| time.timers() >= count);
    }

    /// Waits until no task runs and no timer is set, as [`wait_until`](Self::wait_until) does.
    #[track_caller]
    pub fn wait_until_idle(&self) {
        self.wait_until(IDLE, Self::is_idle);
    }

    /// Waits, without moving the clocks, until `condition` holds. It is checked when a timer is set,
    /// ends or is dropped, when a task starts or ends, and when a clock moves.
    ///
    /// # Panics
    ///
    /// If the condition does not hold within 30 s of real time. The message contains `what`. This call blocks
    /// its thread: if that is the only one that can run the tasks, as in `#[tokio::test]`, use
    /// [`wait_until_async`](Self::wait_until_async).
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        assert!(
            self.holds_within(DEADLINE, || condition(self)),
            "waited 30 s in vain until {what}. If this call blocks the only thread that can run the tasks, as in \
             #[tokio::test], use wait_until_idle_async, wait_for_timers_async or wait_until_async, with \
             .await, or a runtime with several threads. Now: {self:?}"
        );
    }

    /// Waits as [`wait_for_timers`](Self::wait_for_timers), in an async test.
    pub async fn wait_for_timers_async(&self, count: usize) {
        let what = format!("{count} timers are set");
        self.wait_until_async(&what, |time| time.timers() >= count)
            .await;
    }

    /// Waits as [`wait_until_idle`](Self::wait_until_idle), in an async test.
    pub async fn wait_until_idle_async(&self) {
        self.wait_until_async(IDLE, Self::is_idle).await;
    }

    /// Waits as [`wait_until`](Self::wait_until), in an async test: the tasks can run meanwhile, also if
    /// their runtime has one thread only.
    ///
    /// # Panics
    ///
    /// If the condition does not hold within 30 s of real time. The message contains `what`.
    pub async fn wait_until_async(&self, what: &str, condition: impl Fn(&Self) -> bool + Send) {
        let mut deadline = ThreadRuntime::new().sleep(DEADLINE);
        let mut in_time = true;
        loop {
            let changed = self.timers.changed().listen();
            if condition(self) {
                return;
            }
            assert!(in_time, "waited 30 s in vain until {what}; now: {self:?}");
            in_time = matches!(select(changed, &mut deadline).await, Either::Left(_));
        }
    }

    fn is_idle(&self) -> bool {
        self.tasks() == 0 && self.timers() == 0
    }

    /// Returns whether `condition` holds within this real time. It is checked as that of
    /// [`wait_until`](Self::wait_until), and after each [`notify`](Self::notify).
    pub(crate) fn holds_within(
        &self,
        limit: Duration,
        mut condition: impl FnMut() -> bool,
    ) -> bool {
        self.timers.wait_unlocked(limit, || {
            self.settle();
            condition()
        })
    }

    /// Has everyone who waits check the condition again.
    #[cfg(feature = "conformance")]
    pub(crate) fn notify(&self) {
        self.timers.changed().notify(usize::MAX);
    }
}

impl Runtime for VirtualTime {
    fn now(&self) -> Moment {
        self.timers.read(|timers| timers.now)
    }

    fn wall_clock(&self) -> SystemTime {
        self.timers.read(|timers| timers.wall_clock)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        timers::sleep(&self.timers, duration)
    }

    fn spawn(&self, task: BoxFuture) {
        let counted = timers::counted(&self.timers, task);
        match &self.tasks {
            TasksOn::Runtime(runtime) => runtime.spawn(counted),
            TasksOn::Test(queue) => drop(queue.spawn(TaskOwner::Runtime, counted)),
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

const IDLE: &str = "no task runs and no timer is set";
