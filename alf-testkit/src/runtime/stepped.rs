//! [`SteppedRuntime`]: a runtime whose tasks run when the test says so.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime};

use crate::waiting::locked;

use super::task_queue::{Mode, TaskOwner, TaskQueue};
use super::virtual_time::VirtualTime;

/// A [`Runtime`] that a test controls: [`VirtualTime`], and tasks that run one after another on the
/// thread of the test.
///
/// The same test does the same every time, to the last poll. The runtime can also drop its tasks,
/// shut down and freeze, as real ones do.
///
/// Clones share everything.
///
/// # Examples
///
/// A client retries until the authorization server works again, and the test takes no time:
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
///
/// use alf_core::{Client, Redirects, from_fn};
/// use alf_testkit::SteppedRuntime;
/// use bytes::Bytes;
/// use http_body_util::Full;
///
/// static REQUESTS: AtomicU32 = AtomicU32::new(0);
///
/// // Stands for your stack, or for a mock of it: the third request gets an answer.
/// async fn stack(_: http::Request<Bytes>) -> Result<http::Response<Full<Bytes>>, std::io::Error> {
///     match REQUESTS.fetch_add(1, Ordering::Relaxed) {
///         0 | 1 => Err(std::io::ErrorKind::ConnectionRefused.into()),
///         _ => Ok(http::Response::new(Full::from(r#"{"access_token":"t"}"#))),
///     }
/// }
///
/// let runtime = SteppedRuntime::new();
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .runtime(runtime.clone())
///     .build(from_fn(Redirects::NotFollowed, stack))?;
///
/// let tokens = client.tokens().clone();
/// let mut call = runtime.start(async move { tokens.token().await });
/// runtime.run_until_stalled();
/// assert!(!call.is_finished());
///
/// runtime.time().advance(Duration::from_secs(1));
/// assert!(call.take().is_some_and(|token| token.is_ok()));
/// assert_eq!(runtime.time().tasks(), 0);
/// # Ok::<(), alf_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SteppedRuntime {
    time: VirtualTime,
    queue: Arc<TaskQueue>,
}

impl SteppedRuntime {
    /// Returns a runtime without tasks and timers.
    pub fn new() -> Self {
        let queue = Arc::<TaskQueue>::default();
        Self {
            time: VirtualTime::stepped(Arc::clone(&queue)),
            queue,
        }
    }

    /// Returns the clocks and timers.
    pub fn time(&self) -> &VirtualTime {
        &self.time
    }

    /// Starts a caller: a future that runs beside the runtime's tasks, from the next
    /// [`run_until_stalled`](Self::run_until_stalled) on, until the returned [`Call`] is dropped.
    pub fn start<F>(&self, future: F) -> Call<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let output = Arc::new(Mutex::new(None));
        let place = Arc::clone(&output);
        let task = Box::pin(async move {
            let output = future.await;
            *locked(&place) = Some(output);
        });
        Call {
            queue: Arc::clone(&self.queue),
            task: self.queue.spawn(TaskOwner::Test, task),
            output,
        }
    }

    /// Runs callers and tasks until each of them waits for something. The clocks stand still.
    ///
    /// A task that panics ends, as on real runtimes. A caller that panics fails the test.
    pub fn run_until_stalled(&self) {
        self.queue.run_until_stalled();
    }

    /// Runs `future` to its end, and moves the clocks to the next timer whenever all wait.
    ///
    /// # Panics
    ///
    /// If all wait and no timer is set: nothing would ever end the future.
    pub fn block_on<F>(&self, future: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut call = self.start(future);
        loop {
            self.run_until_stalled();
            if let Some(output) = call.take() {
                return output;
            }
            let moved = self.time.advance_to_next_timer();
            assert!(
                moved.is_some() || call.is_finished(),
                "the future never ends: it waits, and no timer is set; now: {self:?}"
            );
        }
    }

    /// Drops every task that was spawned, and from now on each new one within `spawn`, as a tokio
    /// runtime does that was shut down.
    pub fn shut_down(&self) {
        self.queue.set_mode(Mode::ShutDown);
        self.queue.drop_spawned();
    }

    /// Keeps spawned tasks without running them, as a runtime does that is not polled. Callers still
    /// run.
    pub fn freeze(&self) {
        self.queue.set_mode(Mode::Frozen);
    }

    /// Runs spawned tasks again, after [`freeze`](Self::freeze) or
    /// [`shut_down`](Self::shut_down).
    pub fn revive(&self) {
        self.queue.set_mode(Mode::Running);
    }
}

impl Runtime for SteppedRuntime {
    fn now(&self) -> Moment {
        self.time.now()
    }

    fn wall_clock(&self) -> SystemTime {
        self.time.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        self.time.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        self.time.spawn(task);
    }
}

impl Default for SteppedRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SteppedRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SteppedRuntime").field(&self.time).finish()
    }
}

/// A future that runs on a [`SteppedRuntime`], beside its tasks.
///
/// Dropping this drops the future at the point that it has reached.
#[must_use = "dropping it drops the future"]
pub struct Call<T> {
    queue: Arc<TaskQueue>,
    task: u64,
    output: Arc<Mutex<Option<T>>>,
}

impl<T> Call<T> {
    /// Returns whether the future has ended.
    pub fn is_finished(&self) -> bool {
        self.queue.has_ended(self.task)
    }

    /// Returns the output of the future, once, after it has ended.
    pub fn take(&mut self) -> Option<T> {
        locked(&self.output).take()
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.queue.cancel(self.task);
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
