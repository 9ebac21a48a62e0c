//! One thread for all timers of the process; it ends with the last timer.
//!
//! An idle client must have no thread. That is why this is not one of the timer libraries: their thread stays once it has
//! started.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::clock;
use super::per_process::{PerProcess, VALUES};

/// Resolves after `duration`.
pub(super) fn sleep(duration: Duration) -> Sleep {
    // A duration that no clock reaches is as good as a year.
    let at = clock::instant()
        .checked_add(duration.min(LONGEST))
        .unwrap_or_else(clock::instant);
    Sleep { at, set: None }
}

/// A timer that is set when it is first polled, and removed when it is dropped.
pub(super) struct Sleep {
    at: Instant,
    set: Option<Set>,
}

/// Where a timer is set.
#[derive(Clone, Copy)]
struct Set {
    timers: &'static Timers,
    key: Key,
}

/// By time, then by number, so that two timers of one instant are two.
type Key = (Instant, u64);

/// The timers of one process.
struct Timers {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: BTreeMap<Key, Waker>,
    numbers: u64,
    /// Whether their thread runs. It sets this, so that no timer relies on a thread that could not be started.
    has_thread: bool,
}

static TIMERS: PerProcess<Timers> = PerProcess::new([const { Timers::new() }; VALUES]);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().poll_with(context, start_thread)
    }
}

impl Sleep {
    fn poll_with(
        &mut self,
        context: &mut Context<'_>,
        start_thread: impl FnOnce(&'static Timers) -> bool,
    ) -> Poll<()> {
        if self.at <= clock::instant() {
            return Poll::Ready(());
        }
        let timers = TIMERS.get();
        let mut state = timers.lock();
        let key = match self.set {
            Some(set) if std::ptr::eq(set.timers, timers) => set.key,
            Some(_) | None => (self.at, state.next_number()),
        };
        self.set = Some(Set { timers, key });
        let replaced = state.waiting.insert(key, context.waker().clone());
        let is_next = state.waiting.keys().next() == Some(&key);
        let has_thread = state.has_thread;
        if has_thread && is_next {
            timers.changed.notify_one();
        }
        drop(state);
        // Outside of the lock: it may run code of an executor, and so drop a timer.
        drop(replaced);
        if !has_thread && !start_thread(timers) {
            wait_without_a_thread(self.at, context.waker());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let here = TIMERS.get();
        // Those of the process that forked this one may be locked for ever.
        let set = self.set.take().filter(|set| std::ptr::eq(set.timers, here));
        if let Some(Set { timers, key }) = set {
            let mut state = timers.lock();
            let waker = state.waiting.remove(&key);
            if state.waiting.is_empty() {
                // The thread ends at once, not when the last timer would have been due.
                timers.changed.notify_one();
            }
            drop(state);
            // Outside of the lock, as above.
            drop(waker);
        }
    }
}

impl Timers {
    const fn new() -> Self {
        Self {
            state: Mutex::new(State::new()),
            changed: Condvar::new(),
        }
    }

    /// Wakes the tasks of the timers that are due, until no timer is left.
    fn serve(&self) {
        let mut state = self.lock();
        if state.has_thread {
            // Two timers have started one each.
            return;
        }
        state.has_thread = true;
        loop {
            let now = clock::instant();
            let due = state.take_due(now);
            if !due.is_empty() {
                // Outside of the lock: a waker may poll, and so set or drop a timer.
                drop(state);
                due.into_values().for_each(wake);
                state = self.lock();
                continue;
            }
            let Some((at, _)) = state.waiting.keys().next().copied() else {
                state.has_thread = false;
                return;
            };
            let pause = at.saturating_duration_since(now);
            state = self
                .changed
                .wait_timeout(state, pause)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in this file panics while it holds the lock, and a waker that panics does not hold it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            numbers: 0,
            has_thread: false,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    /// Removes the timers that are due at `now`.
    fn take_due(&mut self, now: Instant) -> BTreeMap<Key, Waker> {
        let later = self.waiting.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.waiting, later)
    }
}

/// Returns false if the system has no thread left.
fn start_thread(timers: &'static Timers) -> bool {
    let thread = std::thread::Builder::new().name("alf-timer".to_owned());
    thread.spawn(|| timers.serve()).is_ok()
}

/// The system has no thread left. The timer must end all the same, so its task is polled again and again, with a pause that
/// blocks the polling thread.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no thread on which a timer could wait"
)]
fn wait_without_a_thread(at: Instant, waker: &Waker) {
    let left = at.saturating_duration_since(clock::instant());
    std::thread::sleep(left.min(LONGEST_BLOCK));
    waker.wake_by_ref();
}

/// A waker that panics must not stop the other timers.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

const LONGEST: Duration = Duration::from_secs(365 * 86_400);
const LONGEST_BLOCK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use pollster::block_on;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// The timers are those of the whole process: one test at a time.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[derive(Default)]
    struct CountingWaker {
        woken: AtomicU32,
        is_broken: bool,
    }

    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::SeqCst);
            assert!(!self.is_broken, "a waker that panics, on purpose");
        }
    }

    fn poll(sleep: &mut Sleep, waker: &Arc<CountingWaker>) -> Poll<()> {
        let waker = Arc::clone(waker).into();
        Pin::new(sleep).poll(&mut Context::from_waker(&waker))
    }

    fn waiting() -> usize {
        TIMERS.get().lock().waiting.len()
    }

    /// Lets other threads run until it is so.
    fn eventually(is_so: impl Fn() -> bool) -> bool {
        (0..5_000_000).any(|_| {
            std::thread::yield_now();
            is_so()
        })
    }

    fn thread_has_ended() -> bool {
        !TIMERS.get().lock().has_thread
    }

    #[test]
    fn p2_a_timer_resolves() {
        let _alone = alone();
        block_on(sleep(Duration::ZERO));
        block_on(sleep(Duration::from_millis(1)));
        assert_eq!(waiting(), 0);
    }

    #[test]
    fn p2_a_timer_that_has_ended_needs_no_thread() {
        let _alone = alone();
        assert!(eventually(thread_has_ended));
        let mut ended = sleep(Duration::ZERO);
        assert_eq!(poll(&mut ended, &Arc::default()), Poll::Ready(()));
        assert!(thread_has_ended());
    }

    #[test]
    fn p2_the_thread_ends_when_no_timer_is_left_not_when_the_last_would_have_been_due() {
        let _alone = alone();
        let mut long = sleep(HOUR);
        assert_eq!(poll(&mut long, &Arc::default()), Poll::Pending);
        assert!(eventually(|| !thread_has_ended()));
        drop(long);
        assert_eq!(waiting(), 0);
        assert!(eventually(thread_has_ended));
        block_on(sleep(Duration::from_millis(1)));
        assert!(eventually(thread_has_ended), "and begins again");
    }

    #[test]
    fn p2_dropping_one_timer_leaves_the_others() {
        let _alone = alone();
        drop(sleep(HOUR));
        assert_eq!(waiting(), 0, "never polled");
        let (mut one, mut other) = (sleep(HOUR), sleep(HOUR));
        let waker = Arc::default();
        assert_eq!(poll(&mut one, &waker), Poll::Pending);
        assert_eq!(poll(&mut other, &waker), Poll::Pending);
        assert_eq!(waiting(), 2);
        drop(one);
        assert_eq!(waiting(), 1);
        drop(other);
        assert_eq!(waiting(), 0);
    }

    #[test]
    fn p2_a_timer_that_is_set_later_and_due_sooner_does_not_wait_for_the_first() {
        let _alone = alone();
        let mut long = sleep(HOUR);
        assert_eq!(poll(&mut long, &Arc::default()), Poll::Pending);
        // More than once: at first the thread may not wait yet.
        for _ in 0..20 {
            block_on(sleep(Duration::from_millis(1)));
        }
        assert_eq!(waiting(), 1);
    }

    #[test]
    fn p2_the_task_that_polled_last_is_woken() {
        let _alone = alone();
        let (first, last) = (
            Arc::<CountingWaker>::default(),
            Arc::<CountingWaker>::default(),
        );
        let mut timer = sleep(HOUR);
        assert_eq!(poll(&mut timer, &first), Poll::Pending);
        assert_eq!(poll(&mut timer, &last), Poll::Pending);
        assert_eq!(waiting(), 1);
        assert_eq!(Arc::strong_count(&first), 1, "its waker is gone");
        let due = TIMERS.get().lock().take_due(timer.at);
        due.into_values().for_each(wake);
        assert_eq!(first.woken.load(Ordering::SeqCst), 0);
        assert_eq!(last.woken.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn p2_what_is_due_is_taken_out_and_nothing_else() {
        let now = clock::instant();
        let later = now + Duration::from_nanos(1);
        let mut timers = State::new();
        for at in [now, later, now] {
            let key = (at, timers.next_number());
            timers.waiting.insert(key, Waker::noop().clone());
        }
        assert_eq!(timers.take_due(now).len(), 2, "two of one instant are two");
        assert_eq!(timers.waiting.keys().next(), Some(&(later, 2)));
        assert_eq!(timers.take_due(now).len(), 0);
        assert_eq!(timers.take_due(later).len(), 1);
    }

    #[test]
    fn x5_a_waker_that_panics_does_not_take_the_other_timers_with_it() {
        let _alone = alone();
        let broken = Arc::new(CountingWaker {
            is_broken: true,
            ..CountingWaker::default()
        });
        let mut timer = sleep(Duration::from_millis(1));
        assert_eq!(poll(&mut timer, &broken), Poll::Pending);
        assert!(eventually(|| broken.woken.load(Ordering::SeqCst) == 1));
        block_on(sleep(Duration::from_millis(1)));
        assert!(eventually(thread_has_ended));
    }

    #[test]
    fn s5_a_timer_whose_thread_cannot_be_started_ends() {
        let _alone = alone();
        assert!(eventually(thread_has_ended));
        let mut timer = sleep(Duration::from_millis(25));
        block_on(poll_fn(|context| timer.poll_with(context, |_| false)));
        assert!(timer.at <= clock::instant());
        drop(timer);
        assert_eq!(waiting(), 0);
    }

    #[test]
    fn s5_no_lock_is_held_while_the_thread_starts() {
        let _alone = alone();
        assert!(eventually(thread_has_ended));
        let mut timer = sleep(HOUR);
        let mut context = Context::from_waker(Waker::noop());
        let mut is_free = false;
        let polled = timer.poll_with(&mut context, |timers| {
            // Not at the first look: timers of other tests use it too.
            is_free = eventually(|| timers.state.try_lock().is_ok());
            true
        });
        assert_eq!(polled, Poll::Pending);
        assert!(is_free);
    }

    #[test]
    fn s5_of_two_threads_that_start_at_once_one_serves() {
        let _alone = alone();
        let mut timer = sleep(HOUR);
        assert_eq!(poll(&mut timer, &Arc::default()), Poll::Pending);
        assert!(eventually(|| !thread_has_ended()));
        TIMERS.get().serve();
        assert!(!thread_has_ended());
    }

    #[test]
    fn x5_no_duration_overflows() {
        let _alone = alone();
        let mut endless = sleep(Duration::MAX);
        assert!(endless.at > clock::instant() + HOUR * 24 * 300, "a year");
        assert_eq!(poll(&mut endless, &Arc::default()), Poll::Pending);
    }
}
