use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::runtime::timer::{Sleep, sleep};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const MILLISECOND: Duration = Duration::from_millis(1);

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

fn poll(sleep: &mut Sleep, pool: &'static ThreadPool, waker: &Arc<CountingWaker>) -> Poll<()> {
    let waker = Arc::clone(waker).into();
    sleep.poll_in(pool, &mut Context::from_waker(&waker))
}

/// Sets a timer of an hour.
fn set(pool: &'static ThreadPool) -> Sleep {
    let mut long = sleep(HOUR);
    assert_eq!(poll(&mut long, pool, &Arc::default()), Poll::Pending);
    long
}

fn wait(pool: &'static ThreadPool, duration: Duration) {
    let mut timer = sleep(duration);
    block_on(poll_fn(|context| timer.poll_in(pool, context)));
}

fn set_timers(pool: &ThreadPool) -> usize {
    pool.lock().timers.len()
}

#[test]
fn p2_a_timer_resolves() {
    block_on(sleep(Duration::ZERO));
    block_on(sleep(MILLISECOND));
}

#[test]
fn p2_a_timer_that_has_ended_needs_no_thread() {
    let pool = pool_with(|_| panic!("no thread is needed"));
    wait(pool, Duration::ZERO);
}

#[test]
fn p2_the_thread_ends_when_no_timer_is_left_not_when_the_last_would_have_been_due() {
    let pool = pool();
    let long = set(pool);
    assert!(eventually(|| pool.lock().idle == 1));
    drop(long);
    assert_eq!(set_timers(pool), 0);
    assert!(eventually(|| has_ended(pool)));
    wait(pool, MILLISECOND);
    assert!(eventually(|| has_ended(pool)), "and begins again");
}

#[test]
fn p2_dropping_one_timer_leaves_the_others() {
    let pool = pool();
    drop(sleep(HOUR));
    assert_eq!(set_timers(pool), 0, "never polled");
    let (one, other) = (set(pool), set(pool));
    assert_eq!(set_timers(pool), 2);
    drop(one);
    assert_eq!(set_timers(pool), 1);
    drop(other);
    assert_eq!(set_timers(pool), 0);
}

#[test]
fn p2_a_timer_that_is_set_later_and_due_sooner_does_not_wait_for_the_first() {
    let pool = pool();
    let _long = set(pool);
    // More than once: at first the thread may not wait yet.
    for _ in 0..20 {
        wait(pool, MILLISECOND);
    }
    assert_eq!(set_timers(pool), 1);
}

#[test]
fn p2_a_timer_ends_while_tasks_block_and_one_thread_is_left_for_it() {
    let pool = pool();
    let long = set(pool);
    let (unblock, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    for _ in 0..5 {
        let blocked = Arc::clone(&blocked);
        pool.spawn(Box::pin(async move {
            let _ = blocked.lock().unwrap().recv();
        }));
        wait(pool, MILLISECOND);
    }
    drop((unblock, long));
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn p2_the_task_that_polled_last_is_woken() {
    let pool = pool();
    let (first, last) = (
        Arc::<CountingWaker>::default(),
        Arc::<CountingWaker>::default(),
    );
    let mut timer = sleep(HOUR);
    assert_eq!(poll(&mut timer, pool, &first), Poll::Pending);
    assert_eq!(poll(&mut timer, pool, &last), Poll::Pending);
    assert_eq!(set_timers(pool), 1);
    assert_eq!(Arc::strong_count(&first), 1, "its waker is gone");
    let ended = pool.lock().pop_ended_timer(clock::instant() + HOUR);
    wake(ended.unwrap());
    assert_eq!(first.woken.load(Ordering::SeqCst), 0);
    assert_eq!(last.woken.load(Ordering::SeqCst), 1);
}

#[test]
fn p2_timers_that_have_ended_are_taken_out_and_no_others() {
    let pool = pool_with(|_| true);
    let now = clock::instant();
    let later = now + Duration::from_nanos(1);
    for (number, at) in (0..).zip([now, later, now]) {
        pool.set_timer((at, number), Waker::noop().clone());
    }
    let mut state = pool.lock();
    let mut taken = |now| std::iter::from_fn(|| state.pop_ended_timer(now)).count();
    assert_eq!(taken(now), 2, "two of one instant are two");
    assert_eq!(taken(now), 0);
    assert_eq!(taken(later), 1);
}

#[test]
fn x5_a_waker_that_panics_does_not_take_the_other_timers_with_it() {
    let pool = pool();
    let broken = Arc::new(CountingWaker {
        is_broken: true,
        ..CountingWaker::default()
    });
    let mut timer = sleep(MILLISECOND);
    assert_eq!(poll(&mut timer, pool, &broken), Poll::Pending);
    assert!(eventually(|| broken.woken.load(Ordering::SeqCst) == 1));
    wait(pool, MILLISECOND);
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s5_a_timer_whose_thread_cannot_be_started_ends() {
    let pool = pool_with(|_| false);
    wait(pool, Duration::from_millis(25));
    assert_eq!(set_timers(pool), 0);
    assert!(has_ended(pool));
}

#[test]
fn s5_a_timer_ends_while_a_task_has_the_last_thread() {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let pool = pool_with(|pool| STARTED.fetch_add(1, Ordering::SeqCst) == 0 && start_thread(pool));
    let mut timer = sleep(Duration::from_millis(25));
    let mut unblock = None;
    block_on(poll_fn(|context| {
        let polled = timer.poll_in(pool, context);
        unblock.get_or_insert_with(|| {
            // After the timer has been set: it relies on the thread that this task blocks.
            let (unblock, blocked) = std::sync::mpsc::channel::<()>();
            pool.spawn(Box::pin(async move {
                let _ = blocked.recv();
            }));
            unblock
        });
        polled
    }));
    assert_eq!(pool.lock().threads, 1);
    drop(unblock);
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s5_a_timer_of_the_process_that_forked_this_one_is_not_touched() {
    let pool = pool_with(|_| true);
    let long = set(pool);
    pool.process.store(0, Ordering::Relaxed);
    // Held by a thread that this process does not have.
    let held = pool.lock();
    drop(long);
    assert_eq!(held.timers.len(), 1);
}

#[test]
fn x5_no_duration_overflows() {
    let pool = pool_with(|_| true);
    let mut endless = sleep(Duration::MAX);
    assert_eq!(poll(&mut endless, pool, &Arc::default()), Poll::Pending);
    let next = pool.lock().next_timer();
    assert!(
        next.unwrap().0 > clock::instant() + HOUR * 24 * 300,
        "a year"
    );
}
