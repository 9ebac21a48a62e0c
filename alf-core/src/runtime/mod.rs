//! Time and tasks: what alf needs of an async runtime, which is little.

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

/// A future on the heap, as [`Runtime`] takes and gives it.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// What alf needs of an async runtime: two clocks, a timer, and a place for a task.
///
/// [`ThreadRuntime`] needs none at all and is the default. Another one is needed only where the
/// *transport* needs it: on tokio, [`TokioRuntime`](crate::TokioRuntime). An implementation for
/// another runtime takes a page; [`ThreadRuntime`]'s `now`, `wall_clock` and `sleep` can be
/// forwarded to.
pub trait Runtime: Send + Sync + 'static {
    /// Monotonic time. It may be coarse (a few milliseconds), and it is read for every request:
    /// it should be cheap.
    fn now(&self) -> Moment;

    /// The time of day. alf compares it with [`now`](Self::now) every few seconds, to notice that
    /// the machine has slept.
    fn wall_clock(&self) -> SystemTime;

    /// Resolves after `duration`, not before. It may be dropped at any time, and may be polled
    /// in any task of any runtime, not only in those that [`spawn`](Self::spawn) began.
    fn sleep(&self, duration: Duration) -> BoxFuture;

    /// Runs `task` to its end, whoever is dropped meanwhile, also the caller.
    ///
    /// It may be called from any thread, also from one where no runtime runs. A runtime that
    /// cannot run it drops it: alf notices, tells its waiters, and tries once more (S4).
    fn spawn(&self, task: BoxFuture);
}

/// One runtime, shared.
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
