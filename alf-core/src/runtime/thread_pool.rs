//! Threads that run tasks and serve timers. A task holds one while it runs, and none while it waits.
//!
//! A task may block its thread, as a blocking HTTP library does. So a thread that starts to run a task makes sure that
//! another one is idle, for the tasks that wait and for the timers. All threads end with the last task and the last timer:
//! an idle client has none. That is why these are not the threads of a library, which stay once they have started.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use super::{BoxFuture, clock};

pub(super) struct ThreadPool {
    state: Mutex<PoolState>,
    changed: Condvar,
    start_thread: StartThread,
    /// The process that uses it; 0 before the first use.
    process: AtomicU32,
}

/// Starts a thread that calls [`ThreadPool::work`]. Returns false if the system has no thread left.
type StartThread = fn(&'static ThreadPool) -> bool;

/// When a timer ends, and its number: two timers of one instant are two.
pub(super) type Timer = (Instant, u64);

struct PoolState {
    /// The tasks that are to be polled.
    woken: VecDeque<Arc<SpawnedTask>>,
    /// How many tasks have not ended.
    tasks: usize,
    /// The timers that have not ended, and whom they wake.
    timers: BTreeMap<Timer, Waker>,
    threads: usize,
    /// How many of the threads wait for a task or a timer, or are being started.
    idle: usize,
}

struct SpawnedTask {
    pool: &'static ThreadPool,
    /// `None` while it is polled, and when it has ended.
    future: Mutex<Option<BoxFuture>>,
    /// How many wakes no finished poll has followed. If it is not 0, the task is in the queue, or is polled, or has ended.
    wakes: AtomicUsize,
}

/// A task that has not ended.
struct Counted(&'static ThreadPool);

/// Each is for one process.
static POOLS: [ThreadPool; 8] = [const { ThreadPool::new(start_thread) }; 8];

impl ThreadPool {
    const fn new(start_thread: StartThread) -> Self {
        Self {
            state: Mutex::new(PoolState {
                woken: VecDeque::new(),
                tasks: 0,
                timers: BTreeMap::new(),
                threads: 0,
                idle: 0,
            }),
            changed: Condvar::new(),
            start_thread,
            process: AtomicU32::new(0),
        }
    }

    pub(super) fn of_this_process() -> &'static Self {
        Self::of(std::process::id(), &POOLS)
    }

    /// A forked process has one of its own (S5): in the copy of its parent's, a lock may be held by a thread that it does not
    /// have.
    fn of(process: u32, pools: &'static [Self; 8]) -> &'static Self {
        let is_taken = |pool: &&Self| pool.process.load(Ordering::Acquire) != 0;
        // Not an earlier one: that of an ancestor whose id this process has again.
        let earlier = pools.iter().take_while(is_taken).count().saturating_sub(1);
        let is_of_process = |pool: &&Self| {
            let taken =
                pool.process
                    .compare_exchange(0, process, Ordering::AcqRel, Ordering::Acquire);
            taken.is_ok() || taken == Err(process)
        };
        let mut from_latest = pools.iter().skip(earlier);
        from_latest.find(is_of_process).unwrap_or_else(|| {
            // It was forked by a forked process, and so on, so often.
            let [first, ..] = pools;
            first.process.store(process, Ordering::Release);
            first
        })
    }

    /// Whether this is not a copy in a forked process: a copy has no threads, and may be locked for ever.
    pub(super) fn is_in_use(&self) -> bool {
        self.process.load(Ordering::Relaxed) == std::process::id()
    }

    /// Runs `task` to its end; or drops it, if the system has no thread for it.
    pub(super) fn spawn(&'static self, task: BoxFuture) {
        self.lock().tasks += 1;
        let counted = Counted(self);
        let future: BoxFuture = Box::pin(async move {
            let _counted = counted;
            task.await;
        });
        let task = SpawnedTask {
            pool: self,
            future: Mutex::new(Some(future)),
            wakes: AtomicUsize::new(0),
        };
        Arc::new(task).wake();
        self.start_thread_if_needed();
    }

    /// Wakes `waker` when `timer` ends. Returns false if the system has no thread left for that.
    pub(super) fn set_timer(&'static self, timer: Timer, waker: Waker) -> bool {
        let mut state = self.lock();
        let replaced = state.timers.insert(timer, waker);
        if state.next_timer() == Some(timer) {
            // All: each idle thread waits for the next timer, and any of them may soon run a task.
            self.changed.notify_all();
        }
        drop(state);
        // Outside of the lock: it may run code of an executor, and so drop a timer.
        drop(replaced);
        self.start_thread_if_needed()
    }

    pub(super) fn remove_timer(&self, timer: Timer) {
        let mut state = self.lock();
        let waker = state.timers.remove(&timer);
        if state.timers.is_empty() {
            // A thread that served only timers ends at once, not when the last one would have ended.
            self.changed.notify_all();
        }
        drop(state);
        // Outside of the lock, as above.
        drop(waker);
    }

    /// Starts a thread, if none is idle, and there are timers, or a task that has no thread of its own. Returns false if the
    /// system has no thread left.
    fn start_thread_if_needed(&'static self) -> bool {
        let mut state = self.lock();
        if state.idle > 0 || (state.timers.is_empty() && state.tasks <= state.threads) {
            return true;
        }
        state.threads += 1;
        state.idle += 1;
        drop(state);
        if (self.start_thread)(self) {
            return true;
        }
        let mut state = self.lock();
        state.threads -= 1;
        state.idle -= 1;
        // No thread may serve them: whoever waits for one has to look at the time itself.
        let timers = mem::take(&mut state.timers);
        // If there is a thread, they wait until it is free.
        let dropped = if state.threads == 0 {
            mem::take(&mut state.woken)
        } else {
            VecDeque::new()
        };
        drop(state);
        timers.into_values().for_each(wake);
        for task in dropped {
            task.drop_future();
        }
        false
    }

    fn work(&'static self) {
        let mut state = self.lock();
        loop {
            state.idle -= 1;
            loop {
                if let Some(waker) = state.pop_ended_timer(clock::instant()) {
                    // Outside of the lock: it may poll, and so set or drop a timer.
                    drop(state);
                    wake(waker);
                } else if let Some(task) = state.woken.pop_front() {
                    drop(state);
                    self.start_thread_if_needed();
                    task.run();
                } else {
                    break;
                }
                state = self.lock();
            }
            if state.idle >= state.most_idle() {
                state.threads -= 1;
                return;
            }
            state.idle += 1;
            state = self.wait(state);
        }
    }

    /// Waits until the next timer ends, or something changes.
    fn wait<'s>(&'s self, state: MutexGuard<'s, PoolState>) -> MutexGuard<'s, PoolState> {
        let Some((at, _)) = state.next_timer() else {
            let changed = self.changed.wait(state);
            return changed.unwrap_or_else(PoisonError::into_inner);
        };
        let left = at.saturating_duration_since(clock::instant());
        let changed = self.changed.wait_timeout(state, left);
        changed.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        // Nothing in this file panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolState {
    fn next_timer(&self) -> Option<Timer> {
        self.timers.keys().next().copied()
    }

    /// Removes a timer that has ended at `now`.
    fn pop_ended_timer(&mut self, now: Instant) -> Option<Waker> {
        let first = self.timers.first_entry()?;
        let (at, _) = first.key();
        (*at <= now).then(|| first.remove())
    }

    /// How many threads may stay without a task to run.
    fn most_idle(&self) -> usize {
        if self.tasks == 0 {
            usize::from(!self.timers.is_empty())
        } else {
            MOST_IDLE
        }
    }
}

fn start_thread(pool: &'static ThreadPool) -> bool {
    let thread = std::thread::Builder::new().name("alf-runtime".to_owned());
    thread.spawn(|| pool.work()).is_ok()
}

/// A waker that panics must not stop the other timers.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

impl SpawnedTask {
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
impl Wake for SpawnedTask {
    fn wake(self: Arc<Self>) {
        let pool = self.pool;
        if !pool.is_in_use() {
            // To drop it is to drop what it holds.
            mem::forget(self);
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
