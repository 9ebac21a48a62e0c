//! tokio, for transports that need its reactor.

use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, ThreadRuntime};

/// The runtime for transports that need tokio's reactor.
///
/// Needs the feature `tokio`.
///
/// An acquisition runs as a task of the runtime in which its caller is. A caller outside of tokio gets a thread with a
/// tokio runtime of its own for as long as the acquisition lasts.
///
/// Timers are tokio's, so the caller's runtime needs its time driver (`enable_all`, as `#[tokio::main]` has it), and
/// tokio's paused time affects them. Callers outside of tokio use the timers of [`ThreadRuntime`]. The clocks are those of
/// [`ThreadRuntime`] in any case.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

impl TokioRuntime {
    /// Returns the runtime, which holds nothing.
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
        if Handle::try_current().is_ok() {
            Box::pin(tokio::time::sleep(duration))
        } else {
            ThreadRuntime.sleep(duration)
        }
    }

    fn spawn(&self, task: BoxFuture) {
        if let Ok(caller) = Handle::try_current() {
            caller.spawn(task);
            return;
        }
        // If the system has no thread or no reactor left, the task is dropped, and its acquisition reports that.
        let _ = std::thread::Builder::new()
            .name("alf-acquisition".to_owned())
            .spawn(move || {
                if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
                    runtime.block_on(task);
                }
            });
    }
}
