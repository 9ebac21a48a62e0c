//! R6: a cool-down hides no real revocation from an origin that accepts the token otherwise.

use super::scenario::{API, Action, OTHER_API, Scenario};
use super::*;

/// A cool-down of an API that has accepted the token in another request.
fn mixed() -> Scenario {
    let mut scenario = Scenario::cooling_down();
    scenario.accept_by(API);
    scenario
}

fn reject_in_a_row(scenario: &mut Scenario, count: usize) -> Vec<Action> {
    (0..count).map(|_| scenario.reject()).collect()
}

#[test]
fn r6_third_rejection_in_a_row_renews_an_accepted_token_in_a_cool_down() {
    let mut scenario = mixed();
    let actions = reject_in_a_row(&mut scenario, 5);
    let expected = [
        Action::Return,
        Action::Return,
        Action::Start,
        Action::Join,
        Action::Join,
    ];
    assert_eq!(actions, expected);
    scenario.obtain_new();
    scenario.replayed(ReplayOutcome::Accepted);
    assert_eq!(scenario.reject(), Action::Start, "it was cleared");
}

#[test]
fn r6_rejections_in_a_row_of_a_token_that_was_never_accepted_renew_nothing() {
    let mut scenario = Scenario::cooling_down();
    scenario.accept_by(OTHER_API);
    let actions = reject_in_a_row(&mut scenario, 100);
    assert_eq!(actions, [Action::Return; 100]);
}

#[test]
fn r6_acceptance_ends_a_row_of_rejections() {
    let mut scenario = mixed();
    for _ in 0..100 {
        let actions = reject_in_a_row(&mut scenario, 2);
        assert_eq!(actions, [Action::Return; 2]);
        scenario.accept_by(API);
    }
}

#[test]
fn r6_each_request_of_a_row_was_sent_after_the_one_before_was_rejected() {
    let mut scenario = mixed();
    for expected in [Action::Return, Action::Return, Action::Start] {
        let sent_after = scenario.machine.rejections;
        assert_eq!(scenario.reject_sent(sent_after), expected);
        if expected == Action::Return {
            // They were sent side by side.
            for _ in 0..100 {
                assert_eq!(scenario.reject_sent(sent_after), Action::Return);
            }
        }
    }
}

#[test]
fn r6_rejections_in_a_row_whose_renewal_was_useless_count_and_need_twice_as_many() {
    let mut scenario = mixed();
    for needed in [3, 6, 12] {
        let actions = reject_in_a_row(&mut scenario, needed);
        let (last, returned) = actions.split_last().unwrap();
        assert!(returned.iter().all(|action| *action == Action::Return));
        assert_eq!(*last, Action::Start, "{needed}");
        scenario.accept_by(API); // a request that was under way
        scenario.obtain_new();
        scenario.replayed(ReplayOutcome::RejectedAgain);
        scenario.accept_by(API);
    }
    // It was the fourth useless renewal.
    scenario.pass(millis(7_999));
    assert_eq!(scenario.reject(), Action::Return);
    scenario.pass(millis(1));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn r6_acceptance_in_a_cool_down_matters_until_it_is_known_and_again_in_a_row() {
    let mut scenario = Scenario::cooling_down();
    assert!(scenario.awaits(API));
    scenario.accept_by(API);
    assert!(!scenario.awaits(API));
    scenario.reject();
    assert!(scenario.awaits(API));
    scenario.accept_by(API);
    assert!(!scenario.awaits(API));
    scenario.reject();
    scenario.pass(secs(60));
    assert!(!scenario.awaits(API), "the cool-down has ended");
}
