//! No async runtime: an acquisition runs on threads.

use std::time::{Duration, SystemTime};

use crate::machine::Moment;

use super::thread_pool::ThreadPool;
use super::{BoxFuture, Runtime, clock, timer};

/// The runtime for programs without an async runtime, and for HTTP libraries that have their own.
///
/// An acquisition holds a thread while it runs: for the whole of a token request if the HTTP library blocks, and for the
/// time between two waits if it does not. While an acquisition waits for a pause, or for a permit in an outage, it holds
/// none. Another thread serves all timers of the process. If no acquisition is under way, there are no threads.
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
        ThreadPool::of_this_process().spawn(task);
    }
}
