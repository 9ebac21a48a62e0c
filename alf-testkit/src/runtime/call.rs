//! A caller in the hands of a test.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use super::tasks::{Kind, Tasks};

/// A future that runs on a [`SteppedRuntime`](super::SteppedRuntime), beside its tasks.
///
/// Dropping this drops the future where it stands, as a caller does that gives up.
#[must_use = "dropping it drops the future"]
pub struct Call<T> {
    tasks: Arc<Tasks>,
    number: u64,
    output: Arc<Mutex<Output<T>>>,
}

enum Output<T> {
    Running,
    Ready(T),
    Taken,
}

impl<T: Send + 'static> Call<T> {
    pub(super) fn start<F>(tasks: Arc<Tasks>, future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let output = Arc::new(Mutex::new(Output::Running));
        let place = Arc::clone(&output);
        let number = tasks.add(
            Kind::Caller,
            Box::pin(async move {
                let ready = Output::Ready(future.await);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = ready;
            }),
        );
        Self {
            tasks,
            number,
            output,
        }
    }
}

impl<T> Call<T> {
    /// Whether the future has ended, or its output was taken already.
    pub fn is_finished(&self) -> bool {
        !matches!(*self.lock(), Output::Running)
    }

    /// The output of the future, once, when it has ended.
    pub fn take(&mut self) -> Option<T> {
        let mut output = self.lock();
        match std::mem::replace(&mut *output, Output::Taken) {
            Output::Running => {
                *output = Output::Running;
                None
            }
            Output::Ready(ready) => Some(ready),
            Output::Taken => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Output<T>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.tasks.cancel(self.number);
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
