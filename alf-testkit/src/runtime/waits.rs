//! How a test waits, on [`VirtualTime`], for what happens before the clocks move.

use std::sync::Arc;
use std::time::Duration;

use alf_core::{Runtime, ThreadRuntime};
use futures_util::future::{Either, select};

use crate::waiting::{DEADLINE, Watched};

use super::virtual_time::{TasksOn, VirtualTime};

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
    /// If the condition does not hold within 30 s of real time. The message contains `what`. If no task
    /// can run because this call blocks the only thread of their runtime, as in `#[tokio::test]`, it
    /// panics after 10 s: use [`wait_until_async`](Self::wait_until_async) there.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        self.wait_with_limit(RUNTIME_LIMIT, what, condition);
    }

    /// Waits as [`wait_for_timers`](Self::wait_for_timers), in an async test.
    pub async fn wait_for_timers_async(&self, count: usize) {
        let what = format!("{count} timers are set");
        self.wait_until_async(&what, |time| time.timers() >= count)
            .await;
    }

    /// Waits as [`wait_until_idle`](Self::wait_until_idle), in an async test.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::time::Duration;
    ///
    /// use alf_core::TokioRuntime;
    /// use alf_testkit::VirtualTime;
    ///
    /// // In a `#[tokio::test]`, whose runtime has one thread.
    /// let time = VirtualTime::on(TokioRuntime::new());
    /// // … build a client with `.runtime(time.clone())`, let it acquire a token, then:
    /// time.advance(Duration::from_secs(50 * 60));
    /// // … make a call, which starts the renewal of the token, then:
    /// time.wait_until_idle_async().await;
    /// # });
    /// ```
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

    /// Waits as [`wait_until`](Self::wait_until). `limit` is for the runtime to run a task.
    #[track_caller]
    pub(super) fn wait_with_limit(
        &self,
        limit: Duration,
        what: &str,
        condition: impl Fn(&Self) -> bool,
    ) {
        if self.holds_within(limit, || condition(self)) {
            return;
        }
        assert!(
            self.runs_tasks_within(limit),
            "waited in vain until {what}: this call blocks the only thread that can run the tasks, as in \
             #[tokio::test]. Use wait_until_idle_async, wait_for_timers_async or wait_until_async, with \
             .await, or a runtime with several threads. Now: {self:?}"
        );
        let happened = self.holds_within(DEADLINE.saturating_sub(limit), || condition(self));
        assert!(happened, "waited 30 s in vain until {what}; now: {self:?}");
    }

    /// Returns whether a task runs although this thread is blocked.
    fn runs_tasks_within(&self, limit: Duration) -> bool {
        let TasksOn::Runtime(runtime) = &self.tasks else {
            return true;
        };
        let has_run = Arc::new(Watched::<bool>::default());
        let task = Arc::clone(&has_run);
        runtime.spawn(Box::pin(async move { task.change(|run| *run = true) }));
        has_run.wait_until(limit, |run| *run)
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

const IDLE: &str = "no task runs and no timer is set";
/// A runtime that is not blocked runs a task within this time, on a busy machine too.
const RUNTIME_LIMIT: Duration = Duration::from_secs(5);
