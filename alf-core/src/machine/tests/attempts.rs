//! B1, B3, S5: the tries within one acquisition.

use super::*;

const DEADLINE: Duration = secs(10);

fn first_acquisition() -> Attempts {
    Attempts::new(at(0) + DEADLINE, false)
}

fn later_acquisition() -> Attempts {
    Attempts::new(at(0) + DEADLINE, true)
}

fn transient_for(retry_after: Duration) -> Failure {
    Failure::Transient { retry_after }
}

/// The pauses of an acquisition whose attempts fail at once, until it stops.
fn pauses(mut attempts: Attempts, jitter: f64) -> Vec<u64> {
    let mut now = at(0);
    let mut pauses = Vec::new();
    while let Next::TryAgain { at } = attempts.failed(now, &Failure::TRANSIENT, jitter) {
        pauses.push(u64::try_from(at.saturating_since(now).as_millis()).unwrap());
        now = at;
        assert!(pauses.len() < 100, "it tries for ever");
    }
    pauses
}

#[test]
fn b1_pauses_are_100_ms_doubling_to_1_s_until_the_deadline() {
    let mut expected = vec![100, 200, 400, 800];
    expected.extend([1000; 8]);
    assert_eq!(pauses(first_acquisition(), 1.0), expected);
}

#[test]
fn b1_each_pause_is_times_a_random_0_8_to_1_0() {
    assert_eq!(
        pauses(first_acquisition(), 0.0)[..6],
        [80, 160, 320, 640, 800, 800]
    );
}

#[test]
fn b2_an_acquisition_after_a_failed_one_pauses_1_s_to_4_s() {
    assert_eq!(pauses(later_acquisition(), 1.0), [1000, 2000, 4000]);
    assert_eq!(pauses(later_acquisition(), 0.0), [800, 1600, 3200, 3200]);
}

#[test]
fn b1_retry_after_only_lengthens_a_pause() {
    for (retry_after, pause) in [
        (millis(0), millis(100)),
        (millis(50), millis(100)),
        (secs(3), secs(3)),
    ] {
        let next = first_acquisition().failed(at(0), &transient_for(retry_after), 1.0);
        let at = at(0) + pause;
        assert_eq!(next, Next::TryAgain { at }, "{retry_after:?}");
    }
}

#[test]
fn b1_a_pause_that_reaches_the_deadline_ends_the_acquisition() {
    for (retry_after, next) in [
        (
            millis(9999),
            Next::TryAgain {
                at: at(0) + millis(9999),
            },
        ),
        (DEADLINE, Next::Stop),
        (secs(3600), Next::Stop),
        (Duration::MAX, Next::Stop),
    ] {
        let told = first_acquisition().failed(at(0), &transient_for(retry_after), 1.0);
        assert_eq!(told, next, "{retry_after:?}");
    }
}

#[test]
fn s5_no_attempt_begins_at_or_after_the_deadline() {
    for now in [at(10), at(11), Moment::NEVER] {
        let mut attempts = first_acquisition();
        assert_eq!(attempts.failed(now, &Failure::TRANSIENT, 0.0), Next::Stop);
        assert_eq!(attempts.failed(now, &Failure::PERMANENT, 0.0), Next::Stop);
    }
    let mut attempts = first_acquisition();
    attempts.failed(at(1), &Failure::PERMANENT, 0.0);
    assert_eq!(
        attempts.reloaded(at(10), Reloaded::Changed),
        Next::Stop,
        "reading the secret took all the time there was"
    );
    assert_eq!(attempts.deadline(), at(10));
}

#[test]
fn b3_a_permanent_refusal_reads_the_credentials_once_more() {
    for retry_after in [Duration::ZERO, secs(3600)] {
        let refused = Failure::Permanent { retry_after };
        assert_eq!(
            first_acquisition().failed(at(1), &refused, 0.0),
            Next::Reload
        );
    }
}

#[test]
fn b3_changed_credentials_are_tried_at_once() {
    let mut attempts = first_acquisition();
    attempts.failed(at(1), &Failure::PERMANENT, 0.0);
    assert_eq!(
        attempts.reloaded(at(2), Reloaded::Changed),
        Next::TryAgain { at: at(2) }
    );
}

#[test]
fn b1_a_permanent_failure_with_the_same_credentials_ends_the_acquisition() {
    let mut attempts = first_acquisition();
    attempts.failed(at(1), &Failure::PERMANENT, 0.0);
    assert_eq!(attempts.reloaded(at(2), Reloaded::Unchanged), Next::Stop);
}

#[test]
fn b3_credentials_that_keep_changing_are_read_once_more_in_an_acquisition() {
    let mut attempts = first_acquisition();
    attempts.failed(at(1), &Failure::PERMANENT, 0.0);
    attempts.reloaded(at(1), Reloaded::Changed);
    assert_eq!(attempts.failed(at(2), &Failure::PERMANENT, 0.0), Next::Stop);
}

#[test]
fn b3_a_refusal_after_failures_that_passed_reads_them_too() {
    let mut attempts = first_acquisition();
    attempts.failed(at(0), &Failure::TRANSIENT, 0.0);
    assert_eq!(
        attempts.failed(at(1), &Failure::PERMANENT, 0.0),
        Next::Reload
    );
    attempts.reloaded(at(1), Reloaded::Changed);
    assert_eq!(
        attempts.failed(at(1), &Failure::TRANSIENT, 1.0),
        Next::TryAgain {
            at: at(1) + millis(200)
        },
        "the pauses go on where they were"
    );
}

#[test]
fn b1_every_failed_attempt_is_counted() {
    let mut attempts = first_acquisition();
    assert_eq!(attempts.made(), 0);
    attempts.failed(at(0), &Failure::TRANSIENT, 0.0);
    attempts.failed(at(1), &Failure::PERMANENT, 0.0);
    attempts.reloaded(at(1), Reloaded::Changed);
    attempts.failed(at(2), &Failure::PERMANENT, 0.0);
    assert_eq!(attempts.made(), 3);
}

#[test]
fn b1_a_failure_knows_whether_it_may_pass_and_what_was_asked() {
    let transient = transient_for(secs(7));
    let permanent = Failure::Permanent {
        retry_after: secs(8),
    };
    assert!(transient.is_transient());
    assert!(!permanent.is_transient());
    assert_eq!(transient.retry_after(), secs(7));
    assert_eq!(permanent.retry_after(), secs(8));
}
