//! Tasks that run one after another, on the thread of the test, in the order in which they woke.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake};

use alf_core::BoxFuture;

use crate::waiting::locked;

#[derive(Default)]
pub(super) struct TaskQueue {
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    tasks: BTreeMap<u64, QueuedTask>,
    woken: VecDeque<u64>,
    numbers: u64,
    mode: Mode,
}

struct QueuedTask {
    owner: TaskOwner,
    /// `None` while it is polled.
    future: Option<BoxFuture>,
    is_woken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskOwner {
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

struct TaskWaker {
    queue: Weak<TaskQueue>,
    number: u64,
}

impl TaskQueue {
    /// Adds a task, and returns its number. A runtime that was shut down drops it within this call, as
    /// tokio does.
    pub(super) fn spawn(&self, owner: TaskOwner, future: BoxFuture) -> u64 {
        let mut state = locked(&self.state);
        state.numbers += 1;
        let number = state.numbers;
        if owner == TaskOwner::Test || state.mode != Mode::ShutDown {
            let task = QueuedTask {
                owner,
                future: Some(future),
                is_woken: true,
            };
            state.tasks.insert(number, task);
            state.woken.push_back(number);
        }
        number
    }

    /// Polls every task that was woken, until none is.
    pub(super) fn run_until_stalled(self: &Arc<Self>) {
        while let Some((number, owner, mut future)) = self.next_woken() {
            let queue = Arc::downgrade(self);
            let waker = Arc::new(TaskWaker { queue, number }).into();
            let mut context = Context::from_waker(&waker);
            let poll = || future.as_mut().poll(&mut context);
            match catch_unwind(AssertUnwindSafe(poll)) {
                Ok(Poll::Pending) => {
                    // It may have been cancelled meanwhile.
                    if let Some(task) = locked(&self.state).tasks.get_mut(&number) {
                        task.future = Some(future);
                    }
                }
                Ok(Poll::Ready(())) => self.cancel(number),
                Err(panic) => {
                    self.cancel(number);
                    // A runtime outlives a task that panics.
                    if owner == TaskOwner::Test {
                        resume_unwind(panic);
                    }
                }
            }
        }
    }

    fn next_woken(&self) -> Option<(u64, TaskOwner, BoxFuture)> {
        let mut state = locked(&self.state);
        let is_frozen = state.mode == Mode::Frozen;
        let QueueState { tasks, woken, .. } = &mut *state;
        // What was cancelled. The others of these are skipped until they come to the front.
        while woken
            .front()
            .is_some_and(|number| !tasks.contains_key(number))
        {
            woken.pop_front();
        }
        let can_run = |number: &u64| {
            tasks.get(number).is_some_and(|task| {
                task.future.is_some() && !(is_frozen && task.owner == TaskOwner::Runtime)
            })
        };
        let next = woken.iter().position(can_run)?;
        let number = woken.remove(next)?;
        let task = tasks.get_mut(&number)?;
        task.is_woken = false;
        Some((number, task.owner, task.future.take()?))
    }

    pub(super) fn has_ended(&self, number: u64) -> bool {
        !locked(&self.state).tasks.contains_key(&number)
    }

    /// Drops the future of a task.
    pub(super) fn cancel(&self, number: u64) {
        let task = locked(&self.state).tasks.remove(&number);
        // Without the lock: a future that is dropped may wake or spawn others.
        drop(task);
    }

    /// Drops every task that was spawned on the runtime.
    pub(super) fn drop_spawned(&self) {
        let mut state = locked(&self.state);
        let tasks = std::mem::take(&mut state.tasks).into_iter();
        let (kept, spawned): (BTreeMap<_, _>, BTreeMap<_, _>) =
            tasks.partition(|(_, task)| task.owner == TaskOwner::Test);
        state.tasks = kept;
        drop(state);
        drop(spawned);
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        locked(&self.state).mode = mode;
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if let Some(queue) = self.queue.upgrade() {
            let mut state = locked(&queue.state);
            let QueueState { tasks, woken, .. } = &mut *state;
            let task = tasks.get_mut(&self.number);
            if let Some(task) = task.filter(|task| !task.is_woken) {
                task.is_woken = true;
                woken.push_back(self.number);
            }
        }
    }
}
