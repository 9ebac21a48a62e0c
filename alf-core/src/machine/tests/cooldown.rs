//! R6: the cool-down after a useless renewal.

use super::scenario::{API, Action, OTHER_API, Scenario};
use super::*;

/// How long the 401s of the API are returned from now on, in seconds.
fn cool_down(scenario: &Scenario) -> u64 {
    let mut probe = scenario.clone();
    let mut waited = 0;
    while probe.reject() == Action::Return {
        probe.pass(secs(1));
        waited += 1;
        assert!(waited < 100, "the cool-down does not end");
    }
    waited
}

#[test]
fn r6_rejected_replay_starts_a_cool_down_of_a_second() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject(), Action::Return);
    scenario.pass(millis(999));
    assert_eq!(scenario.reject(), Action::Return);
    scenario.pass(millis(1));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r6_same_token_again_starts_a_cool_down_for_every_origin_that_waited() {
    let mut scenario = Scenario::rejected();
    assert_eq!(scenario.reject_by(OTHER_API), Action::Join);
    scenario.obtain_same();
    assert_eq!(scenario.reject_by(API), Action::Return);
    assert_eq!(scenario.reject_by(OTHER_API), Action::Return);
    assert_eq!(scenario.reject_by(2), Action::Start, "which did not wait");
}

#[test]
fn r6_same_token_again_counts_once_however_many_rejections_waited() {
    let mut scenario = Scenario::rejected();
    for _ in 0..10 {
        assert_eq!(scenario.reject(), Action::Join);
    }
    scenario.obtain_same();
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_same_token_again_without_a_rejection_starts_no_cool_down() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.obtain_same();
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r6_cool_down_doubles_up_to_a_minute() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut seen = Vec::new();
    for _ in 0..8 {
        scenario.renew_uselessly();
        let wait = cool_down(&scenario);
        seen.push(wait);
        scenario.pass(secs(wait));
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn r6_same_token_counts_each_time_that_it_is_issued() {
    let mut scenario = Scenario::fresh().after(secs(5));
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(scenario.reject(), Action::Start);
        scenario.obtain_same();
        let wait = cool_down(&scenario);
        seen.push(wait);
        scenario.pass(secs(wait));
    }
    assert_eq!(seen, [1, 2, 4, 8]);
}

#[test]
fn r6_useless_renewal_counts_once_for_each_generation() {
    let mut scenario = Scenario::cooling_down();
    for _ in 0..100 {
        scenario.replayed(ReplayOutcome::RejectedAgain);
    }
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_rejected_replay_with_a_token_that_was_issued_again_does_not_count_twice() {
    let mut scenario = Scenario::rejected();
    scenario.obtain_same();
    scenario.pass(millis(500));
    scenario.replayed(ReplayOutcome::RejectedAgain);
    scenario.pass(millis(500));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r6_accepted_replay_of_that_generation_clears_the_cool_down() {
    let mut scenario = Scenario::cooling_down();
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Start);
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::RejectedAgain);
    assert_eq!(cool_down(&scenario), 1, "it started again");
}

#[test]
fn r6_accepted_replay_of_an_older_generation_clears_nothing() {
    let mut scenario = Scenario::rejected();
    let older = scenario.generation();
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::RejectedAgain);
    let now = scenario.now();
    scenario
        .machine
        .replayed(now, older, API, ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Return);
}

#[test]
fn r6_accepted_replay_of_another_origin_clears_nothing() {
    let mut scenario = Scenario::cooling_down();
    let (now, generation) = (scenario.now(), scenario.generation());
    scenario
        .machine
        .replayed(now, generation, OTHER_API, ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Return);
}

#[test]
fn r6_rejected_replay_of_a_token_that_is_not_held_any_more_does_not_count() {
    let mut scenario = Scenario::rejected();
    let old = scenario.generation();
    scenario.obtain_new();
    let now = scenario.now();
    scenario
        .machine
        .replayed(now, old, API, ReplayOutcome::RejectedAgain);
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r6_cool_down_of_one_origin_hides_no_revocation_from_the_others() {
    let mut scenario = Scenario::cooling_down();
    assert_eq!(scenario.reject_by(API), Action::Return);
    assert_eq!(scenario.reject_by(OTHER_API), Action::Start);
    assert_eq!(
        scenario.reject_by(API),
        Action::Return,
        "also while another acquisition is under way"
    );
    scenario.fail(Failure::TRANSIENT);
    assert_eq!(scenario.reject_by(OTHER_API), Action::Refuse);
    assert_eq!(
        scenario.reject_by(API),
        Action::Return,
        "also in a back-off"
    );
}

#[test]
fn r6_accepted_request_that_is_no_replay_clears_no_cool_down() {
    let mut scenario = Scenario::fresh().after(secs(5));
    for cooldown in [1, 2, 4, 8, 16, 32, 60, 60] {
        scenario.renew_uselessly();
        scenario.accept_by(API);
        scenario.pass(millis(cooldown * 1000 - 1));
        assert_eq!(scenario.reject(), Action::Return, "{cooldown}");
        scenario.accept_by(API);
        scenario.pass(millis(1));
    }
}

#[test]
fn r6_cool_down_is_forgotten_a_minute_after_its_end() {
    let mut scenario = Scenario::fresh().after(secs(5));
    for (pause, expected) in [(millis(60_999), 2), (secs(61), 1)] {
        let mut scenario = scenario.clone();
        scenario.renew_uselessly();
        scenario.pass(pause);
        scenario.renew_uselessly();
        assert_eq!(cool_down(&scenario), expected, "{pause:?}");
    }
    // Also if the AS issues the same token.
    assert_eq!(scenario.reject(), Action::Start);
    scenario.obtain_same();
    scenario.pass(secs(61));
    assert_eq!(scenario.reject(), Action::Start);
    scenario.obtain_same();
    assert_eq!(cool_down(&scenario), 1);
}

#[test]
fn r6_same_token_that_was_requested_before_the_401_is_no_useless_renewal() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Action::UseAndRenew);
    scenario.pass(millis(1));
    assert_eq!(scenario.reject(), Action::Join);
    assert_eq!(scenario.obtain_same(), Some(Success::Outdated));
    assert_eq!(
        scenario.demand(),
        Action::Start,
        "the rejected token is not used"
    );
    scenario.pass(millis(1));
    assert_eq!(scenario.reject(), Action::Join);
    scenario.obtain_same();
    assert_eq!(scenario.demand(), Action::Use);
    assert_eq!(cool_down(&scenario), 1, "this time it was useless");
}

#[test]
fn r6_token_stays_in_use_in_a_cool_down() {
    let mut scenario = Scenario::cooling_down();
    for _ in 0..10 {
        assert_eq!(scenario.reject(), Action::Return);
        assert_eq!(scenario.demand(), Action::Use, "the token stays in use");
    }
}

#[test]
fn r6_due_tokens_and_tokens_within_leeway_are_renewed_in_a_cool_down() {
    // The cool-down of an API that always answers 401 is a minute in the end.
    let long_cool_down = || {
        let mut scenario = Scenario::fresh().after(secs(5));
        for _ in 0..8 {
            scenario.renew_uselessly();
            scenario.pass(secs(60));
        }
        assert_eq!(scenario.reject(), Action::Start);
        scenario.obtain_new_for(Some(secs(20)));
        scenario.replayed(ReplayOutcome::RejectedAgain);
        scenario
    };
    let mut due = long_cool_down().after(secs(16));
    assert_eq!(due.reject(), Action::Return);
    assert_eq!(due.demand(), Action::UseAndRenew);
    let mut within_leeway = long_cool_down().after(secs(19));
    assert_eq!(within_leeway.reject(), Action::Return);
    assert_eq!(within_leeway.demand(), Action::Start);
}
