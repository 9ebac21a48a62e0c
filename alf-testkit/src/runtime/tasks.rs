//! Tasks that run one after another, on the thread of the test, in the order in which they woke.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use alf_core::BoxFuture;

#[derive(Default)]
pub(super) struct Tasks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tasks: BTreeMap<u64, Task>,
    woken: VecDeque<u64>,
    numbers: u64,
    runtime: Health,
}

struct Task {
    kind: Kind,
    /// Missing while it is being polled.
    future: Option<BoxFuture>,
}

/// Whose task it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Spawned on the runtime, and gone with it.
    Spawned,
    /// A caller's own: it runs whatever becomes of the runtime.
    Caller,
}

/// What the runtime does with the tasks that were spawned on it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Health {
    /// It runs them.
    #[default]
    Running,
    /// It holds them and does nothing.
    Frozen,
    /// It drops them.
    ShutDown,
}

struct Wakes {
    tasks: Weak<Tasks>,
    number: u64,
}

impl Tasks {
    pub(super) fn spawn(self: &Arc<Self>, future: BoxFuture) {
        if self.lock().runtime == Health::ShutDown {
            // As a tokio runtime does that was shut down: within `spawn`.
            drop(future);
            return;
        }
        self.add(Kind::Spawned, future);
    }

    pub(super) fn add(self: &Arc<Self>, kind: Kind, future: BoxFuture) -> u64 {
        let mut state = self.lock();
        state.numbers += 1;
        let number = state.numbers;
        let future = Some(future);
        state.tasks.insert(number, Task { kind, future });
        state.woken.push_back(number);
        number
    }

    /// Polls every task that was woken, until none is.
    pub(super) fn run_until_stalled(self: &Arc<Self>) {
        while let Some((number, mut future)) = self.take_woken() {
            let waker = Waker::from(Arc::new(Wakes {
                tasks: Arc::downgrade(self),
                number,
            }));
            let mut context = Context::from_waker(&waker);
            let mut poll = || future.as_mut().poll(&mut context);
            let polled = match self.kind_of(number) {
                // A runtime outlives a task that panics.
                Some(Kind::Spawned) => {
                    catch_unwind(AssertUnwindSafe(&mut poll)).unwrap_or(Poll::Ready(()))
                }
                Some(Kind::Caller) | None => poll(),
            };
            match polled {
                Poll::Pending => self.put_back(number, future),
                Poll::Ready(()) => {
                    self.lock().tasks.remove(&number);
                    drop(future);
                }
            }
        }
    }

    /// Drops one task.
    pub(super) fn cancel(&self, number: u64) {
        let task = self.lock().tasks.remove(&number);
        // Outside of the lock: it may wake or spawn others.
        drop(task);
    }

    /// Drops every task that was spawned.
    pub(super) fn drop_spawned(&self) {
        let mut state = self.lock();
        let tasks = std::mem::take(&mut state.tasks);
        let (gone, kept) = tasks
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, task)| task.kind == Kind::Spawned);
        state.tasks = kept;
        drop(state);
        drop(gone);
    }

    pub(super) fn set_health(&self, health: Health) {
        self.lock().runtime = health;
    }

    fn take_woken(&self) -> Option<(u64, BoxFuture)> {
        let mut state = self.lock();
        let frozen = state.runtime == Health::Frozen;
        let mut held = VecDeque::new();
        let mut taken = None;
        while let Some(number) = state.woken.pop_front() {
            let Some(task) = state.tasks.get_mut(&number) else {
                continue;
            };
            if frozen && task.kind == Kind::Spawned {
                held.push_back(number);
                continue;
            }
            // One that is woken twice is polled once.
            if let Some(future) = task.future.take() {
                taken = Some((number, future));
                break;
            }
        }
        held.append(&mut state.woken);
        state.woken = held;
        taken
    }

    fn kind_of(&self, number: u64) -> Option<Kind> {
        self.lock().tasks.get(&number).map(|task| task.kind)
    }

    fn put_back(&self, number: u64, future: BoxFuture) {
        let mut state = self.lock();
        let dropped = match state.tasks.get_mut(&number) {
            Some(task) => task.future.replace(future),
            // It was dropped while it ran.
            None => Some(future),
        };
        drop(state);
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        if let Some(tasks) = self.tasks.upgrade() {
            let mut state = tasks.lock();
            if !state.woken.contains(&self.number) {
                state.woken.push_back(self.number);
            }
        }
    }
}
