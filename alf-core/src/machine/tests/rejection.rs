//! R1, R2, R5: a token that a resource server rejected.

use super::machines::only;
use super::scenario::{API, Action, OTHER_API, Scenario};
use super::*;

#[test]
fn r1_rejection_starts_one_renewal_for_which_callers_wait() {
    let mut scenario = Scenario::fresh().after(secs(5));
    assert_eq!(scenario.reject(), Action::Start);
    assert_eq!(scenario.demand(), Action::Join);
    assert_eq!(scenario.cacheable_until(), None, "no cache may answer");
}

#[test]
fn r1_of_a_thousand_rejections_one_causes_a_renewal() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let revoked = scenario.generation();
    assert_eq!(scenario.reject(), Action::Start);
    let started = scenario.started();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, API), Action::Join);
    }
    scenario.obtain_new();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, API), Action::Use);
    }
    assert_eq!(scenario.started(), started);
}

#[test]
fn r1_rejection_of_an_old_token_never_rejects_a_newer_one() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let newer = *scenario.machine.renewal.held().unwrap();
    assert_eq!(
        scenario.machine.reject(scenario.now(), old, Some(API)),
        RejectionDecision::Superseded(only(Answer::Use(newer)))
    );
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn r1_rejection_waits_for_a_renewal_that_runs_in_the_background() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    assert_eq!(scenario.reject(), Action::Join);
    assert_eq!(
        scenario.demand(),
        Action::Join,
        "the rejected token is not used"
    );
}

#[test]
fn r1_rejected_token_is_not_used_though_an_attempt_has_failed() {
    let mut scenario = Scenario::rejected();
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Action::Join);
}

#[test]
fn r1_rejected_token_is_used_again_if_renewing_fails_transiently() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Action::Use);
    let mut scenario = scenario.after(secs(90));
    assert_eq!(
        scenario.demand(),
        Action::UseAndRenew,
        "95 s: it has not expired"
    );
    let mut scenario = scenario.after(secs(5));
    assert_eq!(scenario.demand(), Action::Join, "100 s: it has expired");
}

#[test]
fn r1_rejected_token_is_used_again_if_its_renewals_are_aborted() {
    let mut scenario = Scenario::rejected();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(
        scenario.demand(),
        Action::Start,
        "the rejected token is not used yet"
    );
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(6))));
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn r1_rejected_token_is_not_used_if_renewing_fails_permanently() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.demand(), Action::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::Start);
}

#[test]
fn r1_rejected_token_is_used_again_if_the_as_issues_it_again() {
    let mut scenario = Scenario::rejected();
    assert_eq!(scenario.obtain_same(), Some(Success::Unchanged));
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn r1_rejection_in_a_back_off_leaves_the_token_in_use() {
    // One mistaken 401 while the AS is down does not stop every call.
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.reject(), Action::Refuse);
    assert_eq!(scenario.demand(), Action::Use);
}

#[test]
fn r1_expired_rejected_token_is_not_used_again() {
    let mut scenario = Scenario::expired();
    assert_eq!(scenario.reject(), Action::Start);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Action::Refuse);
}

#[test]
fn r2_another_held_token_is_used_without_an_acquisition() {
    let mut scenario = Scenario::within_leeway();
    let old = scenario.generation();
    scenario.demand();
    scenario.obtain_new();
    let started = scenario.started();
    assert_eq!(scenario.reject_of(old, API), Action::Use);
    assert_eq!(scenario.started(), started);
}

#[test]
fn r2_if_the_other_token_is_not_fresh_a_rejection_is_decided_as_a_demand() {
    let renewed = || {
        let mut scenario = Scenario::rejected();
        let old = scenario.generation();
        scenario.obtain_new(); // requested and obtained at 5 s
        (scenario, old)
    };
    let (scenario, old) = renewed();
    assert_eq!(
        scenario.after(secs(80)).reject_of(old, API),
        Action::UseAndRenew
    );
    let (scenario, old) = renewed();
    assert_eq!(scenario.after(secs(90)).reject_of(old, API), Action::Start);
    let (mut scenario, old) = renewed();
    assert_eq!(scenario.reject_by(OTHER_API), Action::Start);
    assert_eq!(scenario.reject_of(old, API), Action::Join);
}

#[test]
fn r5_rejection_in_a_back_off_gets_the_error() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.reject(), Action::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r1_generation_counts_the_obtained_tokens() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.generation().as_u64(), 1);
    assert_eq!(scenario.acquisition().as_u64(), 1);
    scenario.reject();
    scenario.obtain_same();
    assert_eq!(scenario.generation().as_u64(), 1, "no new token");
    scenario.pass(secs(95));
    scenario.demand();
    scenario.obtain_new();
    assert_eq!(scenario.generation().as_u64(), 2);
    assert_eq!(scenario.acquisition().as_u64(), 3);
}
