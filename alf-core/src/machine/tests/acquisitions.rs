//! S1, S2, S4, S5: one acquisition, what its end means, and what happens without one.

use super::scenario::{ACQUISITION_TIMEOUT, Scenario, Told};
use super::*;

/// The acquisition in the hands of a scenario was begun, and nobody has heard of it since.
fn frozen() -> Scenario {
    Scenario::acquiring().after(ACQUISITION_TIMEOUT)
}

#[test]
fn s1_one_acquisition_is_under_way_however_many_ask() {
    for state in [
        Scenario::acquiring(),
        Scenario::rejected(),
        {
            let mut scenario = Scenario::within_leeway();
            assert_eq!(scenario.demand(), Told::Start);
            scenario
        },
        {
            let mut scenario = Scenario::due();
            assert_eq!(scenario.demand(), Told::UseAndRenew);
            scenario
        },
    ] {
        let mut scenario = state;
        let begun = scenario.started();
        for _ in 0..100 {
            scenario.demand();
            if scenario.machine.renewal.held().is_some() {
                scenario.reject();
            }
        }
        assert_eq!(scenario.started(), begun);
    }
}

#[test]
fn s1_a_stumble_leaves_the_acquisition_under_way() {
    let mut scenario = Scenario::acquiring();
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn s2_a_failed_acquisition_is_not_repeated_once_per_waiter() {
    let mut scenario = Scenario::acquiring();
    for _ in 0..100 {
        assert_eq!(scenario.demand(), Told::Join);
    }
    scenario.fail(Failure::TRANSIENT);
    for _ in 0..100 {
        assert_eq!(scenario.demand(), Told::Refuse);
    }
}

#[test]
fn s4_when_an_acquisition_dies_its_waiters_ask_again_and_one_begins_another() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn s4_a_second_death_in_a_row_is_a_failed_acquisition() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(1))));
    assert_eq!(scenario.demand(), Told::Refuse);
}

#[test]
fn s4_a_third_death_in_a_row_fails_at_once_and_rests_longer() {
    let mut scenario = Scenario::acquiring();
    scenario.abort();
    scenario.demand();
    scenario.abort();
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(3))));
}

#[test]
fn s4_deaths_with_a_result_between_them_are_not_in_a_row() {
    let mut landed = Scenario::acquiring();
    landed.abort();
    landed.demand();
    landed.obtain_new();
    landed.pass(secs(95));
    landed.demand();
    assert_eq!(landed.abort(), (Some(Aborted::AskAgain), None), "it landed");

    let mut failed = Scenario::acquiring();
    failed.abort();
    failed.demand();
    failed.fail(Failure::TRANSIENT);
    failed.pass(secs(1));
    failed.demand();
    assert_eq!(failed.abort(), (Some(Aborted::AskAgain), None), "it failed");
}

#[test]
fn s4_a_death_beside_use_is_invisible() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Told::Use, "a second apart (E6)");
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn s5_an_acquisition_has_a_deadline() {
    let scenario = Scenario::due();
    let mut scenario = scenario.after(secs(1));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(scenario.started().deadline, at(91));
    let mut scenario = Scenario::new().after(secs(3));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.started().deadline, at(13));
}

#[test]
fn s5_a_demand_that_meets_an_acquisition_past_its_deadline_begins_another() {
    let mut scenario = Scenario::acquiring().after(millis(9999));
    assert_eq!(scenario.demand(), Told::Join);
    scenario.pass(millis(1));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.started().deadline, at(20));
}

#[test]
fn s5_a_rejection_that_meets_an_acquisition_past_its_deadline_begins_another() {
    let mut scenario = Scenario::rejected().after(ACQUISITION_TIMEOUT);
    let frozen = scenario.acquisition();
    assert_eq!(scenario.reject(), Told::Start);
    assert_ne!(scenario.acquisition(), frozen);
}

#[test]
fn s5_a_frozen_renewal_of_a_due_token_is_replaced_too() {
    let mut scenario = Scenario::with(Policy {
        acquisition_timeout: secs(5),
        ..scenario::POLICY
    });
    scenario.demand();
    scenario.obtain_new();
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.pass(secs(5));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn s5_the_result_of_a_replaced_acquisition_is_too_late_and_changes_nothing() {
    let mut scenario = frozen();
    let late = scenario.started();
    assert_eq!(scenario.demand(), Told::Start);
    let before = scenario.machine.clone();
    let obtained = Obtained {
        token: 77,
        lifetime: Some(secs(100)),
        requested_at: at(0),
    };
    let now = scenario.now();
    let machine = &mut scenario.machine;
    assert_eq!(machine.succeeded(now, late, obtained, 0.0), None);
    assert_eq!(machine.failed(now, late, &Failure::PERMANENT), None);
    assert_eq!(machine.aborted(now, late), (None, None));
    machine.renewal.delayed(late.id);
    assert_eq!(*machine, before);
    assert_eq!(scenario.demand(), Told::Join, "the one that took its place");
}

#[test]
fn s5_a_result_that_nobody_has_given_up_is_welcome_even_past_the_deadline() {
    let mut scenario = frozen().after(secs(5));
    scenario.obtain_new();
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn s5_an_acquisition_ends_once() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.abort(), (None, None));
    assert_eq!(scenario.obtain_new(), None);
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn s5_an_acquisition_that_froze_is_no_death_and_no_failure() {
    let mut scenario = frozen();
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.pause(), millis(100));
    assert_eq!(
        scenario.abort(),
        (Some(Aborted::AskAgain), None),
        "the first one"
    );
}
