//! R6 where nobody tells of a replay: a body that cannot be sent again, a user's own loop, a replay
//! that was lost or is not answered yet.

use super::scenario::{LIFETIME, Scenario, Told, api, other_api};
use super::*;

/// A token that took the place of one that `origin` rejected, just now.
fn replaced_for(origin: OriginKey) -> Scenario {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.reject_by(origin), Told::Start);
    scenario.obtain_new();
    scenario
}

/// The same, where nobody knows who rejected it.
fn replaced() -> Scenario {
    replaced_for(OriginKey::UNKNOWN)
}

#[test]
fn r6_where_no_replay_is_told_a_token_rejected_within_a_second_of_landing_was_useless() {
    let mut scenario = replaced().after(millis(999));
    assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Return);
    assert_eq!(scenario.demand(), Told::Use);

    let mut scenario = replaced().after(millis(1000));
    assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Start);
}

#[test]
fn r6_where_no_replay_is_told_but_the_origin_is_known_a_minute_counts() {
    let mut scenario = replaced_for(api()).after(millis(59_999));
    assert_eq!(scenario.reject_by(api()), Told::Return);

    let mut scenario = replaced_for(api()).after(secs(60));
    assert_eq!(scenario.reject_by(api()), Told::Start);
}

#[test]
fn r6_where_no_replay_is_told_slow_calls_to_a_known_api_that_always_says_401_cost_less_too() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..545 {
        if scenario.reject_by(api()) == Told::Start {
            requests += 1;
            scenario.obtain_new();
        }
        scenario.pass(millis(1_100));
    }
    assert!((10..=20).contains(&requests), "{requests} in 10 minutes");
}

#[test]
fn r6_where_no_replay_is_told_a_token_that_replaced_no_rejected_one_has_nothing_to_prove() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Start);
}

#[test]
fn r6_where_no_replay_is_told_an_api_that_always_says_401_costs_less_and_less() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..6000 {
        if scenario.reject_by(OriginKey::UNKNOWN) == Told::Start {
            requests += 1;
            scenario.obtain_new();
        }
        scenario.pass(millis(100));
    }
    // At 0, 1, 3, 7, 15, 31, 63 s, and then once a minute.
    assert!((10..=17).contains(&requests), "{requests} in 10 minutes");
}

#[test]
fn r6_where_no_replay_is_told_a_token_that_served_for_a_while_forgives_the_earlier_ones() {
    let mut scenario = replaced();
    let first_cool_down = |scenario: &mut Scenario| {
        assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Return);
        scenario.pass(millis(999));
        assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Return);
        scenario.pass(millis(1));
        assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Start);
        scenario.obtain_new();
    };
    first_cool_down(&mut scenario);
    scenario.pass(secs(5)); // the new one serves
    assert_eq!(scenario.reject_by(OriginKey::UNKNOWN), Told::Start);
    scenario.obtain_new();
    first_cool_down(&mut scenario);
}

#[test]
fn r6_where_no_replay_is_told_the_same_token_counts_each_time() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut requests = 0;
    for _ in 0..600 {
        if scenario.reject_by(OriginKey::UNKNOWN) == Told::Start {
            requests += 1;
            scenario.obtain_same_for(LIFETIME);
        }
        scenario.pass(millis(100));
    }
    assert_eq!(requests, 6, "at 0, 1, 3, 7, 15 and 31 s of a minute");
}

#[test]
fn r6_where_no_replay_is_told_each_origin_is_judged_alone() {
    let mut scenario = replaced_for(api());
    assert_eq!(scenario.reject_by(api()), Told::Return);
    assert_eq!(scenario.reject_by(other_api()), Told::Start);
}

#[test]
fn r6_a_rejection_before_the_replay_was_answered_renews_nothing() {
    let mut scenario = replaced_for(api());
    assert_eq!(scenario.reject_by(api()), Told::Return, "on trial");

    let mut scenario = replaced_for(api());
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject_by(api()), Told::Start, "revoked again");
}

#[test]
fn r6_where_no_replay_is_told_an_old_token_says_nothing() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let now = scenario.now();
    let told = scenario.machine.reject(now, old, api());
    assert_eq!(
        told,
        RejectionDecision::Superseded(Decision::Use(scenario.generation()))
    );
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(
        scenario.reject(),
        Told::Start,
        "it counts as useless nowhere"
    );
}
