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
