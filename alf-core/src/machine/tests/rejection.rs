//! R1, R2, R5: a token that a resource server rejected.

use super::scenario::{Scenario, Told, api, other_api};
use super::*;

#[test]
fn r1_a_rejection_begins_one_renewal_for_which_callers_wait() {
    let mut scenario = Scenario::fresh().after(secs(5));
    assert_eq!(scenario.reject(), Told::Start);
    assert_eq!(scenario.demand(), Told::Join);
    assert_eq!(scenario.cacheable_until(), None, "no cache may answer");
}

#[test]
fn r1_of_a_thousand_rejections_one_causes_a_renewal() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let revoked = scenario.generation();
    assert_eq!(scenario.reject(), Told::Start);
    let begun = scenario.started();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, api()), Told::Join);
    }
    scenario.obtain_new();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, api()), Told::Use);
    }
    assert_eq!(scenario.started(), begun);
}

#[test]
fn r1_a_rejection_of_an_old_token_never_touches_a_newer_one() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let newer = scenario.generation();
    assert_eq!(
        scenario.machine.reject(scenario.now(), old, api()),
        RejectionDecision::Superseded(Decision::Use(newer))
    );
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn r1_a_rejection_while_a_renewal_runs_beside_waits_for_it() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert_eq!(scenario.reject(), Told::Join);
    assert_eq!(scenario.demand(), Told::Join, "it is set aside");
}

#[test]
fn r1_a_rejected_token_is_not_used_though_an_attempt_has_failed() {
    let mut scenario = Scenario::rejected();
    scenario.attempt_failed();
    assert_eq!(scenario.demand(), Told::Join);
}

#[test]
fn r1_a_rejected_token_is_used_again_when_renewing_fails_transiently() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Told::Use);
    let mut scenario = scenario.after(secs(90));
    assert_eq!(scenario.demand(), Told::UseAndRenew, "95 s: not over yet");
    let mut scenario = scenario.after(secs(5));
    assert_eq!(scenario.demand(), Told::Join, "100 s: its stated end");
}

#[test]
fn r1_a_rejected_token_is_used_again_when_its_renewals_die() {
    let mut scenario = Scenario::rejected();
    assert_eq!(scenario.abort(), (Some(Aborted::AskAgain), None));
    assert_eq!(scenario.demand(), Told::Start, "still set aside");
    assert_eq!(scenario.abort(), (Some(Aborted::Failed), Some(at(6))));
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn r1_a_rejected_token_stays_set_aside_when_renewing_is_refused() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.demand(), Told::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::Start);
}

#[test]
fn r1_a_rejected_token_is_used_again_when_the_as_gives_it_again() {
    let mut scenario = Scenario::rejected();
    let held = scenario.generation();
    assert_eq!(scenario.obtain_same(), Some(Success::Unchanged(held)));
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn r1_a_rejection_while_alf_rests_sets_nothing_aside() {
    // One odd 401 while the AS is down does not stop every call.
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.reject(), Told::Refuse);
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn r1_a_rejected_token_that_is_over_is_not_used_again() {
    let mut scenario = Scenario::expired();
    assert_eq!(scenario.reject(), Told::Start);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Told::Refuse);
}

#[test]
fn r2_another_token_is_used_without_asking_the_as() {
    let mut scenario = Scenario::within_leeway();
    let old = scenario.generation();
    scenario.demand();
    scenario.obtain_new();
    let begun = scenario.started();
    assert_eq!(scenario.reject_of(old, api()), Told::Use);
    assert_eq!(scenario.started(), begun);
}

#[test]
fn r2_where_the_other_token_cannot_be_used_the_caller_does_what_a_demand_would() {
    let renewed = || {
        let mut scenario = Scenario::rejected();
        let old = scenario.generation();
        scenario.obtain_new(); // at 5 s, asked for at 5 s
        (scenario, old)
    };
    let (scenario, old) = renewed();
    assert_eq!(
        scenario.after(secs(80)).reject_of(old, api()),
        Told::UseAndRenew
    );
    let (scenario, old) = renewed();
    assert_eq!(scenario.after(secs(90)).reject_of(old, api()), Told::Start);
    let (mut scenario, old) = renewed();
    assert_eq!(scenario.reject_by(other_api()), Told::Start);
    assert_eq!(scenario.reject_of(old, api()), Told::Join);
}

#[test]
fn r5_while_alf_rests_a_rejection_gets_the_error() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.reject(), Told::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.reject(), Told::Start);
}

#[test]
fn r1_a_generation_counts_the_accepted_tokens() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.generation().as_u64(), 1);
    assert_eq!(scenario.acquisition().as_u64(), 1);
    assert_eq!(
        scenario.machine.renewal.held(),
        Some((&1, scenario.generation()))
    );
    scenario.reject();
    scenario.obtain_same();
    assert_eq!(scenario.generation().as_u64(), 1, "no new token");
    scenario.pass(secs(95));
    scenario.demand();
    scenario.obtain_new();
    assert_eq!(scenario.generation().as_u64(), 2);
    assert_eq!(scenario.acquisition().as_u64(), 3);
}
