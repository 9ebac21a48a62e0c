//! What alf needs of an async runtime: time and tasks.

mod before;
mod clock;
mod thread;
mod thread_pool;
mod timer;
#[cfg(feature = "tokio")]
mod tokio;

pub(crate) use before::before;
pub use thread::ThreadRuntime;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioRuntime;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::machine::Moment;

/// A boxed future: the type that [`Runtime`] takes and returns.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// What alf needs from an async runtime: two clocks, a timer, and tasks.
///
/// [`ThreadRuntime`], the default, uses threads and no async runtime. Another runtime is necessary only if the *transport*
/// needs it. For a transport on tokio, use `TokioRuntime` (feature `tokio`). For another async runtime, implement this
/// trait. `now`, `wall_clock` and `sleep` may forward to [`ThreadRuntime`].
pub trait Runtime: Send + Sync + 'static {
    /// Returns monotonic time. alf calls this for each request, so it should be fast. A resolution of a few milliseconds is
    /// enough.
    fn now(&self) -> Moment;

    /// Returns the wall-clock time. alf compares it with [`now`](Self::now) every few seconds, to detect that the machine
    /// was suspended.
    fn wall_clock(&self) -> SystemTime;

    /// Returns a future that resolves after `duration`, and not before. It may be dropped at any time. Callers poll it in
    /// their own tasks too, not only in tasks of [`spawn`](Self::spawn).
    fn sleep(&self, duration: Duration) -> BoxFuture;

    /// Runs `task` to its end, even if the caller is dropped.
    ///
    /// alf may call this from any thread, including threads outside of any runtime. If the runtime cannot run the task, it
    /// must drop it. alf then wakes the callers that wait, and tries once more (S4).
    fn spawn(&self, task: BoxFuture);
}

/// Forwards to the shared runtime.
impl<R: Runtime + ?Sized> Runtime for Arc<R> {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn wall_clock(&self) -> SystemTime {
        (**self).wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        (**self).sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        (**self).spawn(task);
    }
}
