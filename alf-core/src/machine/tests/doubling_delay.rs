//! Delays that double up to a limit, and jitter (B1, B2, R6).

use super::*;

fn delays(mut delay: DoublingDelay, count: usize) -> Vec<Duration> {
    (0..count).map(|_| delay.take()).collect()
}

#[test]
fn b1_delays_double_up_to_the_limit() {
    assert_eq!(
        delays(DoublingDelay::new(millis(100), secs(1)), 6),
        [100, 200, 400, 800, 1000, 1000].map(millis)
    );
    assert_eq!(
        delays(DoublingDelay::new(secs(1), secs(60)), 8),
        [1, 2, 4, 8, 16, 32, 60, 60].map(secs)
    );
}

#[test]
fn b1_jitter_multiplies_a_delay_by_0_8_to_1_0() {
    for (jitter, delay) in [
        (0.0, 80),
        (0.5, 90),
        (1.0, 100),
        (-1.0, 80),
        (f64::INFINITY, 100),
    ] {
        let mut delays = DoublingDelay::new(millis(100), secs(1));
        assert_eq!(
            delays.take_jittered(jitter),
            millis(delay),
            "jitter {jitter}"
        );
    }
}

#[test]
fn b1_jitter_does_not_change_the_delay_that_is_doubled() {
    let mut delay = DoublingDelay::new(millis(100), secs(1));
    delay.take_jittered(0.0);
    assert_eq!(delay.take(), millis(200));
}

#[test]
fn b2_reset_starts_again_with_the_first_delay() {
    let mut delay = DoublingDelay::new(secs(1), secs(60));
    delay.take();
    delay.take();
    delay.reset();
    assert_eq!(delays(delay, 2), [1, 2].map(secs));
}

#[test]
fn x5_no_number_of_delays_overflows() {
    let mut delay = DoublingDelay::new(secs(1), Duration::MAX);
    for _ in 0..100 {
        delay.take();
    }
    assert!(delay.take() >= secs(u64::from(u32::MAX)));
    assert_eq!(
        delays(DoublingDelay::new(secs(7), secs(5)), 2),
        [5, 5].map(secs)
    );
}
