//! What alf needs of an async runtime: time and tasks.

mod before;
mod clock;
mod thread;
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

/// A future on the heap, as [`Runtime`] takes and returns it.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// What alf needs of an async runtime: two clocks, a timer, and tasks.
///
/// [`ThreadRuntime`], the default, needs none. Another one is needed only if the *transport* needs it: on tokio,
/// [`TokioRuntime`](crate::TokioRuntime). An implementation for another runtime takes a page, and may forward `now`,
/// `wall_clock` and `sleep` to [`ThreadRuntime`].
pub trait Runtime: Send + Sync + 'static {
    /// Returns monotonic time. It is read for every request, so it should be cheap. It may be coarse (a few
    /// milliseconds).
    fn now(&self) -> Moment;

    /// Returns the wall-clock time. alf compares it with [`now`](Self::now) every few seconds, to notice that the machine
    /// has slept.
    fn wall_clock(&self) -> SystemTime;

    /// Returns a future that resolves after `duration`, not before. It may be dropped at any time. Callers poll it in
    /// their own tasks, not only in those of [`spawn`](Self::spawn).
    fn sleep(&self, duration: Duration) -> BoxFuture;

    /// Runs `task` to its end, also if the caller is dropped meanwhile.
    ///
    /// It may be called from any thread, also outside of any runtime. A runtime that cannot run the task drops it: alf
    /// notices, wakes its waiters, and tries once more (S4).
    fn spawn(&self, task: BoxFuture);
}

/// A shared runtime.
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
