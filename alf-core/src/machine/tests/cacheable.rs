//! How long a cache in front of the machine may answer: as long as a demand would be decided as `Use`.

use super::scenario::{Action, Scenario};
use super::*;

#[test]
fn e1_fresh_token_is_cacheable_until_it_is_due() {
    assert_eq!(Scenario::fresh().cacheable_until(), Some(at(80)));
}

#[test]
fn e1_nothing_is_cacheable_without_a_usable_token() {
    for state in [
        Scenario::new(),
        Scenario::acquiring(),
        Scenario::backing_off(),
        Scenario::rejected(),
        Scenario::within_leeway(),
        Scenario::expired(),
    ] {
        assert_eq!(state.cacheable_until(), None, "{state:?}");
    }
}

#[test]
fn e2_due_token_is_cacheable_while_its_renewal_runs_and_for_a_second_after_that_started() {
    let mut scenario = Scenario::due();
    assert_eq!(
        scenario.cacheable_until(),
        None,
        "the next demand starts its renewal"
    );
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(
        scenario.cacheable_until(),
        Some(at(90)),
        "the deadline of the acquisition"
    );
    scenario.abort();
    assert_eq!(scenario.cacheable_until(), Some(at(81)), "E6");
    scenario.pass(secs(1));
    assert_eq!(scenario.cacheable_until(), None);
}

#[test]
fn e2_due_token_is_cacheable_until_it_is_within_leeway_at_most() {
    let mut scenario = Scenario::due().after(secs(5));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.started().deadline, at(95));
    assert_eq!(scenario.cacheable_until(), Some(at(90)));
}

#[test]
fn e4_token_is_cacheable_in_a_back_off_until_it_expires_at_most() {
    let mut due = Scenario::due();
    due.demand();
    due.fail(Failure::TRANSIENT);
    assert_eq!(due.cacheable_until(), Some(at(81)));

    let mut within_leeway = Scenario::within_leeway();
    within_leeway.demand();
    within_leeway.fail(Failure::Transient {
        retry_after: secs(60),
    });
    assert_eq!(within_leeway.cacheable_until(), Some(at(100)));
}

#[test]
fn e4_token_within_leeway_is_cacheable_once_an_attempt_has_failed() {
    let mut scenario = Scenario::within_leeway().after(secs(1));
    assert_eq!(scenario.demand(), Action::Start);
    assert_eq!(scenario.cacheable_until(), None, "callers wait for it");
    scenario.attempt_failed();
    assert_eq!(
        scenario.cacheable_until(),
        Some(at(100)),
        "its stated expiry"
    );
}

#[test]
fn s5_token_within_leeway_is_cacheable_until_the_deadline_of_its_acquisition_at_most() {
    let mut scenario = Scenario::with(Policy {
        acquisition_timeout: secs(3),
        ..scenario::POLICY
    });
    scenario.demand();
    scenario.obtain_new();
    scenario.pass(secs(90));
    assert_eq!(scenario.demand(), Action::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.cacheable_until(), Some(at(93)));
}

#[test]
fn r1_rejected_token_that_is_used_again_is_cacheable_again() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.cacheable_until(), Some(at(80)));
}
