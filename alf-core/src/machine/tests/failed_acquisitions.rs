//! B2: the back-off after a failed acquisition.

use super::machines::{TestDecision, only};
use super::scenario::{Action, Scenario};
use super::*;

const TRANSIENT: Failure = Failure::TRANSIENT;
const PERMANENT: Failure = Failure::PERMANENT;

/// How long the client backs off after each of `failures`, one acquisition after the other.
fn back_offs(failures: &[Failure]) -> Vec<u64> {
    let mut scenario = Scenario::new();
    failures
        .iter()
        .map(|failure| {
            assert_eq!(scenario.demand(), Action::Start);
            let back_off = scenario.fail(*failure).saturating_since(scenario.now());
            scenario.pass(back_off);
            back_off.as_secs()
        })
        .collect()
}

fn transient_for(seconds: u64) -> Failure {
    Failure::Transient {
        retry_after: secs(seconds),
    }
}

fn permanent_for(seconds: u64) -> Failure {
    Failure::Permanent {
        retry_after: secs(seconds),
    }
}

fn refused_until(until: Moment) -> TestDecision {
    only(Answer::Refuse(until))
}

#[test]
fn b2_back_off_is_1_s_doubling_to_5_or_60_and_starts_again_after_the_other_kind_of_failure() {
    const T: Failure = TRANSIENT;
    const P: Failure = PERMANENT;
    for (failures, expected) in [
        ([T, T, T, T, T, T, T, T, T], [1, 2, 4, 5, 5, 5, 5, 5, 5]),
        (
            [P, P, P, P, P, P, P, P, P],
            [1, 2, 4, 8, 16, 32, 60, 60, 60],
        ),
        ([T, T, T, P, P, P, T, T, P], [1, 2, 4, 1, 2, 4, 1, 2, 1]),
        ([P, P, T, P, P, P, P, T, T], [1, 2, 1, 1, 2, 4, 8, 1, 2]),
    ] {
        assert_eq!(back_offs(&failures), expected, "{failures:?}");
    }
}

#[test]
fn b2_retry_after_lengthens_a_back_off_up_to_five_minutes() {
    for (failure, back_off) in [
        (transient_for(0), 1),
        (transient_for(17), 17),
        (permanent_for(17), 17),
        (transient_for(300), 300),
        (transient_for(301), 300),
        (permanent_for(u64::MAX), 300),
    ] {
        assert_eq!(back_offs(&[failure]), [back_off], "{failure:?}");
    }
    assert_eq!(
        back_offs(&[PERMANENT, PERMANENT, permanent_for(1)]),
        [1, 2, 4],
        "and never shortens one"
    );
}

#[test]
fn b2_in_a_back_off_a_caller_without_a_token_is_refused_at_once() {
    for state in [Scenario::backing_off(), Scenario::refused()] {
        let mut scenario = state.after(millis(999));
        assert_eq!(
            scenario.machine.demand(scenario.now()),
            refused_until(at(1))
        );
        scenario.pass(millis(1));
        assert_eq!(scenario.demand(), Action::Start);
    }
}

#[test]
fn b2_in_a_back_off_a_rejection_is_refused_at_once() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(TRANSIENT);
    let (now, generation) = (scenario.now(), scenario.generation());
    assert_eq!(
        scenario
            .machine
            .reject(now, generation, Some(scenario::API)),
        RejectionDecision::Renew(refused_until(at(81)))
    );
}

#[test]
fn b2_in_a_back_off_no_acquisition_starts() {
    let mut scenario = Scenario::within_leeway();
    scenario.demand();
    scenario.fail(PERMANENT);
    let started = scenario.started();
    for _ in 0..99 {
        scenario.pass(millis(10));
        assert_eq!(scenario.demand(), Action::Use);
        assert_eq!(scenario.reject(), Action::Refuse);
    }
    assert_eq!(scenario.started(), started);
}

#[test]
fn b2_in_a_back_off_a_due_token_is_not_renewed() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.fail(transient_for(7));
    for _ in 0..7 {
        assert_eq!(scenario.demand(), Action::Use);
        scenario.pass(secs(1));
    }
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn b2_wrong_secret_costs_few_requests_however_many_callers_ask() {
    let mut scenario = Scenario::new();
    let mut requests = 0;
    for _ in 0..60_000 {
        if scenario.demand() == Action::Start {
            requests += 1;
            scenario.fail(PERMANENT);
        }
        scenario.pass(millis(1));
    }
    assert_eq!(requests, 6, "60,000 calls in a minute");
}

#[test]
fn b2_end_of_an_outage_is_noticed_within_five_seconds() {
    let mut scenario = Scenario::new();
    for _ in 0..10 {
        assert_eq!(scenario.demand(), Action::Start);
        let until = scenario.fail(TRANSIENT);
        assert!(until <= scenario.now() + secs(5));
        scenario.pass(secs(5));
    }
    assert_eq!(scenario.demand(), Action::Start);
    scenario.obtain_new();
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn b2_acquisitions_after_a_failed_one_have_longer_pauses() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.pause(), millis(100));
    for _ in 0..2 {
        scenario.fail(TRANSIENT);
        scenario.pass(secs(5));
        assert_eq!(scenario.demand(), Action::Start);
        assert_eq!(scenario.pause(), secs(1));
    }
    scenario.obtain_new();
    scenario.pass(secs(95));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.pause(), millis(100));
}

#[test]
fn b2_success_resets_the_back_off() {
    let mut scenario = Scenario::new();
    for _ in 0..5 {
        scenario.demand();
        scenario.fail(PERMANENT);
        scenario.pass(secs(60));
    }
    scenario.demand();
    scenario.obtain_new();
    scenario.pass(secs(100));
    scenario.demand();
    let failed_at = scenario.now();
    assert_eq!(scenario.fail(PERMANENT), failed_at + secs(1));
}

#[test]
fn b2_same_token_again_is_a_success() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(TRANSIENT);
    scenario.pass(secs(1));
    scenario.demand();
    scenario.obtain_same();
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.pause(), millis(100));
    let failed_at = scenario.now();
    assert_eq!(scenario.fail(TRANSIENT), failed_at + secs(1));
}

#[test]
fn b2_back_off_of_another_target_holds_for_this_one() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.another_fails(transient_for(7)), at(7));
    assert_eq!(
        scenario.machine.demand(scenario.now()),
        refused_until(at(7))
    );
    scenario.pass(secs(7));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.pause(), secs(1));
    // It is the second failure of the client.
    assert_eq!(scenario.fail(TRANSIENT), at(7 + 2));
}

#[test]
fn b2_longer_retry_after_for_another_target_lengthens_the_back_off() {
    let mut scenario = Scenario::backing_off();
    assert_eq!(scenario.another_fails(transient_for(60)), at(60));
    assert_eq!(
        scenario.machine.demand(scenario.now()),
        refused_until(at(60))
    );
    scenario.pass(secs(60));
    assert_eq!(scenario.demand(), Action::Start);
}

#[test]
fn b2_each_further_failure_of_any_target_doubles_the_back_off() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.another_fails(TRANSIENT), at(1));
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.fail(TRANSIENT), at(1 + 2));
    // It has ended: a second end changes nothing.
    let (now, started) = (scenario.now(), scenario.started());
    let again = scenario.machine.failed(now, started, &TRANSIENT);
    assert_eq!(again, None);
}

#[test]
fn r1_rejected_token_is_used_again_after_a_transient_failure_of_another_target() {
    for (failure, action) in [(TRANSIENT, Action::Use), (PERMANENT, Action::Refuse)] {
        let mut scenario = Scenario::fresh();
        assert_eq!(scenario.reject(), Action::Start);
        scenario.another_fails(failure);
        let id = scenario.acquisition();
        assert!(scenario.machine.renewal.failed(id, &failure));
        assert_eq!(scenario.demand(), action, "{failure:?}");
    }
}

#[test]
fn e4_due_token_is_used_while_another_target_backs_off() {
    let mut scenario = Scenario::due();
    scenario.another_fails(transient_for(3));
    assert_eq!(scenario.demand(), Action::Use);
    scenario.pass(secs(3));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn s1_acquisition_under_way_is_joined_while_another_target_backs_off() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.another_fails(transient_for(60));
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn b2_failure_of_one_target_alone_backs_off_that_target_alone() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.fail_alone(PERMANENT), at(1));
    let decision = scenario.machine.demand(scenario.now());
    assert_eq!(decision, refused_until(at(1)));
    assert_eq!(scenario.machine.breaker.health(at(0)), Health::Healthy);
    let mut until = at(1);
    for seconds in [1, 2, 4] {
        scenario.pass(secs(seconds));
        assert_eq!(scenario.demand(), Action::Start);
        until = scenario.now() + secs(2 * seconds);
        assert_eq!(scenario.fail_alone(PERMANENT), until);
    }
    // The longer one of the two holds.
    assert_eq!(scenario.another_fails(TRANSIENT), scenario.now() + secs(1));
    let decision = scenario.machine.demand(scenario.now());
    assert_eq!(decision, refused_until(until));
    let longer = scenario.another_fails(transient_for(60));
    let decision = scenario.machine.demand(scenario.now());
    assert_eq!(decision, refused_until(longer));
}
