//! No async runtime: an acquisition runs on a thread of its own.

use std::time::{Duration, SystemTime};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, clock, timer};

/// The runtime of a program that has no async runtime, or whose HTTP library brings its own.
///
/// An acquisition has a thread for as long as it lasts. One more thread serves all timers of the process, and ends with
/// the last one. Between acquisitions there is neither.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadRuntime;

impl ThreadRuntime {
    /// Returns the runtime, which holds nothing.
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
