//! No async runtime at all: an acquisition is a thread that ends with it.

use std::time::{Duration, SystemTime};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, clock, timer};

/// The runtime of a program that has none, or whose HTTP library brings its own.
///
/// An acquisition gets a thread for as long as it lasts; one more thread serves all timers of the
/// process, and ends when there is none left. Between acquisitions there is neither.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadRuntime;

impl ThreadRuntime {
    /// The runtime; it holds nothing.
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
        // Where the system has no thread to give, the task is dropped, which its acquisition reports.
        let _ = std::thread::Builder::new()
            .name("alf-acquisition".to_owned())
            .spawn(move || pollster::block_on(task));
    }
}
