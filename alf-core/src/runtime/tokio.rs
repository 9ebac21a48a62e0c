//! tokio, for transports that need its reactor.

use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, ThreadRuntime};

/// The runtime for transports that need tokio's reactor.
///
/// An acquisition runs as a task of the runtime that its caller is in; a caller outside of tokio gets a
/// thread with a runtime of its own for as long as the acquisition lasts. Timers and clocks are those
/// of [`ThreadRuntime`]: they do not depend on a runtime that may be shut down, and tokio's paused
/// time does not touch them.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

impl TokioRuntime {
    /// The runtime; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for TokioRuntime {
    fn now(&self) -> Moment {
        ThreadRuntime.now()
    }

    fn wall_clock(&self) -> SystemTime {
        ThreadRuntime.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        ThreadRuntime.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        if let Ok(caller) = Handle::try_current() {
            caller.spawn(task);
            return;
        }
        // Where the system has no thread or no reactor to give, the task is dropped, which its
        // acquisition reports.
        let _ = std::thread::Builder::new()
            .name("alf-acquisition".to_owned())
            .spawn(move || {
                if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
                    runtime.block_on(task);
                }
            });
    }
}
