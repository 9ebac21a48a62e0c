use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alf_core::{BoxFuture, Runtime};

use super::stepped::SteppedRuntime;
use super::virtual_time::VirtualTime;

const SECOND: Duration = Duration::from_secs(1);

/// Sleeps `times` times for a second, and counts.
fn sleeper(time: &VirtualTime, times: u64) -> (Arc<AtomicU64>, BoxFuture) {
    let counter = Arc::new(AtomicU64::new(0));
    let ends = Arc::clone(&counter);
    let time = time.clone();
    let task = Box::pin(async move {
        for _ in 0..times {
            time.sleep(SECOND).await;
            ends.fetch_add(1, Ordering::SeqCst);
        }
    });
    (counter, task)
}

#[test]
fn advancing_passes_timers_that_are_set_on_the_way() {
    let runtime = SteppedRuntime::new();
    let (counter, task) = sleeper(runtime.time(), 10);
    runtime.spawn(task);
    runtime.time().advance(SECOND * 3);
    assert_eq!(counter.load(Ordering::SeqCst), 3);
    assert_eq!((runtime.time().timers(), runtime.time().tasks()), (1, 1));
    assert_eq!(runtime.time().advance_to_next_timer(), Some(SECOND));
    runtime.time().advance(SECOND * 10);
    assert_eq!(counter.load(Ordering::SeqCst), 10);
    assert_eq!((runtime.time().timers(), runtime.time().tasks()), (0, 0));
    assert_eq!(runtime.time().advance_to_next_timer(), None);
}

#[test]
fn a_timer_ends_at_its_time_and_is_removed_when_it_is_dropped() {
    let runtime = SteppedRuntime::new();
    let mut call = runtime.start(runtime.sleep(SECOND));
    let dropped = runtime.start(runtime.sleep(SECOND * 2));
    assert_eq!(runtime.time().timers(), 2);
    drop(dropped);
    assert_eq!(runtime.time().timers(), 1);
    runtime.time().advance(Duration::from_nanos(999_999_999));
    assert!(!call.is_finished());
    runtime.time().advance(Duration::from_nanos(1));
    assert_eq!(call.take(), Some(()));
    assert_eq!(call.take(), None);
}

#[test]
fn the_clocks_move_together_unless_the_wall_clock_is_set() {
    let time = VirtualTime::new();
    let (now, wall) = (time.now(), time.wall_clock());
    time.advance(SECOND);
    time.step_wall_clock_forward(SECOND * 7);
    time.step_wall_clock_backward(SECOND * 2);
    assert_eq!(time.now(), now + SECOND);
    assert_eq!(time.wall_clock(), wall + SECOND * 6);
    assert_eq!(time.elapsed(), SECOND);
}

#[test]
fn a_frozen_runtime_keeps_its_tasks_and_a_stopped_one_drops_them() {
    let runtime = SteppedRuntime::new();
    let (counter, task) = sleeper(runtime.time(), 1);
    runtime.freeze();
    runtime.spawn(task);
    runtime.time().advance(SECOND * 5);
    assert_eq!(runtime.time().tasks(), 1);
    runtime.revive();
    runtime.time().advance(SECOND);
    assert_eq!(counter.load(Ordering::SeqCst), 1);

    runtime.spawn(sleeper(runtime.time(), 1).1);
    runtime.shut_down();
    runtime.spawn(sleeper(runtime.time(), 1).1);
    assert_eq!((runtime.time().tasks(), runtime.time().timers()), (0, 0));
}

#[test]
fn block_on_moves_the_clocks_only_as_far_as_it_must() {
    let runtime = SteppedRuntime::new();
    let time = runtime.time().clone();
    runtime.block_on(async move { time.sleep(SECOND * 90).await });
    assert_eq!(runtime.time().elapsed(), SECOND * 90);
}

#[test]
#[should_panic(expected = "no timer is set")]
fn block_on_panics_if_it_would_never_end() {
    SteppedRuntime::new().block_on(std::future::pending::<()>());
}

#[test]
fn a_test_can_wait_for_tasks_on_threads() {
    let time = VirtualTime::new();
    let (counter, task) = sleeper(&time, 2);
    time.spawn(task);
    for _ in 0..2 {
        time.wait_for_timers(1);
        time.advance_to_next_timer();
    }
    time.wait_until_idle();
    assert_eq!(counter.load(Ordering::SeqCst), 2);
}
