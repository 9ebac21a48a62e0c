//! No async runtime: an acquisition runs on a thread of its own.

use std::time::{Duration, SystemTime};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, clock, timer};

/// The runtime for programs without an async runtime, and for HTTP libraries that have their own.
///
/// Each acquisition runs on its own thread, which ends with the acquisition. One more thread serves all timers of the
/// process. It ends when there are no timers. Between acquisitions, there are no threads.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadRuntime;

impl ThreadRuntime {
    /// Returns the runtime. It has no state.
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for ThreadRuntime {
    fn now(&self) -> Moment {
        clock::monotonic()
    }

    fn wall_clock(&self) -> SystemTime {
        clock::wall()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        Box::pin(timer::sleep(duration))
    }

    fn spawn(&self, task: BoxFuture) {
        // If the system has no thread left, the task is dropped, and its acquisition reports that.
        let _ = std::thread::Builder::new()
            .name("alf-acquisition".to_owned())
            .spawn(move || pollster::block_on(task));
    }
}
