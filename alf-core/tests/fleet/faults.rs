//! Instances stop or stand still, tokens are revoked, and the store loses its data.

use std::time::Duration;

use crate::clients::{call, renew, start};
use crate::fleet::{Fleet, key, millis, seconds};
use crate::plan::Fault;

const OFTEN: Duration = millis(100);

#[test]
fn d3_t7_the_holder_stops_before_its_request() {
    assert_stop(Fault::StopBeforeRequest, 1);
}

#[test]
fn d3_t7_the_holder_stops_after_its_request() {
    assert_stop(Fault::StopAfterRequest, 2);
}

#[test]
fn d3_t7_the_holder_stops_before_its_save() {
    assert_stop(Fault::StopBeforeSave, 2);
}

#[test]
fn d16_programs_that_end_before_the_lease_of_a_killed_one_do_not_all_fail() {
    for acquire_timeout in [seconds(3), seconds(5), seconds(6)] {
        let mut fleet = Fleet::new();
        let mut program =
            || fleet.instance_with(key(7), |builder| builder.acquire_timeout(acquire_timeout));
        let (killed, next) = (program(), program());
        fleet.plan(Fault::StopBeforeRequest);
        let _held = start(&fleet, &killed);
        fleet.run_until(millis(100));
        // Without the rule it waits longer than it runs, and so does each later one.
        call(&fleet, &next.tokens).unwrap();
        assert_eq!(fleet.requests(), 1);
    }
}

#[test]
fn d3_t8_the_holder_of_a_due_token_stops() {
    for (fault, requests) in [(Fault::StopBeforeRequest, 2), (Fault::StopAfterRequest, 3)] {
        let mut fleet = Fleet::new();
        fleet.start(50, seconds(1));
        fleet.run_until(seconds(60));
        fleet.plan(fault);
        fleet.run_until_due();
        fleet.run_until(seconds(3060));
        fleet.assert_counts(requests..=requests, 362..=386, millis(960));
    }
}

#[test]
fn d3_t9_the_holder_stands_still_in_its_request() {
    let mut fleet = Fleet::new();
    fleet.plan(Fault::StandStillAfterAnswer(seconds(2)));
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 488..=494, millis(3_200));
}

#[test]
fn d9_t10_the_holder_stands_still_before_its_save() {
    let mut fleet = Fleet::new();
    fleet.plan(Fault::StandStillBeforeSave(seconds(30)));
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(2..=2, 883..=906, seconds(31));
}

#[test]
fn d3_t12_a_slow_server_and_a_holder_that_stops() {
    let mut fleet = Fleet::new();
    fleet.server.set_delay(seconds(2));
    fleet.plan(Fault::StopBeforeRequest);
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=2, 1_042..=1_066, millis(9_650));
}

#[test]
fn d5_t13_a_revoked_token_is_renewed_once() {
    for lifetime in [Some(seconds(3600)), None] {
        let mut fleet = Fleet::new();
        fleet.server.set_lifetime(lifetime);
        fleet.start(50, OFTEN);
        fleet.run_until(seconds(20));
        fleet.server.revoke_all();
        fleet.run_until(seconds(30));
        fleet.run_quietly_until(seconds(60));
        fleet.assert_counts(2..=2, 517..=560, millis(1_000));
    }
}

#[test]
fn d5_t14_one_api_always_rejects() {
    let mut fleet = Fleet::new();
    let instances = fleet.start(50, seconds(1));
    instances[0].is_always_rejected();
    fleet.run_until(seconds(1_200));
    fleet.assert_counts(26..=26, 372..=372, millis(1_600));
}

#[test]
fn d5_t14_one_api_always_rejects_and_all_tokens_are_revoked() {
    let mut fleet = Fleet::new();
    let instances = fleet.start(50, seconds(1));
    instances[0].is_always_rejected();
    fleet.run_until(seconds(100));
    fleet.server.revoke_all();
    fleet.run_until(seconds(1_200));
    assert_eq!(fleet.requests(), 26);
    let outcomes = fleet.outcomes();
    assert_eq!(outcomes.failed, 0);
    // The others take the latest token of the store, which is revoked too: only a replay can show that (D5). It is rejected
    // (R3), and so is the next call, in the cool-down of a second (R6).
    assert!(outcomes.returned_401 <= 2 * 49, "{outcomes:?}");
}

#[test]
fn d5_t15_a_server_that_revokes_the_token_before() {
    let mut fleet = Fleet::new();
    fleet.server.revokes_previous();
    fleet.start(50, seconds(1));
    fleet.run_until_due();
    fleet.call_every(OFTEN);
    fleet.run_until(seconds(2_600));
    fleet.call_every(seconds(1));
    fleet.run_until(seconds(3060));
    fleet.assert_counts(2..=2, 441..=500, millis(1_000));
}

#[test]
fn d9_t22_the_store_loses_its_data_during_the_request() {
    let mut fleet = Fleet::new();
    fleet.start(50, OFTEN);
    fleet.run_until(millis(300));
    fleet.store.lose_all();
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(2..=2, 302..=310, millis(960));
}

#[test]
fn s4_a_runtime_that_is_shut_down_during_the_save_costs_one_request() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.instance(), fleet.instance());
    let obtained = call(&fleet, &first.tokens).unwrap();
    fleet.runtime.shut_down();
    fleet.runtime.revive();
    let held = call(&fleet, &first.tokens).unwrap();
    assert_eq!(held.generation(), obtained.generation());
    // The lease has no holder.
    call(&fleet, &second.tokens).unwrap();
    assert!(fleet.runtime.time().elapsed() < millis(7_200));
    assert_eq!(fleet.requests(), 2);
    fleet.run_until(seconds(10));
    renew(&fleet, &first);
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn s4_an_instance_does_not_wait_for_its_own_lease() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    let aborted = start(&fleet, &instance);
    // In its request.
    fleet.run_until(millis(100));
    drop(aborted);
    fleet.runtime.shut_down();
    fleet.runtime.revive();
    call(&fleet, &instance.tokens).unwrap();
    assert!(fleet.runtime.time().elapsed() < seconds(1));
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn r9_a_token_of_another_instance_may_be_too_new() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.instance(), fleet.instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(1));
    let previous = call(&fleet, &second.tokens).unwrap();
    renew(&fleet, &first);
    fleet.run_until(seconds(3));
    let too_new = renew(&fleet, &second);
    let operations = fleet.store.operations();
    second.tokens.reject(&too_new);
    let used = call(&fleet, &second.tokens).unwrap();
    assert_eq!(used.generation(), previous.generation());
    fleet.run_until(seconds(9));
    let used = call(&fleet, &second.tokens).unwrap();
    assert_eq!(used.generation(), too_new.generation());
    assert_eq!(
        (fleet.requests(), fleet.store.operations()),
        (2, operations)
    );
}

#[track_caller]
fn assert_stop(fault: Fault, requests: usize) {
    let mut fleet = Fleet::new();
    fleet.plan(fault);
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(requests..=requests, 881..=904, millis(7_250));
}
