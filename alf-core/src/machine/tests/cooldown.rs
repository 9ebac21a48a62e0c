//! R6: the cool-down after a useless renewal.

use super::scenario::{Scenario, Told, api, other_api};
use super::*;

/// How long the API's 401s are handed back from now on, in seconds.
fn cool_down(scenario: &Scenario) -> u64 {
    let mut probe = scenario.clone();
    let mut waited = 0;
    while probe.reject() == Told::Return {
        probe.pass(secs(1));
        waited += 1;
        assert!(waited < 100, "it cools down for ever");
    }
    waited
}

#[test]
fn r6_a_rejected_replay_starts_a_cool_down_of_a_second() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject(), Told::Return);
    scenario.pass(millis(999));
    assert_eq!(scenario.reject(), Told::Return);
    scenario.pass(millis(1));
    assert_eq!(scenario.reject(), Told::Start);
}

#[test]
fn r6_the_same_token_again_starts_a_cool_down() {
    let mut scenario = Scenario::rejected();
    scenario.obtain_same();
    assert_eq!(scenario.reject(), Told::Return);
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_the_same_token_again_starts_one_for_every_origin_that_waited() {
    let mut scenario = Scenario::rejected();
    assert_eq!(scenario.reject_by(other_api()), Told::Join);
    scenario.obtain_same();
    assert_eq!(scenario.reject_by(api()), Told::Return);
    assert_eq!(scenario.reject_by(other_api()), Told::Return);
    assert_eq!(
        scenario.reject_by(OriginKey::new(2)),
        Told::Start,
        "which did not wait"
    );
}

#[test]
fn r6_the_same_token_again_counts_once_however_many_rejections_waited() {
    let mut scenario = Scenario::rejected();
    for _ in 0..10 {
        assert_eq!(scenario.reject(), Told::Join);
    }
    scenario.obtain_same();
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_the_same_token_for_a_renewal_that_nobody_rejected_starts_none() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.obtain_same();
    assert_eq!(scenario.reject(), Told::Start);
}

#[test]
fn r6_a_cool_down_doubles_up_to_a_minute() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut seen = Vec::new();
    for _ in 0..8 {
        scenario.renew_in_vain();
        let wait = cool_down(&scenario);
        seen.push(wait);
        scenario.pass(secs(wait));
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn r6_the_same_token_counts_each_time_that_it_is_given() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(scenario.reject(), Told::Start);
        scenario.obtain_same();
        let wait = cool_down(&scenario);
        seen.push(wait);
        scenario.pass(secs(wait));
    }
    assert_eq!(seen, [1, 2, 4, 8]);
}

#[test]
fn r6_a_useless_renewal_counts_once_for_a_generation() {
    let mut scenario = Scenario::cooling_down();
    for _ in 0..100 {
        scenario.replayed(ReplayOutcome::RejectedAgain);
    }
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_a_rejected_replay_with_the_token_that_was_given_again_counts_nothing_more() {
    let mut scenario = Scenario::rejected();
    scenario.obtain_same();
    scenario.pass(millis(500));
    scenario.replayed(ReplayOutcome::RejectedAgain);
    scenario.pass(millis(500));
    assert_eq!(scenario.reject(), Told::Start);
}

#[test]
fn r6_an_accepted_replay_of_that_generation_clears_it() {
    let mut scenario = Scenario::cooling_down();
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Told::Start);
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::RejectedAgain);
    assert_eq!(cool_down(&scenario), 1, "it began anew");
}

#[test]
fn r6_an_accepted_replay_of_an_older_generation_clears_nothing() {
    let mut scenario = Scenario::rejected();
    let older = scenario.generation();
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::RejectedAgain);
    let now = scenario.now();
    scenario
        .machine
        .renewal
        .replayed(now, older, api(), ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Told::Return);
}

#[test]
fn r6_a_replay_that_another_origin_accepted_clears_nothing() {
    let mut scenario = Scenario::cooling_down();
    let (now, generation) = (scenario.now(), scenario.generation());
    scenario
        .machine
        .renewal
        .replayed(now, generation, other_api(), ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Told::Return);
}

#[test]
fn r6_a_rejected_replay_of_a_token_that_is_not_held_any_more_says_nothing() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let now = scenario.now();
    scenario
        .machine
        .renewal
        .replayed(now, old, api(), ReplayOutcome::RejectedAgain);
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Told::Start);
}

#[test]
fn r6_one_api_that_always_says_401_does_not_hide_a_revocation_from_the_others() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject_by(api()), Told::Return);
    assert_eq!(scenario.reject_by(other_api()), Told::Start);
}

#[test]
fn r6_64_origins_have_a_cool_down_of_their_own_and_the_others_share_one() {
    let last_of_its_own = OriginKey::new(63);
    assert_ne!(last_of_its_own, OriginKey::OTHERS);
    assert_ne!(last_of_its_own, OriginKey::new(62));
    for index in [64, 65, 1000, usize::MAX] {
        assert_eq!(OriginKey::new(index), OriginKey::OTHERS, "{index}");
    }
    for index in 0..100 {
        assert_ne!(OriginKey::new(index), OriginKey::UNKNOWN, "{index}");
    }

    let mut scenario = Scenario::fresh().after(secs(5));
    assert_eq!(scenario.reject_by(OriginKey::new(64)), Told::Start);
    scenario.obtain_same();
    assert_eq!(scenario.reject_by(OriginKey::new(65)), Told::Return);
    assert_eq!(scenario.reject_by(last_of_its_own), Told::Start);
}

#[test]
fn r6_the_token_goes_on_serving_in_a_cool_down() {
    let mut scenario = Scenario::cooling_down();
    for _ in 0..10 {
        assert_eq!(scenario.reject(), Told::Return);
        assert_eq!(scenario.demand(), Told::Use, "nothing is set aside");
    }
}

#[test]
fn r6_due_and_expired_tokens_are_renewed_in_a_cool_down() {
    // The cool-down of an API that has said 401 for ever is a minute.
    let long_cool_down = || {
        let mut scenario = Scenario::fresh().after(secs(5));
        for _ in 0..8 {
            scenario.renew_in_vain();
            scenario.pass(secs(60));
        }
        assert_eq!(scenario.reject(), Told::Start);
        scenario.obtain_new_for(Some(secs(20)));
        scenario.replayed(ReplayOutcome::RejectedAgain);
        scenario
    };
    let mut due = long_cool_down().after(secs(16));
    assert_eq!(due.reject(), Told::Return);
    assert_eq!(due.demand(), Told::UseAndRenew);
    let mut expired = long_cool_down().after(secs(19));
    assert_eq!(expired.reject(), Told::Return);
    assert_eq!(expired.demand(), Told::Start);
}

#[test]
fn r6_a_401_in_a_cool_down_is_handed_back_while_another_acquisition_runs() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject_by(other_api()), Told::Start);
    assert_eq!(scenario.reject_by(api()), Told::Return);
}

#[test]
fn r6_a_401_in_a_cool_down_is_handed_back_also_while_alf_rests() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject_by(other_api()), Told::Start);
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.reject_by(other_api()), Told::Refuse);
    assert_eq!(scenario.reject_by(api()), Told::Return);
}

#[test]
fn r6_where_a_replay_follows_a_token_may_be_rejected_as_soon_as_it_landed() {
    let mut scenario = Scenario::fresh();
    assert_eq!(scenario.reject_by(api()), Told::Start);
}
