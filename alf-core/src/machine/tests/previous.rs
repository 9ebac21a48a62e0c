//! R9: the previous token is used while the held one is too new for an API.

use super::scenario::{API, Action, OTHER_API, Scenario};
use super::*;

/// A token that an ordinary renewal replaced just now, and the token that replaced it.
fn renewed_after(time: Duration) -> (Scenario, Generation) {
    let mut scenario = Scenario::fresh().after(time);
    let previous = scenario.generation();
    scenario.demand();
    scenario.obtain_new();
    assert!(previous < scenario.generation());
    (scenario, previous)
}

#[test]
fn r9_token_that_is_rejected_at_once_is_not_renewed_and_the_previous_one_is_used_for_5_s() {
    let (mut scenario, _) = renewed_after(secs(80));
    let started = scenario.started();
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(scenario.reject(), Action::UsePrevious);
    assert_eq!(scenario.reject_by(OTHER_API), Action::UsePrevious);
    assert_eq!(scenario.demand(), Action::UsePrevious);
    assert_eq!(scenario.cacheable_until(), Some(at(85)));
    scenario.pass(millis(4999));
    assert_eq!(scenario.demand(), Action::UsePrevious);
    assert_eq!(scenario.reject(), Action::UsePrevious);
    scenario.pass(millis(1));
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(scenario.cacheable_until(), Some(at(160)));
    assert_eq!(scenario.started(), started);
    assert_eq!(scenario.reject(), Action::Start, "it is not too new");
}

#[test]
fn r9_previous_token_is_used_until_its_stated_expiry_at_most() {
    let (mut scenario, _) = renewed_after(secs(97));
    assert_eq!(scenario.reject(), Action::UsePrevious);
    assert_eq!(scenario.cacheable_until(), Some(at(100)));
    scenario.pass(secs(3));
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r9_e7_previous_token_that_expired_while_the_machine_was_suspended_is_not_used() {
    let (mut scenario, _) = renewed_after(secs(80));
    scenario.machine.renewal.was_suspended(secs(20));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r9_token_that_was_obtained_because_of_a_rejection_is_not_too_new() {
    let mut scenario = Scenario::rejected();
    scenario.obtain_new();
    assert_eq!(scenario.reject_by(OTHER_API), Action::Start);
}

#[test]
fn r9_token_that_was_rejected_once_is_not_used_after_it_is_replaced() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.obtain_new();
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r9_token_that_was_too_new_is_used_when_the_next_one_is_too_new() {
    let (mut scenario, _) = renewed_after(secs(80));
    assert_eq!(scenario.reject(), Action::UsePrevious);
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.obtain_new();
    assert_eq!(scenario.reject(), Action::UsePrevious);
}

#[test]
fn r9_r1_if_both_tokens_are_rejected_the_token_is_renewed() {
    let (mut scenario, previous) = renewed_after(secs(80));
    assert_eq!(scenario.reject(), Action::UsePrevious);
    assert_eq!(scenario.reject_of(previous, OTHER_API), Action::Start);
    assert_eq!(scenario.demand(), Action::Join);
    assert_eq!(scenario.reject(), Action::Join);
}

#[test]
fn r9_r1_if_both_tokens_are_rejected_the_token_is_renewed_also_if_the_previous_one_is_within_leeway()
 {
    let (mut scenario, previous) = renewed_after(secs(92));
    assert_eq!(scenario.reject(), Action::UsePrevious);
    assert_eq!(scenario.reject_of(previous, OTHER_API), Action::Start);
}

#[test]
fn r9_r2_previous_token_that_is_rejected_first_is_not_used_again() {
    let (mut scenario, previous) = renewed_after(secs(80));
    assert_eq!(scenario.reject_of(previous, OTHER_API), Action::Use);
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r9_request_is_replayed_once_more_if_the_replay_with_the_previous_token_is_rejected() {
    // Also if the new token is 5 s old meanwhile, and in use again.
    for time in [secs(1), secs(5)] {
        let (mut scenario, previous) = renewed_after(secs(80));
        let new = scenario.generation();
        assert_eq!(scenario.reject(), Action::UsePrevious);
        scenario.pass(time);
        let now = scenario.now();
        let renewal = &mut scenario.machine.renewal;
        assert!(renewal.rejected_replay(now, new, previous, &API));
        assert_eq!(scenario.reject(), Action::Start, "{time:?}");
        let renewal = &mut scenario.machine.renewal;
        assert!(!renewal.rejected_replay(now, new, new, &API), "R3");
    }
}
