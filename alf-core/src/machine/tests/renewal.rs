//! E2, E3, E4, E6: when a token is renewed, and who waits for it.

use super::scenario::{Action, LIFETIME, Scenario};
use super::*;

#[test]
fn e1_each_stage_has_its_action() {
    for (state, action) in [
        (Scenario::new(), Action::Start),
        (Scenario::fresh(), Action::Use),
        (Scenario::due(), Action::UseAndRenew),
        (Scenario::within_leeway(), Action::Start),
        (Scenario::expired(), Action::Start),
    ] {
        let mut scenario = state.clone();
        assert_eq!(scenario.demand(), action, "{state:?}");
    }
}

#[test]
fn e2_while_a_token_is_due_no_caller_waits_and_one_renewal_runs_in_the_background() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    let started = scenario.started();
    for _ in 0..900 {
        assert_eq!(scenario.demand(), Action::Use);
        scenario.pass(millis(10));
    }
    assert_eq!(scenario.started(), started, "one renewal in nine seconds");
}

#[test]
fn e2_token_of_a_background_renewal_is_used() {
    let mut scenario = Scenario::due();
    let old = scenario.generation();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.pass(secs(1));
    let success = scenario.obtain_new();
    assert_eq!(success, Some(Success::New));
    assert!(scenario.generation() > old);
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(scenario.cacheable_until(), Some(at(86)), "R9");
    scenario.pass(secs(5));
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(scenario.cacheable_until(), Some(at(160)));
}

#[test]
fn e3_callers_without_a_usable_token_wait_for_the_one_acquisition() {
    for state in [
        Scenario::new(),
        Scenario::within_leeway(),
        Scenario::expired(),
    ] {
        let mut scenario = state;
        assert_eq!(scenario.demand(), Action::Start);
        for _ in 0..1000 {
            assert_eq!(scenario.demand(), Action::Join);
        }
        scenario.obtain_new();
        assert_eq!(scenario.demand(), Action::Use);
    }
}

#[test]
fn e3_background_renewal_is_waited_for_once_the_token_is_within_leeway() {
    let mut scenario = Scenario::due().after(secs(9));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn e4_once_an_attempt_has_failed_a_token_within_leeway_is_used_until_it_expires() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Action::Use);
    scenario.pass(secs(9) + millis(999));
    assert_eq!(scenario.demand(), Action::Use);
    scenario.pass(millis(1));
    assert_ne!(scenario.demand(), Action::Use, "it has expired");
}

#[test]
fn e4_delay_of_an_earlier_acquisition_does_not_delay_this_one() {
    let mut scenario = Scenario::within_leeway();
    let earlier = Scenario::fresh().acquisition();
    assert_eq!(scenario.demand(), Action::Start);
    assert_ne!(scenario.acquisition(), earlier);
    scenario.machine.renewal.delayed(earlier);
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn e4_delay_of_an_earlier_acquisition_does_not_clear_that_of_this_one() {
    let mut scenario = Scenario::within_leeway();
    let earlier = Scenario::fresh().acquisition();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.attempt_failed();
    scenario.machine.renewal.delayed(earlier);
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn e4_failed_renewal_is_invisible_in_the_back_off() {
    for failure in [Failure::TRANSIENT, Failure::PERMANENT] {
        let mut scenario = Scenario::due();
        assert_eq!(scenario.demand(), Action::UseAndRenew);
        assert_eq!(scenario.fail(failure), at(81));
        assert_eq!(scenario.demand(), Action::Use);

        let mut scenario = Scenario::within_leeway();
        assert_eq!(scenario.demand(), Action::Start);
        assert_eq!(scenario.fail(failure), at(91));
        assert_eq!(scenario.demand(), Action::Use);
    }
}

#[test]
fn e4_no_caller_waits_for_the_acquisition_after_a_failed_one() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(1));
    assert_eq!(
        scenario.demand(),
        Action::UseAndRenew,
        "the back-off has ended"
    );
    assert_eq!(
        scenario.demand(),
        Action::Use,
        "the server has been in trouble since the failure"
    );
}

#[test]
fn e4_failed_attempt_of_an_aborted_acquisition_still_counts() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.demand(), Action::Use);
    scenario.obtain_new();
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn e4_expired_token_is_not_used_after_any_failure() {
    let mut scenario = Scenario::expired();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Action::Join);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Action::Refuse);
}

#[test]
fn e4_after_a_success_callers_wait_again_while_a_token_is_within_leeway() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Action::Start);
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.obtain_new();
    scenario.pass(secs(95));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.pause(), millis(100));
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn e6_same_token_again_keeps_its_generation_and_has_the_remaining_lifetime() {
    let mut scenario = Scenario::due();
    let held = scenario.generation();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.obtain_same_for(secs(20)), Some(Success::Unchanged));
    assert_eq!(scenario.generation(), held);
    assert_eq!(scenario.cacheable_until(), Some(at(96)));
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn e6_same_token_again_is_not_a_loop() {
    // An AS that issues one token again and again until it has expired.
    let mut scenario = Scenario::due();
    let mut started = 0;
    for _ in 0..200 {
        if scenario.demand() == Action::UseAndRenew {
            started += 1;
            let remainder = LIFETIME.saturating_sub(scenario.now().saturating_since(at(0)));
            scenario.obtain_same_for(remainder);
        }
        assert_eq!(scenario.demand(), Action::Use);
        scenario.pass(millis(100));
    }
    assert!(started <= 20, "{started} token requests in 20 s");
}

#[test]
fn e6_background_renewals_start_at_least_a_second_apart() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.obtain_same_for(millis(1200)); // due after 960 ms
    scenario.pass(millis(999));
    assert_eq!(scenario.demand(), Action::Use, "due, but too soon");
    scenario.pass(millis(1));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn e6_token_that_states_no_time_costs_one_request_a_second() {
    let mut scenario = Scenario::new();
    let mut started = 0;
    for _ in 0..1000 {
        if matches!(scenario.demand(), Action::Start | Action::UseAndRenew) {
            started += 1;
            scenario.obtain_new_for(Some(Duration::ZERO));
        }
        scenario.pass(millis(10));
    }
    assert_eq!(started, 10, "1000 calls in 10 s");
}
