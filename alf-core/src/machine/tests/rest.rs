//! B2: the rest after a failed acquisition.

use super::scenario::{Scenario, Told};
use super::*;

/// How long alf rests after each of `failures`, one acquisition after the other.
fn rests(failures: &[Failure]) -> Vec<u64> {
    let mut scenario = Scenario::new();
    failures
        .iter()
        .map(|failure| {
            assert_eq!(scenario.demand(), Told::Begin);
            let rest = scenario.fail(*failure).saturating_since(scenario.now());
            scenario.pass(rest);
            rest.as_secs()
        })
        .collect()
}

fn transient_for(seconds: u64) -> Failure {
    Failure::Transient {
        retry_after: secs(seconds),
    }
}

fn permanent_for(seconds: u64) -> Failure {
    Failure::Permanent {
        retry_after: secs(seconds),
    }
}

#[test]
fn b2_after_transient_failures_alf_rests_1_s_doubling_to_5() {
    assert_eq!(rests(&[Failure::TRANSIENT; 6]), [1, 2, 4, 5, 5, 5]);
}

#[test]
fn b2_after_permanent_failures_alf_rests_1_s_doubling_to_60() {
    assert_eq!(
        rests(&[Failure::PERMANENT; 9]),
        [1, 2, 4, 8, 16, 32, 60, 60, 60]
    );
}

#[test]
fn b2_a_failure_of_the_other_kind_begins_anew() {
    const T: Failure = Failure::TRANSIENT;
    const P: Failure = Failure::PERMANENT;
    assert_eq!(
        rests(&[T, T, T, P, P, P, T, T, P, P]),
        [1, 2, 4, 1, 2, 4, 1, 2, 1, 2]
    );
}

#[test]
fn b2_retry_after_lengthens_a_rest_up_to_five_minutes() {
    for (failure, rest) in [
        (transient_for(0), 1),
        (transient_for(17), 17),
        (permanent_for(17), 17),
        (transient_for(300), 300),
        (transient_for(301), 300),
        (permanent_for(u64::MAX), 300),
    ] {
        assert_eq!(rests(&[failure]), [rest], "{failure:?}");
    }
    assert_eq!(
        rests(&[Failure::PERMANENT, Failure::PERMANENT, permanent_for(1)]),
        [1, 2, 4],
        "and never shortens one"
    );
}

#[test]
fn b2_while_resting_a_caller_without_a_token_is_refused_at_once() {
    for state in [Scenario::resting(), Scenario::refused()] {
        let mut scenario = state.after(millis(999));
        let until = at(1);
        assert_eq!(
            scenario.machine.demand(scenario.now()),
            Demand::Refuse { until }
        );
        scenario.pass(millis(1));
        assert_eq!(scenario.demand(), Told::Begin);
    }
}

#[test]
fn b2_while_resting_a_rejection_is_refused_at_once() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(Failure::TRANSIENT);
    let generation = scenario.generation();
    assert_eq!(
        scenario
            .machine
            .reject(scenario.now(), generation, scenario::api()),
        Reject::Refuse { until: at(81) }
    );
}

#[test]
fn b2_while_resting_no_acquisition_begins_whoever_asks() {
    let mut scenario = Scenario::expired();
    scenario.demand();
    scenario.fail(Failure::PERMANENT);
    let begun = scenario.begun();
    for _ in 0..99 {
        scenario.pass(millis(10));
        assert_eq!(scenario.demand(), Told::Use);
        assert_eq!(scenario.reject(), Told::Refuse);
    }
    assert_eq!(scenario.begun(), begun);
}

#[test]
fn b2_while_resting_a_due_token_is_not_renewed_either() {
    let mut scenario = Scenario::due();
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    scenario.fail(transient_for(7));
    for _ in 0..7 {
        assert_eq!(scenario.demand(), Told::Use);
        scenario.pass(secs(1));
    }
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn b2_a_wrong_secret_is_one_request_never_a_storm() {
    let mut scenario = Scenario::new();
    let mut requests = 0;
    for _ in 0..60_000 {
        if scenario.demand() == Told::Begin {
            requests += 1;
            scenario.fail(Failure::PERMANENT);
        }
        scenario.pass(millis(1));
    }
    assert_eq!(requests, 6, "60,000 calls in a minute");
}

#[test]
fn b2_the_end_of_an_outage_is_noticed_within_five_seconds() {
    let mut scenario = Scenario::new();
    for _ in 0..10 {
        assert_eq!(scenario.demand(), Told::Begin);
        let until = scenario.fail(Failure::TRANSIENT);
        assert!(until <= scenario.now() + secs(5));
        scenario.pass(secs(5));
    }
    assert_eq!(scenario.demand(), Told::Begin);
    scenario.land_new();
    assert_eq!(scenario.demand(), Told::Use);
}

#[test]
fn b2_acquisitions_after_a_failed_one_go_on_with_longer_pauses() {
    let mut scenario = Scenario::flying();
    assert!(!scenario.begun().after_failure);
    for _ in 0..2 {
        scenario.fail(Failure::TRANSIENT);
        scenario.pass(secs(5));
        assert_eq!(scenario.demand(), Told::Begin);
        assert!(scenario.begun().after_failure);
    }
    scenario.land_new();
    scenario.pass(secs(95));
    assert_eq!(scenario.demand(), Told::Begin);
    assert!(!scenario.begun().after_failure);
}

#[test]
fn b2_a_success_resets_the_rest() {
    let mut scenario = Scenario::new();
    for _ in 0..5 {
        scenario.demand();
        scenario.fail(Failure::PERMANENT);
        scenario.pass(secs(60));
    }
    scenario.demand();
    scenario.land_new();
    scenario.pass(secs(100));
    scenario.demand();
    let failed_at = scenario.now();
    assert_eq!(scenario.fail(Failure::PERMANENT), failed_at + secs(1));
}

#[test]
fn b2_the_same_token_is_a_success_too() {
    let mut scenario = Scenario::due();
    scenario.demand();
    scenario.fail(Failure::TRANSIENT);
    scenario.pass(secs(1));
    scenario.demand();
    scenario.land_same();
    scenario.pass(secs(80));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
    assert!(!scenario.begun().after_failure);
    let failed_at = scenario.now();
    assert_eq!(scenario.fail(Failure::TRANSIENT), failed_at + secs(1));
}

/// The rest of another token of the client, after a failure of that kind that ends then.
fn rest_of_another(failed_at: Moment, failure: &Failure) -> Rest {
    let mut other = Rest::new();
    other.failed(failed_at, failure);
    other
}

fn after(retry_after: u64) -> Failure {
    Failure::Transient {
        retry_after: secs(retry_after),
    }
}

#[test]
fn b2_rest_of_another_token_of_the_client_is_rested_too() {
    let mut scenario = Scenario::new();
    let rest = rest_of_another(at(0), &after(7));
    assert!(scenario.machine.rest_with(&rest));
    assert_eq!(
        scenario.machine.demand(scenario.now()),
        Demand::Refuse { until: at(7) }
    );
    // Told again, or of one that ends earlier: no news.
    assert!(!scenario.machine.rest_with(&rest));
    assert!(
        !scenario
            .machine
            .rest_with(&rest_of_another(at(0), &after(6)))
    );
    scenario.pass(secs(7));
    assert_eq!(scenario.demand(), Told::Begin);
    assert!(scenario.begun().after_failure);
    // It is the second failure of the client.
    assert_eq!(scenario.fail(Failure::TRANSIENT), at(7 + 2));
}

#[test]
fn b2_rest_of_another_token_lengthens_ones_own() {
    let mut scenario = Scenario::resting();
    let rest = rest_of_another(at(0), &after(60));
    assert!(scenario.machine.rest_with(&rest));
    assert_eq!(
        scenario.machine.demand(scenario.now()),
        Demand::Refuse { until: at(60) }
    );
    scenario.pass(secs(60));
    assert_eq!(scenario.demand(), Told::Begin);
}

#[test]
fn b2_rest_is_the_next_one_after_the_last_of_the_client() {
    let mut scenario = Scenario::flying();
    let last = rest_of_another(at(0), &Failure::TRANSIENT);
    let acquisition = scenario.begun().acquisition;
    let landed = scenario
        .machine
        .land_after(at(0), acquisition, &Failure::TRANSIENT, last);
    assert_eq!(landed, Completion::Failed { until: at(2) });
    // Over for good: a second end of it changes nothing.
    let again = scenario
        .machine
        .land_after(at(0), acquisition, &Failure::TRANSIENT, Rest::new());
    assert_eq!(again, Completion::Late);
    assert_eq!(scenario.machine.rest().end(), at(2));
}

#[test]
fn b2_acquisition_falls_with_another_and_rests_as_long() {
    let mut scenario = Scenario::flying();
    let acquisition = scenario.begun().acquisition;
    let rest = rest_of_another(at(0), &after(3));
    let landed = scenario.machine.fall(acquisition, &rest);
    assert_eq!(landed, Completion::Failed { until: at(3) });
    assert_eq!(scenario.machine.fall(acquisition, &rest), Completion::Late);
    assert_eq!(scenario.demand(), Told::Refuse);
    scenario.pass(secs(3));
    assert_eq!(scenario.demand(), Told::Begin);
}

#[test]
fn r1_rejected_token_is_used_again_after_a_fall_that_may_pass() {
    for (failure, told) in [
        (Failure::TRANSIENT, Told::Use),
        (Failure::PERMANENT, Told::Refuse),
    ] {
        let mut scenario = Scenario::fresh();
        assert_eq!(scenario.reject(), Told::Begin);
        let acquisition = scenario.begun().acquisition;
        let rest = rest_of_another(scenario.now(), &failure);
        scenario.machine.fall(acquisition, &rest);
        assert_eq!(scenario.demand(), told, "{failure:?}");
    }
}

#[test]
fn e4_due_token_is_used_while_another_of_the_client_rests() {
    let mut scenario = Scenario::due();
    let rest = rest_of_another(scenario.now(), &after(3));
    scenario.machine.rest_with(&rest);
    assert_eq!(scenario.demand(), Told::Use);
    scenario.pass(secs(3));
    assert_eq!(scenario.demand(), Told::UseAndRenew);
}

#[test]
fn s1_acquisition_under_way_is_joined_whatever_another_token_met() {
    let mut scenario = Scenario::new();
    assert_eq!(scenario.demand(), Told::Begin);
    let rest = rest_of_another(at(0), &after(60));
    scenario.machine.rest_with(&rest);
    assert_eq!(scenario.demand(), Told::Join);
}
