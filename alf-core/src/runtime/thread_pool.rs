//! Threads that run tasks. A task holds one while it runs, and none while it waits.
//!
//! A task may block its thread, as a blocking HTTP library does. So a thread that starts to run a task makes sure that
//! another one is idle, for the tasks that wait. All threads end with the last task.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use super::BoxFuture;

pub(super) struct ThreadPool {
    state: Mutex<State>,
    changed: Condvar,
    start_thread: StartThread,
    /// The process that uses it; 0 before the first task.
    process: AtomicU32,
}

/// Starts a thread that calls [`ThreadPool::work`]. Returns false if the system has no thread left.
type StartThread = fn(&'static ThreadPool) -> bool;

struct State {
    /// The tasks that are to be polled.
    woken: VecDeque<Arc<Task>>,
    /// How many tasks have not ended.
    tasks: usize,
    threads: usize,
    /// How many of the threads wait for a task, or are being started.
    idle: usize,
}

struct Task {
    pool: &'static ThreadPool,
    /// `None` while it is polled, and when it has ended.
    future: Mutex<Option<BoxFuture>>,
    /// How many wakes no finished poll has followed. If it is not 0, the task is in the queue, or is polled, or has ended.
    wakes: AtomicUsize,
}

/// A task that has not ended.
struct Counted(&'static ThreadPool);

impl ThreadPool {
    pub(super) const fn new() -> Self {
        Self::with(start_thread)
    }

    const fn with(start_thread: StartThread) -> Self {
        Self {
            state: Mutex::new(State {
                woken: VecDeque::new(),
                tasks: 0,
                threads: 0,
                idle: 0,
            }),
            changed: Condvar::new(),
            start_thread,
            process: AtomicU32::new(0),
        }
    }

    /// Runs `task` to its end; or drops it, if the system has no thread for it.
    pub(super) fn spawn(&'static self, task: BoxFuture) {
        self.process.store(std::process::id(), Ordering::Relaxed);
        self.lock().tasks += 1;
        let counted = Counted(self);
        let future: BoxFuture = Box::pin(async move {
            let _counted = counted;
            task.await;
        });
        let task = Task {
            pool: self,
            future: Mutex::new(Some(future)),
            wakes: AtomicUsize::new(0),
        };
        Arc::new(task).wake();
        self.start_thread_if_needed();
    }

    /// Starts a thread, if a task has none of its own and none is idle.
    fn start_thread_if_needed(&'static self) {
        let mut state = self.lock();
        if state.idle > 0 || state.tasks <= state.threads {
            return;
        }
        state.threads += 1;
        state.idle += 1;
        drop(state);
        if (self.start_thread)(self) {
            return;
        }
        let mut state = self.lock();
        state.threads -= 1;
        state.idle -= 1;
        // Otherwise the tasks wait until a thread is free.
        if state.threads == 0 {
            let woken = std::mem::take(&mut state.woken);
            drop(state);
            for task in woken {
                task.drop_future();
            }
        }
    }

    fn work(&'static self) {
        let mut state = self.lock();
        loop {
            state.idle -= 1;
            while let Some(task) = state.woken.pop_front() {
                drop(state);
                self.start_thread_if_needed();
                task.run();
                state = self.lock();
            }
            if state.tasks == 0 || state.idle >= MOST_IDLE {
                state.threads -= 1;
                return;
            }
            state.idle += 1;
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether this is not a copy in a forked process: a copy has no threads, and may be locked for ever (S5).
    fn is_in_use(&self) -> bool {
        self.process.load(Ordering::Relaxed) == std::process::id()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in this file panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_thread(pool: &'static ThreadPool) -> bool {
    let thread = std::thread::Builder::new().name("alf-acquisition".to_owned());
    thread.spawn(|| pool.work()).is_ok()
}

impl Task {
    fn run(self: Arc<Self>) {
        // If it panics, it is dropped, and reports that itself. The last one that can wake it drops it too: it may panic then.
        let _ = catch_unwind(AssertUnwindSafe(move || {
            let waker = Waker::from(Arc::clone(&self));
            let mut context = Context::from_waker(&waker);
            loop {
                let seen = self.wakes.load(Ordering::Acquire);
                let Some(mut future) = self.future().take() else {
                    return;
                };
                if future.as_mut().poll(&mut context).is_ready() {
                    return;
                }
                *self.future() = Some(future);
                if self.wakes.fetch_sub(seen, Ordering::AcqRel) == seen {
                    return;
                }
            }
        }));
    }

    fn drop_future(&self) {
        let future = self.future().take();
        drop(future);
    }

    fn future(&self) -> MutexGuard<'_, Option<BoxFuture>> {
        self.future.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts no thread and drops no task: a waker may be called while its caller holds a lock.
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let pool = self.pool;
        if !pool.is_in_use() {
            // To drop it is to drop what it holds.
            std::mem::forget(self);
        } else if self.wakes.fetch_add(1, Ordering::AcqRel) == 0 {
            pool.lock().woken.push_back(self);
            pool.changed.notify_one();
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if !self.0.is_in_use() {
            return;
        }
        let mut state = self.0.lock();
        state.tasks -= 1;
        if state.tasks == 0 {
            self.0.changed.notify_all();
        }
    }
}

/// With one, each wake would start a thread while two tasks wait.
const MOST_IDLE: usize = 2;

#[cfg(test)]
mod tests;
