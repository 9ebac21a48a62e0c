//! How long a cache in front of the machine may answer: as long as a demand would be told `Use`.

use super::scenario::{Scenario, Told};
use super::*;

#[test]
fn e1_a_fresh_token_is_quiet_until_it_is_due() {
    assert_eq!(Scenario::fresh().cacheable_until(), Some(at(80)));
}

#[test]
fn e1_nothing_is_quiet_without_a_usable_token() {
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
fn e2_a_due_token_is_quiet_while_its_renewal_runs_and_for_a_second_after_it_began() {
    let mut scenario = Scenario::due();
    assert_eq!(
        scenario.cacheable_until(),
        None,
        "the next demand begins one"
    );
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(
        scenario.cacheable_until(),
        Some(at(90)),
        "the acquisition's deadline"
    );
    scenario.abort();
    assert_eq!(scenario.cacheable_until(), Some(at(81)), "E6");
    scenario.pass(secs(1));
    assert_eq!(scenario.cacheable_until(), None);
}

#[test]
fn e2_a_due_token_is_quiet_no_longer_than_until_it_expires() {
    let mut scenario = Scenario::due().after(secs(5));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(scenario.started().deadline, at(95));
    assert_eq!(scenario.cacheable_until(), Some(at(90)));
}

#[test]
fn e4_a_token_is_quiet_while_alf_rests_but_not_past_its_stated_end() {
    let mut due = Scenario::due();
    due.demand();
    due.fail(Failure::TRANSIENT);
    assert_eq!(due.cacheable_until(), Some(at(81)));

    let mut expired = Scenario::within_leeway();
    expired.demand();
    expired.fail(Failure::Transient {
        retry_after: secs(60),
    });
    assert_eq!(expired.cacheable_until(), Some(at(100)));
}

#[test]
fn e4_an_expired_token_is_quiet_once_an_attempt_has_failed() {
    let mut scenario = Scenario::within_leeway().after(secs(1));
    assert_eq!(scenario.demand(), Told::Start);
    assert_eq!(scenario.cacheable_until(), None, "callers wait for it");
    scenario.attempt_failed();
    assert_eq!(scenario.cacheable_until(), Some(at(100)), "its stated end");
}

#[test]
fn s5_an_expired_token_is_quiet_no_longer_than_until_the_deadline_of_its_acquisition() {
    let mut scenario = Scenario::with(Policy {
        acquisition_timeout: secs(3),
        ..scenario::POLICY
    });
    scenario.demand();
    scenario.obtain_new();
    scenario.pass(secs(90));
    assert_eq!(scenario.demand(), Told::Start);
    scenario.attempt_failed();
    assert_eq!(scenario.cacheable_until(), Some(at(93)));
}

#[test]
fn r1_a_rejected_token_that_is_used_again_is_quiet_again() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.cacheable_until(), Some(at(80)));
}
