//! R6: tokens that are rejected while they are unproven, because their replay has no answer yet, was lost, or does not
//! exist (a body that cannot be sent again, a user's own loop).

use super::machines::only;
use super::scenario::{API, Action, LIFETIME, OTHER_API, Scenario, UNKNOWN};
use super::*;

/// A token that has just replaced one that `origin` rejected.
fn replaced_for(origin: impl Into<Option<u16>>) -> Scenario {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.reject_by(origin), Action::Start);
    scenario.obtain_new();
    scenario
}

/// The same, by an origin that is not known.
fn replaced() -> Scenario {
    replaced_for(UNKNOWN)
}

#[test]
fn r6_unproven_token_that_an_unknown_origin_rejects_within_a_second_was_useless() {
    let mut scenario = replaced().after(millis(999));
    assert_eq!(scenario.reject_by(UNKNOWN), Action::Return);
    assert_eq!(scenario.demand(), Action::Use);

    let mut scenario = replaced().after(millis(1000));
    assert_eq!(scenario.reject_by(UNKNOWN), Action::Start);
}

#[test]
fn r6_unproven_token_that_a_known_origin_rejects_within_a_minute_was_useless() {
    let mut scenario = replaced_for(API).after(millis(59_999));
    assert_eq!(scenario.reject_by(API), Action::Return);

    let mut scenario = replaced_for(API).after(secs(60));
    assert_eq!(scenario.reject_by(API), Action::Start);
}

#[test]
fn r6_slow_calls_to_a_known_origin_that_always_rejects_cost_few_requests() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..545 {
        if scenario.reject_by(API) == Action::Start {
            requests += 1;
            scenario.obtain_new();
        }
        scenario.pass(millis(1_100));
    }
    assert!((10..=20).contains(&requests), "{requests} in 10 minutes");
}

#[test]
fn r6_e6_token_that_replaced_no_rejected_one_is_renewed_at_once() {
    for origin in [Some(API), UNKNOWN] {
        let mut scenario = Scenario::fresh();
        assert_eq!(scenario.reject_by(origin), Action::Start, "{origin:?}");
    }
}

#[test]
fn r6_calls_to_an_unknown_origin_that_always_rejects_cost_few_requests() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..6000 {
        if scenario.reject_by(UNKNOWN) == Action::Start {
            requests += 1;
            scenario.obtain_new();
        }
        scenario.pass(millis(100));
    }
    // At 0, 1, 3, 7, 15, 31, 63 s, and then once a minute.
    assert!((10..=17).contains(&requests), "{requests} in 10 minutes");
}

#[test]
fn r6_token_that_was_used_for_a_while_resets_the_cool_down() {
    let mut scenario = replaced();
    let first_cool_down = |scenario: &mut Scenario| {
        assert_eq!(scenario.reject_by(UNKNOWN), Action::Return);
        scenario.pass(millis(999));
        assert_eq!(scenario.reject_by(UNKNOWN), Action::Return);
        scenario.pass(millis(1));
        assert_eq!(scenario.reject_by(UNKNOWN), Action::Start);
        scenario.obtain_new();
    };
    first_cool_down(&mut scenario);
    scenario.pass(secs(5)); // the new token is used
    assert_eq!(scenario.reject_by(UNKNOWN), Action::Start);
    scenario.obtain_new();
    first_cool_down(&mut scenario);
}

#[test]
fn r6_same_token_again_counts_each_time_for_an_unknown_origin() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..600 {
        if scenario.reject_by(UNKNOWN) == Action::Start {
            requests += 1;
            scenario.obtain_same_for(LIFETIME);
        }
        scenario.pass(millis(100));
    }
    assert_eq!(requests, 6, "at 0, 1, 3, 7, 15 and 31 s of a minute");
}

#[test]
fn r6_unproven_token_is_judged_for_each_origin() {
    let mut scenario = replaced_for(API);
    assert_eq!(scenario.reject_by(API), Action::Return);
    assert_eq!(scenario.reject_by(OTHER_API), Action::Start);
}

#[test]
fn r6_rejection_before_the_replay_is_answered_renews_nothing() {
    let mut scenario = replaced_for(API);
    assert_eq!(scenario.reject_by(API), Action::Return, "it is unproven");

    let mut scenario = replaced_for(API);
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject_by(API), Action::Start, "revoked again");
}

#[test]
fn r6_rejection_of_an_older_token_does_not_count() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let now = scenario.now();
    let held = *scenario.machine.renewal.held().unwrap();
    let decision = scenario.machine.reject(now, old, Some(API));
    assert_eq!(
        decision,
        RejectionDecision::Superseded(only(Answer::Use(held)))
    );
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(
        scenario.reject(),
        Action::Start,
        "it does not count as useless"
    );
}

#[test]
fn r6_acceptance_matters_until_it_is_known_or_its_time_is_over() {
    let mut scenario = replaced_for(API);
    assert!(scenario.awaits(API));
    assert!(!scenario.awaits(OTHER_API));
    assert!(scenario.clone().after(millis(59_999)).awaits(API));
    assert!(!scenario.clone().after(secs(60)).awaits(API));
    scenario.accept_by(API);
    assert!(!scenario.awaits(API));
    assert!(!Scenario::rejected().awaits(API), "nothing to accept yet");
}

#[test]
fn r6_no_acceptance_matters_after_an_unknown_origin_has_rejected() {
    let scenario = replaced();
    let awaited = scenario.machine.renewal.awaited_origins(scenario.now());
    assert!(awaited.is_empty());
}

/// No replay shows whether renewing helped, but the API accepts other requests.
#[test]
fn r6_accepted_unproven_token_is_renewed_once_more_before_that_counts() {
    let mut scenario = replaced_for(API);
    scenario.accept_by(API);
    assert_eq!(scenario.reject(), Action::Start);
    assert_eq!(scenario.reject(), Action::Join, "others use this renewal");
    scenario.obtain_new();
    scenario.accept_by(API);
    assert_eq!(scenario.reject(), Action::Return);
    scenario.pass(secs(2));
    assert_eq!(scenario.reject(), Action::Start);
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Start, "it was cleared");
}
