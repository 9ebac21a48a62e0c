//! The authorization server or the store fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_core::{
    Client, Event, EventContext, ExchangeError, ExchangeOptions, Observer, TokenTransport,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::clients::{Recorded, call, renew, start, with_a_token_it_cannot_present};
use crate::fleet::{Fleet, key, millis, seconds};
use crate::server::{Condition, Secret};
use crate::store::Mode;

const OFTEN: Duration = millis(100);

#[test]
fn d11_t16_a_wrong_secret_everywhere() {
    let mut fleet = Fleet::new();
    let instances = fleet.start(50, seconds(1));
    fleet.give(Secret::Wrong, 0..instances.len());
    fleet.run_until(seconds(300));
    assert_eq!(fleet.requests(), 10, "{:?}", fleet.request_times());
    let operations = fleet.store.operations();
    assert!((2_943..=3_094).contains(&operations), "{operations}");
}

#[test]
fn d11_t17_half_has_a_wrong_secret() {
    let mut fleet = Fleet::new();
    fleet.start(50, seconds(1));
    fleet.run_until(seconds(60));
    fleet.give(Secret::Wrong, 0..25);
    fleet.run_until_due();
    fleet.run_until(seconds(3060));
    fleet.assert_counts(2..=8, 349..=404, millis(960));
}

#[test]
fn d10_t18_the_server_is_unavailable_for_five_seconds() {
    let mut fleet = Fleet::new();
    fleet.server.set(Condition::Unavailable);
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(5));
    fleet.server.set(Condition::Works);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(7..=7, 600..=619, millis(7_650));
}

#[test]
fn d8_t19_the_server_does_not_answer_for_five_seconds() {
    let mut fleet = Fleet::new();
    fleet.server.set(Condition::Silent);
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(5));
    fleet.server.set(Condition::Works);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(2..=2, 788..=803, millis(6_300));
}

#[test]
fn d13_t20_a_store_that_fails_or_is_silent() {
    for (mode, wait) in [(Mode::Fails, 503), (Mode::Silent, 1_501)] {
        let mut fleet = Fleet::new();
        fleet.store.set(mode);
        fleet.start(50, OFTEN);
        fleet.run_until(seconds(30));
        fleet.run_quietly_until(seconds(60));
        fleet.assert_counts(50..=50, 100..=100, millis(wait));
    }
}

#[test]
fn d14_t21_the_store_is_away_while_the_token_is_due() {
    let mut fleet = Fleet::new();
    fleet.start(50, seconds(1));
    fleet.run_until_due();
    fleet.run_until(seconds(2_520));
    fleet.store.set(Mode::Fails);
    fleet.run_until(seconds(2_550));
    fleet.store.set(Mode::Works);
    fleet.run_until(seconds(3060));
    // Each instance whose token is due in the outage looks again at 1, 2, 4, 8 and 16 s.
    fleet.assert_counts(2..=2, 349..=410, millis(960));
}

#[test]
fn d13_t23_a_read_only_store_still_gives_tokens() {
    let mut fleet = Fleet::new();
    let old = fleet.start(50, OFTEN);
    fleet.run_until(seconds(10));
    fleet.store.set(Mode::ReadOnly);
    fleet.restart(&old, OFTEN);
    fleet.run_until(seconds(25));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 347..=347, millis(960));
}

#[test]
fn d13_a_store_that_goes_on_to_return_an_old_record_fails_no_call() {
    let mut fleet = Fleet::new();
    let events = Arc::new(Recorded::default());
    let instance = {
        let events = Arc::clone(&events);
        fleet.instance_with(key(7), |builder| builder.observer(events))
    };
    let other = fleet.instance();
    call(&fleet, &instance.tokens).unwrap();
    fleet.run_until(seconds(1));
    call(&fleet, &other.tokens).unwrap();
    fleet.store.set(Mode::Stale);
    renew(&fleet, &other);
    fleet.run_until(seconds(10));
    events.take();
    for _ in 0..3 {
        renew(&fleet, &instance);
        fleet.run_until(fleet.runtime.time().elapsed() + seconds(40));
    }
    let mut seen = events.take();
    seen.retain(|event| !event.starts_with("conflict"));
    assert_eq!(seen, ["store failed", "obtained", "obtained", "obtained"]);
    fleet.store.set(Mode::Works);
    renew(&fleet, &instance);
    assert_eq!(events.take().first().unwrap(), "store recovered");
}

#[test]
fn d13_a_store_that_denies_writes_is_reported_once() {
    let mut fleet = Fleet::new();
    fleet.server.set_lifetime(Some(seconds(60)));
    let events = Arc::new(Recorded::default());
    let observer = Arc::clone(&events);
    let instance = fleet.instance_with(key(7), |builder| builder.observer(observer));
    let other = fleet.instance();
    call(&fleet, &instance.tokens).unwrap();
    fleet.run_until(seconds(5));
    fleet.store.set(Mode::ReadOnly);
    let of_the_store = || {
        let events = events.take().into_iter();
        events
            .filter(|event| event.starts_with("store"))
            .collect::<Vec<_>>()
    };
    for second in 5..600 {
        fleet.run_until(seconds(second).max(fleet.runtime.time().elapsed()));
        call(&fleet, &instance.tokens).unwrap();
    }
    assert_eq!(of_the_store(), ["store failed"]);
    fleet.store.set(Mode::Works);
    // It reads what another instance has written.
    call(&fleet, &other.tokens).unwrap();
    for second in 601..660 {
        fleet.run_until(seconds(second));
        call(&fleet, &instance.tokens).unwrap();
    }
    assert_eq!(of_the_store(), ["store recovered"]);
}

#[test]
fn d4_a_token_that_helps_needs_no_credentials() {
    let mut fleet = Fleet::new();
    let (refused, instance) = (fleet.instance(), fleet.instance());
    call(&fleet, &refused.tokens).unwrap();
    fleet.run_until(seconds(1));
    fleet.give(Secret::Wrong, [0]);
    let tokens = refused.tokens.clone();
    let renewed = fleet.runtime.block_on(async move { tokens.renew().await });
    renewed.unwrap_err();
    // The record has a token, and a pause for some credentials.
    fleet.give(Secret::Silent, [1]);
    let end = fleet.runtime.time().elapsed() + millis(10);
    call(&fleet, &instance.tokens).unwrap();
    assert_eq!(fleet.runtime.time().elapsed(), end);
}

#[test]
fn d8_another_target_does_not_wait_for_a_save() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.server.set(Condition::Unavailable);
    let [mut one, mut other] = ["a", "b"].map(|scope| {
        let tokens = instance.tokens.with_scope(scope);
        fleet.runtime.start(async move { tokens.token().await })
    });
    fleet.run_until(millis(50));
    fleet.server.set(Condition::Works);
    fleet.server.set_delay(seconds(2));
    let step = |fleet: &Fleet| fleet.run_until(fleet.runtime.time().elapsed() + millis(10));
    while fleet.requests() < 3 {
        step(&fleet);
    }
    // The attempt of one target: the other waits for its outcome.
    fleet.run_until(fleet.runtime.time().elapsed() + seconds(1));
    fleet.store.set(Mode::Silent);
    let (mut first, mut second) = (None, None);
    while first.is_none() && second.is_none() {
        step(&fleet);
        (first, second) = (one.take(), other.take());
    }
    // A read that is not answered, and its own attempt.
    let end = fleet.runtime.time().elapsed() + millis(3_020);
    while first.is_none() || second.is_none() {
        step(&fleet);
        first = first.or_else(|| one.take());
        second = second.or_else(|| other.take());
    }
    assert!(first.unwrap().is_ok() && second.unwrap().is_ok());
    let elapsed = fleet.runtime.time().elapsed();
    assert!(elapsed <= end, "{elapsed:?}, expected {end:?}");
}

#[test]
fn d11_the_error_of_refused_credentials_outlives_a_token_of_another_instance() {
    let mut fleet = Fleet::new();
    let (refused, other) = (fleet.instance(), fleet.instance());
    fleet.give(Secret::Wrong, [0]);
    for second in [0, 2, 5, 10] {
        fleet.run_until(seconds(second));
        call(&fleet, &refused.tokens).unwrap_err();
    }
    call(&fleet, &other.tokens).unwrap();
    fleet.run_until(seconds(16));
    call(&fleet, &refused.tokens).unwrap();
    assert_eq!(fleet.requests(), 5);
    let tokens = refused.tokens.clone();
    let renewed = fleet.runtime.block_on(async move { tokens.renew().await });
    let error = renewed.unwrap_err();
    assert_eq!(fleet.requests(), 5);
    assert_eq!(error.status().unwrap(), 401, "{error}");
}

#[test]
fn d13_a_silent_store_leaves_time_for_an_attempt() {
    let mut fleet = Fleet::new();
    fleet.store.set(Mode::Silent);
    let instance = fleet.instance_with(key(7), |builder| builder.acquire_timeout(seconds(1)));
    call(&fleet, &instance.tokens).unwrap();
}

#[test]
fn d15_without_a_token_request_a_store_costs_no_further_requests() {
    let requests = |with_store: bool| {
        let fleet = Fleet::new();
        let server = NotFound::default();
        let mut builder = Client::discover("https://auth.example.com")
            .client_secret("client-id", "secret")
            .runtime(fleet.runtime.clone());
        if with_store {
            builder = builder.store(fleet.store_of_a_test(), key(7));
        }
        let tokens = builder.build_tokens(server.clone()).unwrap();
        for second in 0..300 {
            fleet.run_until(seconds(second).max(fleet.runtime.time().elapsed()));
            call(&fleet, &tokens).unwrap_err();
        }
        server.0.load(Ordering::Relaxed)
    };
    assert_eq!(requests(true), requests(false));
}

#[test]
fn s5_a_pause_until_shortly_before_the_deadline_ends_at_the_deadline() {
    let mut fleet = Fleet::new();
    fleet.server.set(Condition::Unavailable);
    fleet.server.set_failure_delay(millis(750));
    fleet.server.set_retry_after(Some(9));
    let acquisitions = Arc::new(Acquisitions::default());
    let observer = Arc::clone(&acquisitions);
    let instance = fleet.instance_with(key(7), |builder| builder.observer(observer));
    let mut calls = Vec::new();
    for number in 0..240 {
        fleet.run_until(millis(250) * number);
        calls.push(start(&fleet, &instance));
    }
    fleet.run_until(seconds(60));
    let started = acquisitions.0.load(Ordering::Relaxed);
    assert_eq!((fleet.requests(), started), (5, 5));
    let failed = calls.iter_mut().filter_map(alf_testkit::Call::take);
    let errors: Vec<_> = failed.map(Result::unwrap_err).collect();
    assert!(errors.len() > 200, "{}", errors.len());
    assert!(errors.iter().all(|error| error.retry_at().is_some()));
}

#[test]
fn d13_an_acquisition_that_runs_without_the_store_does_not_wait_for_its_own_lease() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.server.set(Condition::Unavailable);
    fleet.server.set_delay(Duration::ZERO);
    fleet.store.set(Mode::LosesReplies);
    let mut call = start(&fleet, &instance);
    fleet.run_until(millis(25));
    fleet.store.set(Mode::Works);
    fleet.run_until(millis(1_500));
    fleet.server.set(Condition::Works);
    fleet.run_until(millis(2_500));
    // After pauses of at most 0.1, 0.2, 0.4, 0.8 and 1 s (B1).
    let times = fleet.request_times();
    assert!(
        call.take().is_some_and(|result| result.is_ok()),
        "{times:?}"
    );
}

#[test]
fn t6_an_acquisition_reads_a_token_that_it_cannot_present_once() {
    let (fleet, instance) = with_a_token_it_cannot_present();
    fleet.server.set(Condition::Unavailable);
    let operations = fleet.store.operations();
    let _call = start(&fleet, &instance);
    fleet.run_until(seconds(5));
    assert!(fleet.requests() > 3, "{:?}", fleet.request_times());
    assert_eq!(fleet.store.operations(), operations + 1);
}

#[test]
fn b3_credentials_are_read_again_without_a_request_for_the_metadata() {
    let mut fleet = Fleet::new();
    fleet.server.set_lifetime(Some(seconds(60)));
    let instance = fleet.discovering_instance();
    call(&fleet, &instance.tokens).unwrap();
    // A refusal with 404 makes the metadata doubtful, which is then valid for a minute.
    fleet.run_until(seconds(70));
    fleet.server.set(Condition::Moved);
    let error = call(&fleet, &instance.tokens).unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(fleet.server.metadata_requests(), 1);
}

/// Counts the acquisitions that start.
#[derive(Default)]
struct Acquisitions(AtomicUsize);

impl Observer for Acquisitions {
    fn on(&self, event: &Event<'_>, _context: &EventContext<'_>) {
        if matches!(event, Event::AcquisitionStarted { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A server without metadata. It counts the requests.
#[derive(Clone, Default)]
struct NotFound(Arc<AtomicUsize>);

#[async_trait]
impl TokenTransport for NotFound {
    async fn exchange(
        &self,
        _: Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok(response)
    }
}
