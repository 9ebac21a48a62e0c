//! [`ThreadCall`]: a caller on a thread of its own.

use std::future::Future;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable, Aborted};

use crate::poll::{DEADLINE, poll_until};

use super::failure::{fail, panic_message};
use super::subject::Subject;

/// A future that runs on a thread of its own, so that a library that blocks can be tested too.
pub(super) struct ThreadCall<T> {
    thread: JoinHandle<Result<T, Aborted>>,
    cancel: AbortHandle,
}

impl<T: Send + 'static> ThreadCall<T> {
    pub(super) fn start<S: Subject, F: Future<Output = T>>(
        future: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (cancel, registration) = AbortHandle::new_pair();
        let run = move || S::block_on(Abortable::new(future(), registration));
        let thread = thread::spawn(run);
        Self { thread, cancel }
    }

    pub(super) fn wait(self) -> T {
        self.wait_while(|| ())
    }

    /// Waits for the output, and calls `meanwhile` every millisecond.
    pub(super) fn wait_while(self, mut meanwhile: impl FnMut()) -> T {
        let ended = poll_until(DEADLINE, || {
            self.thread.is_finished() || {
                meanwhile();
                false
            }
        });
        if !ended {
            fail("a call to end, but after 30 s it has not");
        }
        match self.thread.join() {
            Ok(Ok(output)) => output,
            Ok(Err(Aborted)) => fail("a call that was not dropped"),
            // X5: an error of the library is an output.
            Err(panic) => fail(&format!(
                "a call to end with an answer or an error, but it panicked: {}",
                panic_message(&*panic)
            )),
        }
    }

    pub(super) fn ends_within(&self, time: Duration) -> bool {
        poll_until(time, || self.thread.is_finished())
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
