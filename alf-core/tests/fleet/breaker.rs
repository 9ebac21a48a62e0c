//! The targets of a client share a breaker, with a store too (B1, B2, T10).

use alf_core::TokenManager;

use crate::clients::{call, start_call};
use crate::fleet::{Fleet, Instance, key, millis, seconds};
use crate::plan::Fault;
use crate::server::{Condition, Secret};

#[test]
fn b2_fifty_targets_in_an_outage_rarely_read_the_store() {
    let mut fleet = Fleet::new();
    fleet.server.set(Condition::Unavailable);
    let instance = fleet.instance();
    let calls: Vec<_> = targets(&instance, 50)
        .iter()
        .map(|tokens| start_call(&fleet, tokens))
        .collect();
    fleet.run_until(seconds(9));
    drop(calls);
    let operations = fleet.store.operations();
    // Three for each attempt, and a reading of each target after its pause, and every 4 s.
    let expected = 3 * fleet.requests() + 3 * 50;
    assert!(operations <= expected, "{operations}, expected {expected}");
}

#[test]
fn d15_tokens_of_the_store_do_not_end_an_outage() {
    let [without, with] = [false, true].map(|has_store| {
        let mut fleet = Fleet::new();
        let other = fleet.instance();
        let names: Vec<_> = (0..20).map(|number| format!("stored-{number}")).collect();
        for name in &names {
            call(&fleet, &other.tokens.with_scope(name)).unwrap();
        }
        let start = fleet.runtime.time().elapsed() + seconds(1);
        fleet.run_until(start);
        let instance = if has_store {
            fleet.instance()
        } else {
            fleet.instance_without_store()
        };
        fleet.server.set(Condition::Unavailable);
        let mut calls = Vec::new();
        for tokens in targets(&instance, 20) {
            calls.push(start_call(&fleet, &tokens));
            // So that the first failure comes before the others ask.
            fleet.run_until(fleet.runtime.time().elapsed() + millis(10));
        }
        for (name, number) in names.iter().zip(1..) {
            fleet.run_until(start + millis(400) * number);
            calls.push(start_call(&fleet, &instance.tokens.with_scope(name)));
        }
        drop(calls);
        fleet.requests() - names.len()
    });
    assert!(
        with <= without,
        "{with} requests, {without} without a store"
    );
}

#[test]
fn b2_an_acquisition_that_no_attempt_is_permitted_fails_as_without_a_store() {
    let mut fleet = Fleet::new();
    let (holder, instance) = (
        fleet.instance(),
        fleet.instance_with(key(7), |builder| builder.acquire_timeout(seconds(9))),
    );
    fleet.plan(Fault::StopBeforeRequest);
    let _held = start_call(&fleet, &holder.tokens.with_scope("waits"));
    fleet.run_until(millis(100));
    // It waits for the lease, which is over after 6 s.
    let mut waits = start_call(&fleet, &instance.tokens.with_scope("waits"));
    fleet.run_until(seconds(5));
    fleet.server.set(Condition::Unavailable);
    fleet.server.set_retry_after(Some(5));
    let _fails = start_call(&fleet, &instance.tokens.with_scope("fails"));
    fleet.run_until(millis(6_500));
    let error = waits.take().unwrap().unwrap_err();
    assert_eq!(error.status().unwrap(), 503, "{error}");
    assert_eq!(fleet.requests(), 1);
}

#[test]
fn b2_a_target_that_waits_for_another_instance_delays_no_other() {
    let mut fleet = Fleet::new();
    let (instance, holder) = (fleet.instance(), fleet.instance());
    fleet.server.set(Condition::Unavailable);
    let [one, other] = ["one", "other"].map(|scope| instance.tokens.with_scope(scope));
    let mut one = start_call(&fleet, &one);
    fleet.run_until(millis(25));
    assert_eq!(fleet.requests(), 1);
    // It has read that there is no record, and waits for a permit.
    let _waits = start_call(&fleet, &other);
    fleet.run_until(millis(40));
    fleet.plan(Fault::StopBeforeRequest);
    let _held = start_call(&fleet, &holder.tokens.with_scope("other"));
    fleet.run_until(millis(70));
    fleet.server.set(Condition::Works);
    fleet.run_until(seconds(2));
    assert!(one.take().unwrap().is_ok());
}

#[test]
fn b1_a_long_retry_after_ends_the_acquisition_at_once() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.instance(), fleet.instance());
    fleet.server.set(Condition::Unavailable);
    fleet.server.set_retry_after(Some(60));
    // Each acquisition begins anew: the instance that asked backs off, the other one reads the pause.
    for instance in [&first, &second, &first, &second] {
        let end = fleet.runtime.time().elapsed() + seconds(1);
        let error = call(&fleet, &instance.tokens).unwrap_err();
        assert_eq!(error.status().unwrap(), 503, "{error}");
        assert!(fleet.runtime.time().elapsed() < end);
        fleet.run_until(end + seconds(9));
    }
    fleet.server.set(Condition::Works);
    fleet.run_until(seconds(45));
    for instance in [&first, &second] {
        call(&fleet, &instance.tokens).unwrap_err();
    }
    assert_eq!(fleet.requests(), 1);
    fleet.run_until(seconds(62));
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(66));
    call(&fleet, &second.tokens).unwrap();
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn t10_instances_of_an_issuer_share_a_token() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.discovering_instance(), fleet.discovering_instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(2));
    fleet.server.set_has_metadata(false);
    call(&fleet, &second.tokens).unwrap();
    // A token of the store needs no metadata.
    assert_eq!((fleet.requests(), fleet.server.metadata_requests()), (1, 1));
}

#[test]
fn t10_many_targets_read_the_metadata_once_to_compare_credentials() {
    let mut fleet = Fleet::new();
    let instance = fleet.discovering_instance();
    fleet.give(Secret::Wrong, [0]);
    fleet.server.set_retry_after(Some(300));
    for number in 0..10 {
        let other = fleet.discovering_instance();
        fleet.give(Secret::Wrong, [1 + number]);
        call(&fleet, &targets(&other, 10)[number]).unwrap_err();
    }
    let before = (fleet.requests(), fleet.server.metadata_requests());
    assert_eq!(before, (10, 10));
    let calls: Vec<_> = targets(&instance, 10)
        .iter()
        .map(|tokens| start_call(&fleet, tokens))
        .collect();
    fleet.run_until(fleet.runtime.time().elapsed() + seconds(2));
    drop(calls);
    assert_eq!(
        (fleet.requests(), fleet.server.metadata_requests()),
        (10, 11)
    );
}

fn targets(instance: &Instance, count: usize) -> Vec<TokenManager> {
    let target = |number| instance.tokens.with_scope(format!("scope-{number}"));
    (0..count).map(target).collect()
}
