//! S, X5: code of the user that panics, and a runtime that runs tasks at an unusual moment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Event, EventContext, Moment, Observer, Runtime, TokenErrorKind};
use alf_testkit::SteppedRuntime;
use pollster::block_on;

use crate::support::{CLIENT_ID, DUE, Harness, Read, Reply, SECRET, millis, seconds, secret_by};

/// Panics at the first event of that name.
struct PanicsOnce(&'static str, AtomicBool);

impl Observer for PanicsOnce {
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        let is_named = format!("{event:?}").starts_with(self.0);
        assert!(
            !is_named || self.1.swap(true, Ordering::SeqCst),
            "this panic is part of the test"
        );
    }
}

#[test]
fn s4_observer_that_panics_at_the_start_of_an_acquisition_delays_no_other_caller() {
    for (name, next) in [
        ("AcquisitionStarted", "token-1"),
        ("TokenRejected", "token-2"),
    ] {
        let harness = Harness::new();
        let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
        let client = harness.build(builder.observer(PanicsOnce(name, AtomicBool::new(false))));
        let tokens = client.tokens();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let token = harness.ask_now(tokens).unwrap();
            tokens.reject(&token);
        }));
        assert!(panicked.is_err(), "{name}");
        assert_eq!(harness.token_now(tokens), next, "{name}");
    }
}

/// Panics at an event of that name.
struct PanickingObserver(&'static str);

impl Observer for PanickingObserver {
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        assert!(
            !format!("{event:?}").starts_with(self.0),
            "this panic is part of the test"
        );
    }
}

#[test]
fn s4_observer_that_panics_delays_no_caller() {
    for (name, reply) in [
        ("TokenObtained", Reply::Issue),
        ("AcquisitionFailed", Reply::refuse(400, "invalid_client")),
        ("AttemptFailed", Reply::status(503)),
        ("AcquisitionAborted", Reply::Panic),
    ] {
        let harness = Harness::new();
        let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
        let client = harness.build(builder.observer(PanickingObserver(name)));
        harness.endpoint.otherwise(reply);
        let call = harness.ask(client.tokens());
        // For the pause after a failed attempt (B1).
        harness.advance(millis(100));
        assert!(call.is_finished(), "{name}");
    }
}

#[test]
fn s4_authentication_that_panics_delays_no_caller() {
    const PANICS: usize = 2;
    let harness = Harness::new();
    let secret = secret_by(|number| {
        assert!(number > PANICS, "this panic is part of the test");
        Read::Secret("secret".to_owned())
    });
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    let mut calls: Vec<_> = (0..100).map(|_| harness.ask(client.tokens())).collect();
    for call in &mut calls {
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Aborted);
    }
    assert_eq!(harness.endpoint.requests(), 0);
    harness.assert_idle();
    // The client is not broken.
    harness.advance(seconds(1));
    assert_eq!(harness.token_now(client.tokens()), "token-1");
}

/// Runs each task inside of `spawn`, to its end.
#[derive(Clone)]
struct Inline(SteppedRuntime);

impl Runtime for Inline {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn wall_clock(&self) -> SystemTime {
        self.0.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        self.0.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        block_on(task);
    }
}

#[test]
fn s3_runtime_that_runs_tasks_inside_of_spawn_obtains_and_renews_tokens() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.runtime(Inline(harness.runtime.clone())));
    let tokens = client.tokens();
    assert_eq!(harness.token_now(tokens), "token-1");
    harness.advance(DUE);
    harness.token_now(tokens);
    assert_eq!(
        harness.token_now(tokens),
        "token-2",
        "renewed when it is due"
    );
    // R9: so that it is not too new.
    harness.advance(seconds(5));
    harness.api.revoke("token-2");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(
        harness.token_now(tokens),
        "token-3",
        "and when it is rejected"
    );
    harness.advance(DUE * 2);
    harness.endpoint.reply(Reply::refuse(400, "invalid_client"));
    let error = harness.ask_now(tokens).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    harness.assert_idle();
}
