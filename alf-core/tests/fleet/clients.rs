//! What the settings, the methods and the promises of a client mean with a store.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{
    Client, Event, EventContext, Observer, SealingKey, TimeoutPhase, TokenErrorKind, TokenManager,
};

use crate::fleet::{Builder, Fleet, Instance, key, millis, seconds};
use crate::plan::Fault;
use crate::server::{Condition, Secret};
use crate::store::Mode;

#[test]
fn b3_a_secret_that_has_changed_is_tried_at_once() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.give(Secret::Wrong, [0]);
    let mut call = start(&fleet, &instance);
    fleet.run_until(millis(100));
    fleet.give(Secret::Right, [0]);
    fleet.run_until(seconds(2));
    assert!(call.take().unwrap().is_ok());
    assert_eq!(fleet.requests(), 2);
    // Read, lease, lease, save.
    assert_eq!(fleet.store.operations(), 4);
}

#[test]
fn d11_many_targets_with_a_wrong_secret_are_no_more_requests_than_one() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.give(Secret::Wrong, [0]);
    let targets: Vec<_> = (0..10)
        .map(|number| instance.tokens.with_scope(format!("scope-{number}")))
        .collect();
    for second in 0..300 {
        fleet.run_until(seconds(second));
        for tokens in &targets {
            assert!(call(&fleet, tokens).is_err());
        }
    }
    assert!(fleet.requests() <= 12, "{:?}", fleet.request_times());
}

#[test]
fn b2_with_the_store_in_trouble_a_wrong_secret_backs_off_for_a_minute() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.give(Secret::Wrong, [0]);
    fleet.store.set(Mode::Fails);
    for second in 0..300 {
        fleet.run_until(seconds(second));
        assert!(call(&fleet, &instance.tokens).is_err());
    }
    assert!(fleet.requests() <= 10, "{:?}", fleet.request_times());
}

#[test]
fn e5_a_token_of_unknown_lifetime_has_the_default_lifetime() {
    let mut fleet = Fleet::new();
    fleet.server.set_lifetime(None);
    let mut instance =
        || fleet.instance_with(key(7), |builder| builder.default_lifetime(seconds(60)));
    let (first, second, third) = (instance(), instance(), instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(30));
    let token = call(&fleet, &second.tokens).unwrap();
    assert!(token.expires_at().is_some());
    assert_eq!(fleet.requests(), 1);
    fleet.run_until(seconds(70));
    call(&fleet, &third.tokens).unwrap();
    assert_eq!(fleet.requests(), 2, "the shared token was too old");
}

#[test]
fn t6_a_token_that_this_instance_cannot_present_is_not_used() {
    let (fleet, instance) = with_a_token_it_cannot_present();
    let error = call(&fleet, &instance.tokens).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::TokenType);
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn s3_a_caller_that_gives_up_ends_nothing() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.instance(), fleet.instance());
    // In its read, in its lease, in its request.
    for end in [5, 15, 100] {
        let abandoned = start(&fleet, &first);
        fleet.run_until(millis(end));
        drop(abandoned);
    }
    fleet.run_until(seconds(2));
    call(&fleet, &second.tokens).unwrap();
    assert_eq!(fleet.requests(), 1);
    assert_eq!(fleet.store.operations(), 4);
}

#[test]
fn s5_a_caller_does_not_wait_longer_than_acquire_timeout() {
    let mut fleet = Fleet::new();
    let patient = |builder: Builder| builder.acquire_timeout(seconds(3));
    let holder = fleet.instance();
    let second_holder = fleet.instance_with(key(7), patient);
    let instance = fleet.instance_with(key(7), patient);
    fleet.plan(Fault::StopBeforeRequest);
    let _held = start(&fleet, &holder);
    fleet.run_until(millis(100));
    fleet.plan(Fault::StopBeforeRequest);
    // It takes the second lease, and stops too.
    let _held_later = start(&fleet, &second_holder);
    fleet.run_until(millis(400));
    let end = fleet.runtime.time().elapsed() + seconds(3);
    let error = call(&fleet, &instance.tokens).unwrap_err();
    assert!(fleet.runtime.time().elapsed() <= end);
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
    let text = error.to_string();
    assert!(
        text.contains("waiting for the token of another instance"),
        "{text}"
    );
}

#[test]
fn d13_a_store_that_panics_is_a_store_that_fails() {
    let mut fleet = Fleet::new();
    let events = Arc::new(Recorded::default());
    let observer = Arc::clone(&events);
    let instance = fleet.instance_with(key(7), |builder| builder.observer(observer));
    fleet.store.set(Mode::Panics);
    call(&fleet, &instance.tokens).unwrap();
    assert_eq!(events.take(), ["store failed", "obtained"]);
    fleet.store.set(Mode::Works);
    fleet.run_until(seconds(40));
    renew(&fleet, &instance);
    fleet.run_until(seconds(42));
    assert_eq!(events.take(), ["store recovered", "lease 2", "obtained"]);
}

#[test]
fn d12_the_error_of_another_instance_is_the_error_of_the_deadline() {
    let mut fleet = Fleet::new();
    fleet.server.set(Condition::Unavailable);
    let (holder, instance) = (fleet.instance(), fleet.instance());
    let _held = start(&fleet, &holder);
    fleet.run_until(millis(50));
    let error = call(&fleet, &instance.tokens).unwrap_err();
    assert_eq!(error.status().unwrap(), 503);
    assert!(error.is_transient());
}

#[test]
fn e8_a_renewal_brings_a_later_token_of_the_store_or_a_new_one() {
    let mut fleet = Fleet::new();
    let (first, second) = (fleet.instance(), fleet.instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(1));
    let mut watch = second.tokens.watch();
    let watched = fleet.runtime.block_on(async move {
        let token = watch.next().await;
        (token, watch)
    });
    assert!(watched.0.is_ok());
    assert_eq!(fleet.requests(), 1);
    let renewed = renew(&fleet, &first);
    fleet.run_until(seconds(3));
    assert_eq!(fleet.requests(), 2);
    let same = renew(&fleet, &second);
    assert_eq!(same.expose_access_token(), renewed.expose_access_token());
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn s1_each_target_has_a_record_of_its_own() {
    let mut fleet = Fleet::new();
    let instances = [fleet.instance(), fleet.instance(), fleet.instance()];
    for instance in &instances {
        for scope in ["a", "b", "c"] {
            call(&fleet, &instance.tokens.with_scope(scope)).unwrap();
        }
        fleet.run_until(fleet.runtime.time().elapsed() + seconds(1));
    }
    assert_eq!(fleet.requests(), 3);
}

#[test]
fn d18_a_token_of_the_previous_key_is_used_and_its_record_is_not_written() {
    let mut fleet = Fleet::new();
    let old = fleet.instance_with(key(1), |builder| builder);
    let rotating = || key(2).with_previous(key(1));
    let first = fleet.instance_with(rotating(), |builder| builder);
    let second = fleet.instance_with(rotating(), |builder| builder);
    call(&fleet, &old.tokens).unwrap();
    fleet.run_until(seconds(1));
    call(&fleet, &first.tokens).unwrap();
    assert_eq!(fleet.requests(), 1);
    renew(&fleet, &first);
    fleet.run_until(seconds(3));
    assert_eq!(fleet.requests(), 2);
    // The record of the new key.
    call(&fleet, &second.tokens).unwrap();
    assert_eq!(fleet.requests(), 2);
    // The record of the old key has the old token: an instance without the new key does not see the renewal.
    let late = fleet.instance_with(key(1), |builder| builder);
    call(&fleet, &late.tokens).unwrap();
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn d18_a_record_of_the_previous_key_that_cannot_be_opened_counts_as_empty() {
    let mut fleet = Fleet::new();
    let old = fleet.instance_with(key(1), |builder| builder);
    call(&fleet, &old.tokens).unwrap();
    fleet.run_until(seconds(1));
    fleet.store.spoil_all();
    let rotating = || key(2).with_previous(key(1));
    let first = fleet.instance_with(rotating(), |builder| builder);
    let second = fleet.instance_with(rotating(), |builder| builder);
    for instance in [&first, &second] {
        call(&fleet, &instance.tokens).unwrap();
        fleet.run_until(fleet.runtime.time().elapsed() + seconds(1));
    }
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn d17_instances_with_different_keys_share_nothing() {
    let mut fleet = Fleet::new();
    for byte in 1..=3 {
        let instance = fleet.instance_with(key(byte), |builder| builder);
        call(&fleet, &instance.tokens).unwrap();
    }
    assert_eq!(fleet.requests(), 3);
}

#[test]
fn d13_events_say_what_happened_with_the_store() {
    let mut fleet = Fleet::new();
    let events = Arc::new(Recorded::default());
    let observe = |fleet: &mut Fleet| {
        let events = Arc::clone(&events);
        fleet.instance_with(key(7), |builder| builder.observer(events))
    };
    let (first, second) = (observe(&mut fleet), observe(&mut fleet));
    let (one, other) = (start(&fleet, &first), start(&fleet, &second));
    fleet.run_until(seconds(2));
    drop((one, other));
    assert_eq!(
        events.take(),
        ["lease 1", "conflict 1", "obtained", "taken 1", "obtained"]
    );
    fleet.store.set(Mode::Fails);
    renew(&fleet, &first);
    fleet.run_until(seconds(4));
    renew(&fleet, &first);
    fleet.store.set(Mode::Works);
    fleet.run_until(seconds(40));
    renew(&fleet, &first);
    fleet.run_until(seconds(42));
    assert_eq!(
        events.take(),
        [
            "store failed",
            "obtained",
            "obtained",
            "store recovered",
            "lease 4",
            "obtained"
        ]
    );
}

#[test]
fn d13_trouble_ends_when_a_save_finds_what_another_instance_has_written() {
    let mut fleet = Fleet::new();
    let events = Arc::new(Recorded::default());
    let first = {
        let events = Arc::clone(&events);
        fleet.instance_with(key(7), |builder| builder.observer(events))
    };
    let second = fleet.instance();
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(1));
    fleet.store.set(Mode::ReadOnly);
    renew(&fleet, &first);
    fleet.run_until(seconds(2));
    fleet.store.set(Mode::Works);
    for _ in 0..5 {
        renew(&fleet, &second);
    }
    fleet.store.set(Mode::Fails);
    fleet.run_until(seconds(5));
    renew(&fleet, &first);
    fleet.store.set(Mode::Works);
    events.take();
    // It leaves the store alone, and then there is a later token in it.
    renew(&fleet, &first);
    assert_eq!(events.take(), ["obtained"]);
    fleet.run_until(fleet.runtime.time().elapsed() + millis(100));
    assert_eq!(events.take(), ["store recovered"]);
}

#[test]
fn d17_a_store_needs_a_key_and_a_prefix() {
    let fleet = Fleet::new();
    let build = |prefix: &str, timeout, key: Option<SealingKey>| {
        let store = fleet.store_of_a_test();
        Client::builder("https://auth.example.com/token")
            .client_secret("client-id", "secret")
            .store(store, key)
            .store_prefix(prefix)
            .store_timeout(timeout)
            .build_tokens(fleet.endpoint_of_a_test())
    };
    assert!(build("alf-1.a_b:c", seconds(1), Some(key(1))).is_ok());
    assert!(build(&"A".repeat(64), seconds(1), Some(key(1))).is_ok());
    for (prefix, timeout, key, setting) in [
        ("alf", seconds(1), None, "sealing_key"),
        ("", seconds(1), Some(key(1)), "store_prefix"),
        ("a b", seconds(1), Some(key(1)), "store_prefix"),
        ("a\n", seconds(1), Some(key(1)), "store_prefix"),
        (&"a".repeat(65), seconds(1), Some(key(1)), "store_prefix"),
        ("alf", Duration::ZERO, Some(key(1)), "store_timeout"),
        (
            "alf",
            seconds(1),
            Some(SealingKey::from_file("/no/such/file")),
            "sealing_key",
        ),
    ] {
        let error = build(prefix, timeout, key).unwrap_err();
        assert_eq!(error.setting(), setting, "{error}");
    }
}

/// An instance that cannot present the token in the store, which another one has obtained.
pub(crate) fn with_a_token_it_cannot_present() -> (Fleet, Instance) {
    let mut fleet = Fleet::new();
    fleet.server.set_token_type("mac");
    let other = fleet.instance_with(key(7), |builder| builder.token_scheme("mac"));
    let instance = fleet.instance();
    call(&fleet, &other.tokens).unwrap();
    fleet.run_until(seconds(1));
    (fleet, instance)
}

pub(crate) fn start(
    fleet: &Fleet,
    instance: &Instance,
) -> alf_testkit::Call<Result<alf_core::Token, alf_core::TokenError>> {
    start_call(fleet, &instance.tokens)
}

pub(crate) fn start_call(
    fleet: &Fleet,
    tokens: &TokenManager,
) -> alf_testkit::Call<Result<alf_core::Token, alf_core::TokenError>> {
    let tokens = tokens.clone();
    fleet.runtime.start(async move { tokens.token().await })
}

pub(crate) fn call(
    fleet: &Fleet,
    tokens: &TokenManager,
) -> Result<alf_core::Token, alf_core::TokenError> {
    let tokens = tokens.clone();
    fleet.runtime.block_on(async move { tokens.token().await })
}

pub(crate) fn renew(fleet: &Fleet, instance: &Instance) -> alf_core::Token {
    let tokens = instance.tokens.clone();
    let renewed = fleet.runtime.block_on(async move { tokens.renew().await });
    renewed.unwrap()
}

#[derive(Default)]
pub(crate) struct Recorded(Mutex<Vec<String>>);

impl Recorded {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Recorded {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these matter")]
    fn on(&self, event: &Event<'_>, _context: &EventContext<'_>) {
        let recorded = match event {
            Event::LeaseTaken { number, .. } => format!("lease {number}"),
            Event::LeaseConflict { number, .. } => format!("conflict {number}"),
            Event::TokenTaken { number, .. } => format!("taken {number}"),
            Event::TokenObtained { .. } => "obtained".to_owned(),
            Event::StoreFailed { .. } => "store failed".to_owned(),
            Event::StoreRecovered { .. } => "store recovered".to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(recorded);
    }
}
