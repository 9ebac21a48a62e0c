//! [`VirtualTime`]: clocks and timers that a test moves.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime, ThreadRuntime};

use crate::poll::{DEADLINE, poll_until};

use super::task_queue::TaskQueue;
use super::timers::{self, Timers};

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
/// # Examples
///
/// A token is renewed when it is due, and the test takes no time:
///
/// ```
/// use std::time::Duration;
///
/// use alf_core::{Client, Redirects, from_fn};
/// use alf_testkit::VirtualTime;
/// use bytes::Bytes;
/// use pollster::block_on;
/// use http_body_util::Full;
///
/// # async fn my_stack(_: http::Request<Bytes>) -> Result<http::Response<Full<Bytes>>, std::io::Error> {
/// #     let token = r#"{"access_token":"t","expires_in":3600}"#;
/// #     Ok(http::Response::new(Full::from(token)))
/// # }
/// let time = VirtualTime::new();
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .runtime(time.clone())
///     .build(from_fn(Redirects::NotFollowed, |request| async { my_stack(request).await }))?;
/// let call = || http::Request::get("https://api.example.com/").body(Bytes::new()).unwrap();
///
/// block_on(client.send(call()))?; // gets a token for an hour
/// time.wait_until_idle();
/// time.advance(Duration::from_secs(50 * 60));
/// block_on(client.send(call()))?; // uses it, and renews it in the background
/// time.wait_until_idle();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VirtualTime {
    timers: Arc<Timers>,
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
        while self.timers.move_to_next_until(end) {
            self.settle();
        }
        self.timers.move_to(end);
        self.settle();
    }

    /// Moves both clocks to the earliest timer, and wakes all timers of that moment. Returns how far
    /// the clocks moved; `None` if no timer is set.
    pub fn advance_to_next_timer(&self) -> Option<Duration> {
        self.settle();
        let start = self.now();
        let end = self.timers.next()?;
        self.timers.move_to_next_until(end);
        self.settle();
        Some(end.saturating_since(start))
    }

    /// Moves the wall clock forward; the other clock and all timers stand still. This is what a
    /// program sees when somebody sets the clock, and when the machine was suspended.
    pub fn step_wall_clock_forward(&self, duration: Duration) {
        self.timers.step_wall_clock(|wall| wall + duration);
    }

    /// Moves the wall clock back; the other clock and all timers stand still.
    pub fn step_wall_clock_backward(&self, duration: Duration) {
        self.timers.step_wall_clock(|wall| wall - duration);
    }

    /// Returns how far the clocks were moved.
    pub fn elapsed(&self) -> Duration {
        self.now().saturating_since(timers::START)
    }

    /// Returns the number of timers that are set. An idle client has none.
    pub fn timers(&self) -> usize {
        self.timers.count()
    }

    /// Returns the time until the earliest timer.
    pub fn next_timer(&self) -> Option<Duration> {
        Some(self.timers.next()?.saturating_since(self.now()))
    }

    /// Returns the number of spawned tasks that have not ended. An idle client has none.
    pub fn tasks(&self) -> usize {
        self.timers.tasks()
    }

    /// Drops every task that was spawned, as a runtime does that is shut down while another one
    /// starts.
    pub fn drop_tasks(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => self.timers.abort_tasks(),
            TasksOn::Test(queue) => queue.drop_spawned(),
        }
    }

    /// Waits until at least `count` timers are set.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
    pub fn wait_for_timers(&self, count: usize) {
        let what = format!("{count} timers are set");
        self.wait_until(&what, |time| time.timers() >= count);
    }

    /// Waits until no task runs and no timer is set.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
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

    /// Runs the tasks that can run, if the test runs them.
    fn settle(&self) {
        match &self.tasks {
            TasksOn::Runtime(_) => {}
            TasksOn::Test(queue) => queue.run_until_stalled(),
        }
    }
}

impl Runtime for VirtualTime {
    fn now(&self) -> Moment {
        self.timers.now()
    }

    fn wall_clock(&self) -> SystemTime {
        self.timers.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        Box::pin(Arc::clone(&self.timers).sleep(duration))
    }

    fn spawn(&self, task: BoxFuture) {
        let counted = Arc::clone(&self.timers).count_task(task);
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
