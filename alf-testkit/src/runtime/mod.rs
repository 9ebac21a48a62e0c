//! Time and tasks in the hands of a test: [`VirtualTime`], and [`SteppedRuntime`] where the tasks
//! are to run one after another too.

mod call;
mod stepped;
mod tasks;
mod timers;

pub use call::Call;
pub use stepped::SteppedRuntime;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime, ThreadRuntime};

use tasks::Tasks;
use timers::Timers;

/// A [`Runtime`] whose clocks stand still until a test moves them.
///
/// Tasks run on a real runtime meanwhile ([`ThreadRuntime`], or the one given to
/// [`on`](Self::on)), so this fits under real sockets. To be exact about what has happened before
/// time moves, wait for it: [`wait_for_timers`](Self::wait_for_timers),
/// [`wait_for_rest`](Self::wait_for_rest), [`wait_until`](Self::wait_until). For a test without
/// sockets, [`SteppedRuntime`] needs no waiting at all.
///
/// Clones share the time.
///
/// # Examples
///
/// A token is renewed when its time has come, and not a second was waited:
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
/// time.wait_for_rest();
/// time.advance(Duration::from_secs(50 * 60));
/// block_on(client.send(call()))?; // goes out with it, and renews it in the background
/// time.wait_for_rest();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VirtualTime {
    timers: Arc<Timers>,
    place: Place,
}

/// Where tasks run.
#[derive(Clone)]
enum Place {
    On(Arc<dyn Runtime>),
    Stepped(Arc<Tasks>),
}

impl VirtualTime {
    /// Tasks run on threads of their own.
    pub fn new() -> Self {
        Self::on(ThreadRuntime::new())
    }

    /// Tasks run where `runtime` runs them; its clocks and timers are not used.
    pub fn on(runtime: impl Runtime) -> Self {
        Self::at(Place::On(Arc::new(runtime)))
    }

    fn stepped(tasks: Arc<Tasks>) -> Self {
        Self::at(Place::Stepped(tasks))
    }

    fn at(place: Place) -> Self {
        Self {
            timers: Arc::new(Timers::new()),
            place,
        }
    }

    /// Moves both clocks on, past every timer on the way in its order: each is woken when the
    /// clocks show its time.
    ///
    /// Under [`SteppedRuntime`] what it woke runs before the clocks move on, also where it sets
    /// further timers on the way. Elsewhere it runs whenever its runtime runs it.
    pub fn advance(&self, duration: Duration) {
        let end = self.now() + duration;
        self.settle();
        while self.timers.move_to_next_until(end) {
            self.settle();
        }
        self.timers.move_to(end);
        self.settle();
    }

    /// Moves both clocks to the earliest timer and wakes it and those of the same moment; says
    /// how far that was. Without a timer nothing happens.
    pub fn advance_to_next_timer(&self) -> Option<Duration> {
        self.settle();
        let begin = self.now();
        let end = self.timers.next()?;
        self.timers.move_to_next_until(end);
        self.settle();
        Some(end.saturating_since(begin))
    }

    /// The machine sleeps: the wall clock moves, the monotonic clock and all timers stand still.
    ///
    /// It is the same as [`step_wall_clock_forward`](Self::step_wall_clock_forward): the two
    /// cannot be told apart from within the machine.
    pub fn sleep_machine(&self, duration: Duration) {
        self.step_wall_clock_forward(duration);
    }

    /// Someone sets the wall clock forward.
    pub fn step_wall_clock_forward(&self, duration: Duration) {
        self.timers.step_wall_clock(|wall| wall + duration);
    }

    /// Someone sets the wall clock back.
    pub fn step_wall_clock_backward(&self, duration: Duration) {
        self.timers.step_wall_clock(|wall| wall - duration);
    }

    /// How much time has been advanced.
    pub fn elapsed(&self) -> Duration {
        self.now().saturating_since(timers::BEGIN)
    }

    /// How many timers are set: those that are neither over nor dropped. A client at rest has none.
    pub fn timers(&self) -> usize {
        self.timers.count()
    }

    /// How far away the earliest timer is.
    pub fn next_timer(&self) -> Option<Duration> {
        Some(self.timers.next()?.saturating_since(self.now()))
    }

    /// How many tasks were spawned and have not ended. A client at rest has none.
    pub fn tasks(&self) -> usize {
        self.timers.tasks()
    }

    /// Waits until at least that many timers are set.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
    pub fn wait_for_timers(&self, count: usize) {
        self.wait_until(&format!("{count} timers are set"), |time| {
            time.timers() >= count
        });
    }

    /// Waits until no task runs and no timer is set.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
    pub fn wait_for_rest(&self) {
        self.wait_until("no task runs and no timer is set", |time| {
            time.tasks() == 0 && time.timers() == 0
        });
    }

    /// Waits, without moving the clocks, until `condition` holds. It is looked at whenever a timer
    /// or a task came or went, and now and then.
    ///
    /// # Panics
    ///
    /// Where that has not happened within 30 s of real time; `what` says what was awaited.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let happened = self.timers.wait_until(|| {
            self.settle();
            condition(self)
        });
        assert!(happened, "waited 30 s in vain until {what}; now: {self:?}");
    }

    /// Lets run what can run, where that is this test's to do.
    fn settle(&self) {
        match &self.place {
            Place::Stepped(tasks) => tasks.run_until_stalled(),
            Place::On(_) => {}
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
        match &self.place {
            Place::On(runtime) => runtime.spawn(counted),
            Place::Stepped(tasks) => tasks.spawn(counted),
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

#[cfg(test)]
mod tests;
