//! R1, R2, R5: a token that a resource server rejected.

use super::scenario::{Scenario, Told, api, other_api};
use super::*;

#[test]
fn r1_a_rejection_begins_one_renewal_for_which_callers_wait() {
    let mut scenario = Scenario::fresh().after(secs(5));
    assert_eq!(scenario.reject(), Told::Begin);
    assert_eq!(scenario.demand(), Told::Join);
    assert_eq!(scenario.quiet_until(), None, "no cache may answer");
}

#[test]
fn r1_of_a_thousand_rejections_one_causes_a_renewal() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let revoked = scenario.generation();
    assert_eq!(scenario.reject(), Told::Begin);
    let begun = scenario.begun();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, api()), Told::Join);
    }
    scenario.land_new();
    for _ in 0..500 {
        assert_eq!(scenario.reject_of(revoked, api()), Told::Use);
    }
    assert_eq!(scenario.begun(), begun);
}

#[test]
fn r1_a_rejection_of_an_old_token_never_touches_a_newer_one() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.land_new();
    let newer = scenario.generation();
    assert_eq!(
        scenario.machine.reject(scenario.now(), old, api()),
        Reject::Superseded(Demand::Use(newer))
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
    assert_eq!(scenario.die(), AbortOutcome::AskAgain);
    assert_eq!(scenario.demand(), Told::Begin, "still set aside");
    assert_eq!(scenario.die(), AbortOutcome::Failed { until: at(6) });
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn r1_a_rejected_token_stays_set_aside_when_renewing_is_refused() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.demand(), Told::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Told::Begin);
}

#[test]
fn r1_a_rejected_token_is_used_again_when_the_as_gives_it_again() {
    let mut scenario = Scenario::rejected();
    let held = scenario.generation();
    assert_eq!(scenario.land_same(), Completion::Same(held));
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
    let mut scenario = Scenario::over();
    assert_eq!(scenario.reject(), Told::Begin);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.demand(), Told::Refuse);
}

#[test]
fn r2_another_token_is_used_without_asking_the_as() {
    let mut scenario = Scenario::expired();
    let old = scenario.generation();
    scenario.demand();
    scenario.land_new();
    let begun = scenario.begun();
    assert_eq!(scenario.reject_of(old, api()), Told::Use);
    assert_eq!(scenario.begun(), begun);
}

#[test]
fn r2_where_the_other_token_cannot_be_used_the_caller_does_what_a_demand_would() {
    let renewed = || {
        let mut scenario = Scenario::rejected();
        let old = scenario.generation();
        scenario.land_new(); // at 5 s, asked for at 5 s
        (scenario, old)
    };
    let (scenario, old) = renewed();
    assert_eq!(
        scenario.after(secs(80)).reject_of(old, api()),
        Told::UseAndRenew
    );
    let (scenario, old) = renewed();
    assert_eq!(scenario.after(secs(90)).reject_of(old, api()), Told::Begin);
    let (mut scenario, old) = renewed();
    assert_eq!(scenario.reject_by(other_api()), Told::Begin);
    assert_eq!(scenario.reject_of(old, api()), Told::Join);
}

#[test]
fn r5_while_alf_rests_a_rejection_gets_the_error() {
    let mut scenario = Scenario::rejected();
    scenario.fail(Failure::PERMANENT);
    assert_eq!(scenario.reject(), Told::Refuse);
    scenario.pass(secs(1));
    assert_eq!(scenario.reject(), Told::Begin);
}

#[test]
fn r1_a_generation_counts_the_accepted_tokens() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.generation().as_u64(), 1);
    assert_eq!(scenario.acquisition().as_u64(), 1);
    assert_eq!(scenario.machine.held(), Some((&1, scenario.generation())));
    scenario.reject();
    scenario.land_same();
    assert_eq!(scenario.generation().as_u64(), 1, "no new token");
    scenario.pass(secs(95));
    scenario.demand();
    scenario.land_new();
    assert_eq!(scenario.generation().as_u64(), 2);
    assert_eq!(scenario.acquisition().as_u64(), 3);
}
