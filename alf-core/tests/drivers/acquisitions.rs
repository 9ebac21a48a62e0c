//! S: one acquisition, whatever becomes of callers, runtimes and servers.

use alf_core::{Event, Observer, TokenErrorKind};

use crate::support::{
    API, ApiRequest, CLIENT_ID, EXPIRED, Harness, Reply, SECRET, access_token, millis, seconds,
};

#[test]
fn s1_a_thousand_callers_cost_one_token_request() {
    let harness = Harness::new();
    let client = harness.client();
    let acquisition = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..1000)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    acquisition.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(harness.api.requests(), 1000);
    harness.assert_idle();
}

#[test]
fn s1_clones_share_the_acquisition_and_clients_of_their_own_do_not() {
    let harness = Harness::new();
    let (client, other) = (harness.client(), harness.client());
    let _acquisitions = [harness.endpoint.hold(), harness.endpoint.hold()];
    let _calls = [
        harness.ask(client.tokens()),
        harness.ask(client.clone().tokens()),
        harness.ask(&client.tokens().clone()),
        harness.ask(other.tokens()),
    ];
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s2_all_waiters_share_a_failure_and_it_is_not_repeated_for_each() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let acquisition = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..1000).map(|_| harness.ask(&tokens)).collect();
    acquisition.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    for call in &mut calls {
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(harness.events.count("AcquisitionFailed"), 1);
}

/// What can be dropped at a stage of the acquisition, and what moves it on to the next.
const STAGES: usize = 5;

/// Flies with one failed attempt; `at_stage` is called with the number of each stage.
fn fly_in_stages(harness: &Harness, mut at_stage: impl FnMut(usize)) {
    let (first, second) = (harness.endpoint.hold(), harness.endpoint.hold());
    at_stage(0); // not polled yet
    harness.runtime.run_until_stalled();
    at_stage(1); // in the first attempt
    first.answer(Reply::status(503));
    at_stage(2); // woken by its failure, and not polled
    harness.runtime.run_until_stalled();
    at_stage(3); // in the pause
    harness.advance(millis(100));
    at_stage(4); // in the second attempt
    second.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
}

#[test]
fn s3_no_dropped_caller_fails_or_delays_another_or_costs_a_request() {
    const CALLERS: usize = 4;
    for stage in 0..STAGES {
        for dropped in 0..CALLERS {
            let harness = Harness::new();
            let tokens = harness.tokens();
            let mut calls: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let tokens = tokens.clone();
                    Some(harness.runtime.start(async move { tokens.token().await }))
                })
                .collect();
            fly_in_stages(&harness, |now| {
                if now == stage {
                    calls[dropped] = None;
                }
            });
            for call in calls.iter_mut().flatten() {
                let token = call.take().unwrap().unwrap();
                assert_eq!(access_token(&token), "token-1", "{dropped} at {stage}");
            }
            assert_eq!(harness.endpoint.requests(), 2, "{dropped} at {stage}");
            harness.assert_idle();
        }
    }
}

#[test]
fn s3_an_acquisition_without_any_caller_left_lands() {
    for stage in 1..STAGES {
        let harness = Harness::new();
        let client = harness.client();
        let sending = client.clone();
        let mut call = Some(
            harness
                .runtime
                .start(async move { sending.send(ApiRequest::get(API)).await }),
        );
        fly_in_stages(&harness, |now| {
            if now == stage {
                call = None;
            }
        });
        assert_eq!(harness.token_now(client.tokens()), "token-1", "at {stage}");
        assert_eq!(harness.endpoint.requests(), 2, "at {stage}");
        assert_eq!(harness.api.requests(), 0, "at {stage}");
    }
}

#[test]
fn s4_an_acquisition_that_dies_is_begun_again_once() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let _lost = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..100).map(|_| harness.ask(&tokens)).collect();
    harness.runtime.drop_tasks();
    harness.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(harness.endpoint.requests(), 2);
    assert_eq!(harness.events.count("AcquisitionAborted"), 1);
}

#[test]
fn s4_a_second_death_in_a_row_is_a_failure_with_advice_and_alf_rests() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    // As a tokio runtime that was shut down: it drops the task within `spawn`.
    harness.runtime.shut_down();
    let error = harness.ask_now(&tokens).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    assert!(error.is_transient());
    assert!(
        error.to_string().contains("needs the tokio runtime"),
        "{error}"
    );
    assert_eq!(
        error.retry_at(),
        Some(alf_core::Runtime::wall_clock(&harness.runtime) + seconds(1))
    );
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    // It rests: nothing is begun.
    assert_eq!(
        harness.ask_now(&tokens).unwrap_err().kind(),
        TokenErrorKind::Aborted
    );
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    // And it recovers.
    harness.runtime.revive();
    harness.advance(seconds(1));
    assert_eq!(harness.token_now(&tokens), "token-1");
    // A later death is the first in a row again.
    harness.advance(EXPIRED * 2);
    let _lost = harness.endpoint.hold();
    let mut call = harness.ask(&tokens);
    harness.runtime.drop_tasks();
    harness.runtime.run_until_stalled();
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-2");
}

#[test]
fn s4_a_transport_that_panics_costs_two_requests_whatever_the_callers() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Panic);
    assert_eq!(harness.token_now(&tokens), "token-1");

    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::Panic);
    let calls = (0..1000).map(|_| {
        let tokens = tokens.clone();
        harness.runtime.start(async move { tokens.token().await })
    });
    let mut calls: Vec<_> = calls.collect();
    harness.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(
            call.take().unwrap().unwrap_err().kind(),
            TokenErrorKind::Aborted
        );
    }
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s4_an_acquisition_that_dies_beside_a_due_token_is_invisible() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.advance(crate::support::DUE);
    harness.endpoint.otherwise(Reply::Panic);
    for _ in 0..10 {
        assert_eq!(harness.token_now(&tokens), "token-1");
        harness.advance(millis(500));
    }
}

/// Panics when it is told of an event of that name.
struct Touchy(&'static str);

impl Observer for Touchy {
    fn on(&self, event: &Event<'_>) {
        assert!(
            !format!("{event:?}").starts_with(self.0),
            "the observer panics, as it should"
        );
    }
}

#[test]
fn s4_an_observer_that_panics_keeps_nobody_waiting() {
    for (name, reply) in [
        ("TokenObtained", Reply::Issue),
        ("AcquisitionFailed", Reply::refuse(400, "invalid_client")),
        ("AttemptFailed", Reply::status(503)),
        ("AcquisitionAborted", Reply::Panic),
    ] {
        let harness = Harness::new();
        let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
        let client = harness.build(builder.observer(Touchy(name)));
        harness.endpoint.otherwise(reply);
        let call = harness.ask(client.tokens());
        // The pause after an attempt that failed (B1).
        harness.advance(millis(100));
        assert!(call.is_finished(), "{name}");
    }
}
