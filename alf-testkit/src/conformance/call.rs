//! [`ThreadCall`]: a caller on a thread of its own.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable, Aborted};

use crate::runtime::VirtualTime;
use crate::suite::{caught, fail};
use crate::waiting::DEADLINE;

use super::outcome::CallOutcome;
use super::subject::Subject;

/// A call that runs on a thread of its own, so that a library that blocks can be tested too.
pub(super) struct ThreadCall {
    thread: JoinHandle<Result<Result<CallOutcome, Aborted>, String>>,
    has_ended: Arc<AtomicBool>,
    cancel: AbortHandle,
    time: VirtualTime,
}

impl ThreadCall {
    /// Starts the call. When it has ended, `time` is notified.
    pub(super) fn start<S: Subject, F: Future<Output = CallOutcome>>(
        time: &VirtualTime,
        future: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (cancel, registration) = AbortHandle::new_pair();
        let has_ended = Arc::<AtomicBool>::default();
        let (ended, end_time) = (Arc::clone(&has_ended), time.clone());
        let run = move || S::block_on(Abortable::new(future(), registration));
        let thread = thread::spawn(move || {
            let outcome = caught(run);
            ended.store(true, Ordering::SeqCst);
            end_time.notify();
            outcome
        });
        Self {
            thread,
            has_ended,
            cancel,
            time: time.clone(),
        }
    }

    pub(super) fn wait(self) -> CallOutcome {
        if !self.ends_within(DEADLINE) {
            fail("a call to end, but after 30 s it has not");
        }
        match self.thread.join() {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(Aborted))) => fail("a call that was not dropped"),
            // X5: an error of the library is an outcome.
            Ok(Err(panic)) => fail(&format!(
                "a call to end with an answer or an error, but it panicked: {panic}"
            )),
            Err(_) => fail("a thread of a call to end"),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.time.holds_within(limit, || self.has_ended())
    }

    /// Drops the future, and waits until it is dropped. A library that blocks notices that when it is
    /// done.
    pub(super) fn abandon(self) {
        self.cancel.abort();
        if !self.ends_within(DEADLINE) {
            fail("a dropped call to end");
        }
    }
}
