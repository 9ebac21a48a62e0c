//! A future that a test runs step by step.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_task::Task;
use futures_util::FutureExt;

use super::task_queue::{TaskId, TaskQueue};

/// A future that runs on a [`SteppedRuntime`](super::SteppedRuntime), beside its tasks.
///
/// Dropping this drops the future at the point that it has reached.
#[must_use = "dropping it drops the future"]
pub struct Call<T> {
    queue: Arc<TaskQueue>,
    /// `None` after the output was taken.
    task: Option<Task<T, TaskId>>,
}

impl<T: Send + 'static> Call<T> {
    pub(super) fn start<F>(queue: Arc<TaskQueue>, future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let task = Some(queue.start(future));
        Self { queue, task }
    }
}

impl<T> Call<T> {
    /// Returns whether the future has ended.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(Task::is_finished)
    }

    /// Returns the output of the future, once, after it has ended.
    pub fn take(&mut self) -> Option<T> {
        self.task.take_if(|task| task.is_finished())?.now_or_never()
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            self.queue.cancel(task);
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
