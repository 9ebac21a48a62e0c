//! R6: 64 origins have a record of their own, while something about them matters.

use super::scenario::{Action, Scenario};
use super::*;

const PLACES: u16 = 64;

/// A useless renewal for that origin.
fn renew_uselessly(scenario: &mut Scenario, origin: u16) {
    assert_eq!(scenario.reject_by(origin), Action::Start, "{origin}");
    scenario.obtain_new();
    scenario.replayed_by(origin, ReplayOutcome::RejectedAgain);
}

/// So many origins cool down that there is no place left.
fn full() -> Scenario {
    let mut scenario = Scenario::fresh().after(secs(5));
    for origin in 0..PLACES {
        renew_uselessly(&mut scenario, origin);
    }
    scenario
}

#[test]
fn r6_new_origin_takes_over_the_cool_down_that_ends_first() {
    let mut scenario = full();
    scenario.pass(millis(999));
    for origin in 64..200 {
        assert_eq!(scenario.reject_by(origin), Action::Return, "{origin}");
    }
    scenario.pass(millis(1));
    renew_uselessly(&mut scenario, 200);
    scenario.pass(millis(1999));
    assert_eq!(scenario.reject_by(200), Action::Return, "two seconds");
    scenario.pass(millis(1));
    assert_eq!(scenario.reject_by(200), Action::Start);
}

#[test]
fn r6_acceptance_of_an_origin_without_a_place_clears_nothing() {
    let mut scenario = full();
    for origin in 64..200 {
        scenario.accept_by(origin);
        scenario.replayed_by(origin, ReplayOutcome::Accepted);
        assert!(!scenario.awaits(origin));
    }
    for origin in 0..PLACES {
        assert_eq!(scenario.reject_by(origin), Action::Return, "{origin}");
    }
}

#[test]
fn r6_accepted_replay_frees_the_place() {
    let mut scenario = full();
    scenario.replayed_by(7, ReplayOutcome::Accepted);
    renew_uselessly(&mut scenario, 64);
    assert_eq!(scenario.reject_by(64), Action::Return);
    scenario.replayed_by(64, ReplayOutcome::Accepted);
    assert_eq!(scenario.reject_by(65), Action::Start);
}

#[test]
fn r6_origins_that_noticed_one_revocation_keep_no_place() {
    let mut scenario = Scenario::fresh().after(secs(5));
    for origin in 0..200 {
        let expected = if origin == 0 {
            Action::Start
        } else {
            Action::Join
        };
        assert_eq!(scenario.reject_by(origin), expected);
    }
    scenario.obtain_new();
    for origin in 0..200 {
        scenario.replayed_by(origin, ReplayOutcome::Accepted);
    }
    renew_uselessly(&mut scenario, 150);
    for origin in [0, 63, 64, 149, 199] {
        assert_eq!(scenario.reject_by(150), Action::Return);
        let mut scenario = scenario.clone();
        assert_eq!(scenario.reject_by(origin), Action::Start, "{origin}");
    }
}

#[test]
fn r6_unproven_origin_keeps_its_place_for_a_minute() {
    let mut scenario = Scenario::fresh().after(secs(5));
    for origin in 0..PLACES {
        scenario.reject_by(origin);
    }
    scenario.obtain_new();
    for (time, expected) in [(millis(59_999), Action::Return), (secs(60), Action::Start)] {
        let mut scenario = scenario.clone().after(time);
        assert_eq!(
            scenario.reject_by(64),
            expected,
            "{time:?}: it takes one over"
        );
    }
}

#[test]
fn r6_longest_finished_cool_down_goes_first_and_its_length_stays() {
    let mut scenario = Scenario::fresh().after(secs(5));
    for origin in 0..PLACES {
        renew_uselessly(&mut scenario, origin);
        scenario.pass(millis(10));
    }
    scenario.pass(secs(1));
    // All have ended. This one takes the place of the first, and the next one that of the second.
    renew_uselessly(&mut scenario, 64);
    renew_uselessly(&mut scenario, 65);
    scenario.pass(secs(1));
    for origin in [64, 65] {
        assert_eq!(scenario.reject_by(origin), Action::Return, "two seconds");
    }
    renew_uselessly(&mut scenario, 2);
    scenario.pass(secs(1));
    assert_eq!(scenario.reject_by(2), Action::Return, "it was kept");
}

#[test]
fn r6_load_of_origins_that_always_reject_does_not_grow_with_their_number() {
    let requests = |origins: u16| {
        let mut scenario = Scenario::fresh().after(secs(5));
        let mut requests = 0;
        for _ in 0..600 {
            for origin in 0..origins {
                if scenario.reject_by(origin) == Action::Start {
                    requests += 1;
                    scenario.obtain_new();
                    scenario.replayed_by(origin, ReplayOutcome::RejectedAgain);
                }
            }
            scenario.pass(secs(1));
        }
        requests
    };
    let of_all_places = requests(PLACES);
    let of_more = requests(200);
    assert!(
        of_more <= of_all_places + of_all_places / 10,
        "{of_more}, and {of_all_places} for {PLACES}"
    );
}
