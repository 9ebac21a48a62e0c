//! Tasks that run one after another, on the thread of the test, in the order in which they woke.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

use async_task::{Builder, Runnable, Task};

use crate::waiting::locked;

#[derive(Default)]
pub(super) struct TaskQueue {
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    woken: VecDeque<Runnable<TaskId>>,
    spawned: Vec<Task<(), TaskId>>,
    numbers: u64,
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct TaskId {
    owner: TaskOwner,
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TaskOwner {
    /// Dropped together with the runtime.
    Runtime,
    /// Runs whatever happens to the runtime.
    Test,
}

/// What happens to the tasks that are spawned on the runtime.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Running,
    /// They are kept, and not polled.
    Frozen,
    /// They are dropped.
    ShutDown,
}

impl TaskQueue {
    /// Spawns a task on the runtime. A runtime that was shut down drops it within this call, as
    /// tokio does.
    pub(super) fn spawn(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        if self.lock().mode == Mode::ShutDown {
            return;
        }
        let task = self.add(TaskOwner::Runtime, future);
        let mut state = self.lock();
        state.spawned.retain(|task| !task.is_finished());
        state.spawned.push(task);
    }

    /// Starts a task that belongs to the test.
    pub(super) fn start<F>(self: &Arc<Self>, future: F) -> Task<F::Output, TaskId>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.add(TaskOwner::Test, future)
    }

    fn add<F>(self: &Arc<Self>, owner: TaskOwner, future: F) -> Task<F::Output, TaskId>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut state = self.lock();
        state.numbers += 1;
        let number = state.numbers;
        drop(state);
        let queue = Arc::downgrade(self);
        let schedule = move |runnable| {
            if let Some(queue) = queue.upgrade() {
                queue.lock().woken.push_back(runnable);
            }
        };
        let builder = Builder::new().metadata(TaskId { owner, number });
        let (runnable, task) = builder.spawn(|_| future, schedule);
        runnable.schedule();
        task
    }

    /// Polls every task that was woken, until none is.
    pub(super) fn run_until_stalled(&self) {
        while let Some(runnable) = self.next_woken() {
            match runnable.metadata().owner {
                TaskOwner::Test => {
                    runnable.run();
                }
                // A runtime outlives a task that panics.
                TaskOwner::Runtime => {
                    let _ = catch_unwind(AssertUnwindSafe(|| runnable.run()));
                }
            }
        }
    }

    fn next_woken(&self) -> Option<Runnable<TaskId>> {
        let mut state = self.lock();
        let mut woken = state.woken.iter();
        let next = match state.mode {
            Mode::Running | Mode::ShutDown => 0,
            Mode::Frozen => woken.position(|task| task.metadata().owner == TaskOwner::Test)?,
        };
        state.woken.remove(next)
    }

    /// Drops the future of a task of the test.
    pub(super) fn cancel<T>(&self, task: Task<T, TaskId>) {
        let id = *task.metadata();
        drop(task);
        self.drop_woken(|woken| woken == id);
    }

    /// Drops every task that was spawned on the runtime.
    pub(super) fn drop_spawned(&self) {
        let spawned = std::mem::take(&mut self.lock().spawned);
        drop(spawned);
        self.drop_woken(|woken| woken.owner == TaskOwner::Runtime);
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        self.lock().mode = mode;
    }

    /// Drops the cancelled tasks, which async-task has woken once more for that.
    fn drop_woken(&self, is_cancelled: impl Fn(TaskId) -> bool) {
        let mut state = self.lock();
        let woken = std::mem::take(&mut state.woken);
        let (cancelled, kept) = woken
            .into_iter()
            .partition::<VecDeque<_>, _>(|task| is_cancelled(*task.metadata()));
        state.woken = kept;
        drop(state);
        // Without the lock: a future that is dropped may wake or spawn others.
        drop(cancelled);
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        locked(&self.state)
    }
}
