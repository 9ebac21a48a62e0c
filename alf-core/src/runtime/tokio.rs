//! tokio, for transports that need its reactor.

use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle};

use crate::machine::Moment;

use super::{BoxFuture, Runtime, ThreadRuntime};

/// The runtime for transports that need tokio's reactor.
///
/// Needs the feature `tokio`.
///
/// An acquisition runs as a task of the caller's tokio runtime. If the caller is outside of tokio, alf starts a thread with a
/// tokio runtime, which lasts as long as the acquisition.
///
/// Timers are tokio's. The caller's runtime must enable its time driver, as `enable_all` and `#[tokio::main]` do. tokio's
/// paused time affects these timers. Callers outside of tokio use the timers of [`ThreadRuntime`]. The clocks are always
/// those of [`ThreadRuntime`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

impl TokioRuntime {
    /// Returns the runtime. It has no state.
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
