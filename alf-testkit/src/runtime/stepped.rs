//! A runtime whose tasks run only when a test says so.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime};

use super::tasks::{Health, Tasks};
use super::{Call, VirtualTime};

/// A [`Runtime`] in the hands of a test: [`VirtualTime`], and tasks that run one after another on
/// the thread of the test, each when it was woken and only then.
///
/// The same test takes the same course every time, to the last poll. The runtime can also do what
/// real ones do at bad moments: drop its tasks, shut down, stand still.
///
/// Clones share everything.
///
/// # Examples
///
/// An outage of the authorization server is ridden out, and the test takes no time:
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
    tasks: Arc<Tasks>,
}

impl SteppedRuntime {
    /// A runtime without tasks and timers.
    pub fn new() -> Self {
        let tasks = Arc::new(Tasks::default());
        Self {
            time: VirtualTime::stepped(Arc::clone(&tasks)),
            tasks,
        }
    }

    /// Its clocks and timers.
    pub fn time(&self) -> &VirtualTime {
        &self.time
    }

    /// Begins a caller: a future that runs beside the runtime's tasks, from the next
    /// [`run_until_stalled`](Self::run_until_stalled) on, until the returned [`Call`] is dropped.
    pub fn start<F>(&self, future: F) -> Call<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Call::start(Arc::clone(&self.tasks), future)
    }

    /// Runs callers and tasks until each of them waits for something. The clocks stand still.
    ///
    /// A task that panics is gone, as on real runtimes; a caller that panics fails the test.
    pub fn run_until_stalled(&self) {
        self.tasks.run_until_stalled();
    }

    /// Runs `future` to its end, and moves the clocks to the next timer whenever all wait.
    ///
    /// # Panics
    ///
    /// Where all wait and no timer is set: nothing would ever end it.
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
                "it waits for something that will never come: no timer is set; now: {self:?}"
            );
        }
    }

    /// Drops every task that was spawned, as a runtime does that is shut down while another one
    /// begins.
    pub fn drop_tasks(&self) {
        self.tasks.drop_spawned();
    }

    /// Drops every task that was spawned, and from now on each that is spawned, within `spawn`:
    /// as a tokio runtime does that was shut down.
    pub fn shut_down(&self) {
        self.tasks.set_health(Health::ShutDown);
        self.tasks.drop_spawned();
    }

    /// From now on spawned tasks are kept, but not run: as on a runtime that nobody polls. Callers
    /// run on.
    pub fn freeze(&self) {
        self.tasks.set_health(Health::Frozen);
    }

    /// Runs spawned tasks again, after [`freeze`](Self::freeze) or
    /// [`shut_down`](Self::shut_down).
    pub fn revive(&self) {
        self.tasks.set_health(Health::Running);
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
