//! E2, E3, E4, E6: when a token is renewed, and who waits for it.

use super::scenario::{LIFETIME, Scenario, Told};
use super::*;

#[test]
fn e1_what_a_demand_is_told_at_each_stage() {
    for (state, told) in [
        (Scenario::new(), Told::Start),
        (Scenario::fresh(), Told::Use),
        (Scenario::due(), Told::UseAndRenew),
        (Scenario::within_leeway(), Told::Start),
        (Scenario::expired(), Told::Start),
    ] {
        let mut scenario = state.clone();
        assert_eq!(scenario.demand(), told, "{state:?}");
    }
}

#[test]
fn e2_while_a_token_is_due_nobody_waits_and_one_renewal_runs_beside() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    let begun = scenario.started();
    for _ in 0..900 {
        assert_eq!(scenario.demand(), Told::Use);
        scenario.pass(millis(10));
    }
    assert_eq!(scenario.started(), begun, "one renewal in nine seconds");
}

#[test]
fn e2_the_renewal_beside_is_landed_and_used() {
    let mut scenario = Scenario::due();
    let old = scenario.generation();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.pass(secs(1));
    let landed = scenario.obtain_new();
    assert_eq!(landed, Some(Success::New(scenario.generation())));
    assert!(scenario.generation() > old);
    assert_eq!(scenario.demand(), Told::Use);
    assert_eq!(scenario.cacheable_until(), Some(at(160)));
}

#[test]
fn e2_an_idle_client_does_nothing_until_the_next_demand() {
    let mut scenario = Scenario::fresh().after(secs(89));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn e3_callers_wait_for_the_one_acquisition_when_there_is_no_token() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.demand(), Told::Start);
    for _ in 0..1000 {
        assert_eq!(scenario.demand(), Told::Join);
    }
}

#[test]
fn e3_callers_wait_for_the_one_acquisition_when_the_token_has_expired() {
    for state in [Scenario::within_leeway(), Scenario::expired()] {
        let mut scenario = state;
        assert_eq!(scenario.demand(), Told::Start);
        assert_eq!(scenario.demand(), Told::Join);
        scenario.obtain_new();
        assert_eq!(scenario.demand(), Told::Use);
    }
}

#[test]
fn e3_a_renewal_that_ran_beside_is_waited_for_once_the_token_has_expired() {
    let mut scenario = Scenario::due().after(secs(9));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn e4_once_an_attempt_has_failed_an_expired_token_is_used_until_its_stated_end() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Told::Use);
    scenario.pass(secs(9) + millis(999));
    assert_eq!(scenario.demand(), Told::Use);
    scenario.pass(millis(1));
    assert_ne!(scenario.demand(), Told::Use, "its stated end is past");
}

#[test]
fn e4_an_attempt_of_another_acquisition_says_nothing_of_this_one() {
    let mut scenario = Scenario::within_leeway();
    let landed = Scenario::fresh().acquisition();
    assert_eq!(scenario.demand(), Told::Start);
    assert_ne!(scenario.acquisition(), landed);
    scenario.machine.renewal.delayed(landed);
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn e4_a_later_stumble_does_not_take_back_an_earlier_one() {
    let mut scenario = Scenario::within_leeway();
    let landed = Scenario::fresh().acquisition();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.attempt_failed();
    scenario.machine.renewal.delayed(landed);
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn e4_a_failed_renewal_is_invisible_while_alf_rests() {
    for failure in [Failure::TRANSIENT, Failure::PERMANENT] {
        let mut scenario = Scenario::due();
        assert_eq!(scenario.demand(), Told::UseAndRenew);
        assert_eq!(scenario.fail(failure), at(81));
        assert_eq!(scenario.demand(), Told::Use);

        let mut scenario = Scenario::within_leeway();
        assert_eq!(scenario.demand(), Told::Start);
        assert_eq!(scenario.fail(failure), at(91));
        assert_eq!(scenario.demand(), Told::Use);
    }
}

#[test]
fn e4_nobody_waits_for_the_next_acquisition_either() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::UseAndRenew, "the rest is over");
    assert_eq!(
        scenario.demand(),
        Told::Use,
        "it attempt_failed from the start"
    );
}

#[test]
fn e4_a_stumble_is_not_forgotten_with_the_acquisition_that_died_of_it() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(scenario.demand(), Told::Use);
    scenario.obtain_new();
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn e4_past_its_stated_end_a_token_is_not_used_whatever_failed() {
    let mut scenario = Scenario::expired();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Told::Join);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Told::Refuse);
}

#[test]
fn e4_after_a_success_an_expired_token_is_waited_for_again() {
    let mut scenario = Scenario::within_leeway();
    assert_eq!(scenario.demand(), Told::Start);
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.obtain_new();
    scenario.pass(secs(95));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.pause(), millis(100));
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn e6_the_same_token_keeps_its_generation_and_lives_for_what_is_left() {
    let mut scenario = Scenario::due();
    let held = scenario.generation();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(
        scenario.obtain_same_for(secs(20)),
        Some(Success::Unchanged(held))
    );
    assert_eq!(scenario.generation(), held);
    assert_eq!(scenario.cacheable_until(), Some(at(96)));
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn e6_the_same_token_is_no_loop() {
    // An AS that gives what is left of one token until it is over.
    let mut scenario = Scenario::due();
    let mut begun = 0;
    for _ in 0..200 {
        if scenario.demand() == Told::UseAndRenew {
            begun += 1;
            let left = LIFETIME.saturating_sub(scenario.now().saturating_since(at(0)));
            scenario.obtain_same_for(left);
        }
        assert_eq!(scenario.demand(), Told::Use);
        scenario.pass(millis(100));
    }
    assert!(begun <= 20, "{begun} token requests in 20 s");
}

#[test]
fn e6_renewals_beside_use_begin_at_least_a_second_apart() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.obtain_same_for(millis(1200)); // due after 960 ms
    scenario.pass(millis(999));
    assert_eq!(scenario.demand(), Told::Use, "due, but too soon");
    scenario.pass(millis(1));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn e6_a_token_that_states_no_time_costs_one_request_a_second() {
    let mut scenario = Scenario::new();
    let mut begun = 0;
    for _ in 0..1000 {
        if matches!(scenario.demand(), Told::Start | Told::UseAndRenew) {
            begun += 1;
            scenario.obtain_new_for(Some(Duration::ZERO));
        }
        scenario.pass(millis(10));
    }
    assert_eq!(begun, 10, "1000 calls in 10 s");
}

#[test]
fn e6_rejections_are_not_held_back_by_the_spacing() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.reject(), Told::Start);
}
