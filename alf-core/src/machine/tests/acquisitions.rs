//! S1, S2, S4, S5: one acquisition at a time, aborted acquisitions, and acquisitions past their deadline.

use super::scenario::{ACQUISITION_TIMEOUT, Action, Scenario};
use super::*;

/// An acquisition past its deadline that has not ended.
fn frozen() -> Scenario {
    Scenario::acquiring().after(ACQUISITION_TIMEOUT)
}

#[test]
fn s1_one_acquisition_is_under_way_however_many_callers_ask() {
    for state in [
        Scenario::acquiring(),
        Scenario::rejected(),
        {
            let mut scenario = Scenario::within_leeway();
            assert_eq!(scenario.demand(), Action::Start);
            scenario
        },
        {
            let mut scenario = Scenario::due();
            assert_eq!(scenario.demand(), Action::UseAndRenew);
            scenario
        },
    ] {
        let mut scenario = state;
        let started = scenario.started();
        for _ in 0..100 {
            scenario.demand();
            if scenario.machine.renewal.held().is_some() {
                scenario.reject();
            }
        }
        assert_eq!(scenario.started(), started);
    }
}

#[test]
fn s1_failed_attempt_leaves_the_acquisition_under_way() {
    let mut scenario = Scenario::acquiring();
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn s2_failed_acquisition_is_not_repeated_for_each_waiter() {
    let mut scenario = Scenario::acquiring();
    for _ in 0..100 {
        assert_eq!(scenario.demand(), Action::Join);
    }
    scenario.fail(Failure::TRANSIENT);
    for _ in 0..100 {
        assert_eq!(scenario.demand(), Action::Refuse);
    }
}

#[test]
fn s4_waiters_of_an_aborted_acquisition_ask_again_and_one_starts_another() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn s4_second_abort_in_a_row_is_a_failed_acquisition() {
    let mut scenario = Scenario::acquiring();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(1))));
    assert_eq!(scenario.demand(), Action::Refuse);
}

#[test]
fn s4_third_abort_in_a_row_fails_at_once_and_doubles_the_back_off() {
    let mut scenario = Scenario::acquiring();
    scenario.abort();
    scenario.demand();
    scenario.abort();
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(3))));
}

#[test]
fn s4_aborts_with_a_result_between_them_are_not_in_a_row() {
    let mut succeeded = Scenario::acquiring();
    succeeded.abort();
    succeeded.demand();
    succeeded.obtain_new();
    succeeded.pass(secs(95));
    succeeded.demand();
    assert_eq!(
        succeeded.abort(),
        (Some(Aborted::AskAgain), None),
        "one succeeded between them"
    );

    let mut failed = Scenario::acquiring();
    failed.abort();
    failed.demand();
    failed.fail(Failure::TRANSIENT);
    failed.pass(secs(1));
    failed.demand();
    assert_eq!(
        failed.abort(),
        (Some(Aborted::AskAgain), None),
        "one failed between them"
    );
}

#[test]
fn s4_aborted_renewal_of_a_due_token_is_invisible() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Action::Use, "a second apart (E6)");
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn s5_acquisition_has_a_deadline() {
    let scenario = Scenario::due();
    let mut scenario = scenario.after(secs(1));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.started().deadline, at(91));
    let mut scenario = Scenario::new().after(secs(3));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.started().deadline, at(13));
}

#[test]
fn s5_demand_starts_another_acquisition_if_the_current_one_is_past_its_deadline() {
    let mut scenario = Scenario::acquiring().after(millis(9999));
    assert_eq!(scenario.demand(), Action::Join);
    scenario.pass(millis(1));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.started().deadline, at(20));
}

#[test]
fn s5_rejection_starts_another_acquisition_if_the_current_one_is_past_its_deadline() {
    let mut scenario = Scenario::rejected().after(ACQUISITION_TIMEOUT);
    let frozen = scenario.acquisition();
    assert_eq!(scenario.reject(), Action::Start);
    assert_ne!(scenario.acquisition(), frozen);
}

#[test]
fn s5_renewal_of_a_due_token_is_replaced_if_it_is_past_its_deadline() {
    let mut scenario = Scenario::with(Policy {
        acquisition_timeout: secs(5),
        ..scenario::POLICY
    });
    scenario.demand();
    scenario.obtain_new();
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.pass(secs(5));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn s5_result_of_a_replaced_acquisition_changes_nothing() {
    let mut scenario = frozen();
    let late = scenario.started();
    assert_eq!(scenario.demand(), Action::Start);
    let before = scenario.machine.clone();
    let obtained = Obtained {
        token: 77,
        lifetime: Some(secs(100)),
        requested_at: at(0),
        age: secs(0),
    };
    let now = scenario.now();
    let machine = &mut scenario.machine;
    assert_eq!(machine.succeeded(now, late, obtained, 0.0), None);
    assert_eq!(machine.failed(now, late, &Failure::PERMANENT), None);
    assert_eq!(machine.aborted(now, late), (None, None));
    machine.renewal.delayed(late.id);
    assert_eq!(*machine, before);
    assert_eq!(scenario.demand(), Action::Join, "the one that replaced it");
}

#[test]
fn s5_result_past_the_deadline_is_used_if_no_other_acquisition_has_started() {
    let mut scenario = frozen().after(secs(5));
    scenario.obtain_new();
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn s5_acquisition_ends_once() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.abort(), (None, None));
    assert_eq!(scenario.obtain_new(), None);
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn s5_replaced_acquisition_is_not_an_abort_and_not_a_failure() {
    let mut scenario = frozen();
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.pause(), millis(100));
    assert_eq!(
        scenario.abort(),
        (Some(Aborted::AskAgain), None),
        "the first one"
    );
}
