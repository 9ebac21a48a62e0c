//! How a test waits, on [`VirtualTime`], for what happens before the clocks move.

use std::time::Duration;

use alf_core::{Runtime, ThreadRuntime};
use futures_util::future::{Either, select};

use crate::waiting::DEADLINE;

use super::virtual_time::VirtualTime;

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

const IDLE: &str = "no task runs and no timer is set";
