//! S: one acquisition, if callers are dropped, runtimes shut down and transports panic.

use alf_core::TokenErrorKind;
use futures_util::future::join_all;

use crate::support::{
    API, ApiRequest, DUE, Harness, Reply, WITHIN_LEEWAY, access_token, millis, seconds,
};

#[test]
fn s1_thousand_callers_cost_one_token_request() {
    let harness = Harness::new();
    let client = harness.client();
    let acquisition = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..1000)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    harness.answer(acquisition, Reply::Issue);
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(harness.api.requests(), 1000);
    harness.assert_idle();
}

#[test]
fn s1_clones_share_an_acquisition_and_separate_clients_do_not() {
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
fn s2_all_waiters_share_one_failure() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let acquisition = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..1000).map(|_| harness.ask(&tokens)).collect();
    harness.answer(acquisition, Reply::refuse(401, "invalid_client"));
    for call in &mut calls {
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(harness.events.count("AcquisitionFailed"), 1);
}

#[test]
fn s2_ten_thousand_waiters_share_an_outcome() {
    for (reply, status) in [(Reply::Issue, Some(200)), (Reply::refuse(400, "x"), None)] {
        let harness = Harness::new();
        let client = harness.client();
        let acquisition = harness.endpoint.hold();
        let calls = (0..10_000).map(|_| {
            let client = client.clone();
            async move { client.send(ApiRequest::get(API)).await }
        });
        // One task: the queue of the runtime is made for fewer.
        let mut calls = harness.runtime.start(join_all(calls));
        harness.runtime.run_until_stalled();
        harness.answer(acquisition, reply);
        for outcome in calls.take().unwrap() {
            assert_eq!(outcome.ok().map(|response| response.status()), status);
        }
        assert_eq!(harness.endpoint.requests(), 1);
        harness.assert_idle();
    }
}

/// The stages of [`acquire_in_stages`].
const STAGES: usize = 5;

/// Runs an acquisition whose first attempt fails. Calls `at_stage` with the number of each stage.
fn acquire_in_stages(harness: &Harness, mut at_stage: impl FnMut(usize)) {
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
    harness.answer(second, Reply::Issue);
}

#[test]
fn s3_s5_dropped_caller_fails_and_delays_no_other_and_costs_no_request() {
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
            acquire_in_stages(&harness, |now| {
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
fn s3_acquisition_goes_on_without_callers() {
    for stage in 1..STAGES {
        let harness = Harness::new();
        let client = harness.client();
        let sending = client.clone();
        let mut call = Some(
            harness
                .runtime
                .start(async move { sending.send(ApiRequest::get(API)).await }),
        );
        acquire_in_stages(&harness, |now| {
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
fn s4_waiters_of_an_aborted_acquisition_ask_again_and_share_the_next_one() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let _aborted = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..100).map(|_| harness.ask(&tokens)).collect();
    harness.abort_acquisitions();
    for call in &mut calls {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(harness.endpoint.requests(), 2);
    assert_eq!(harness.events.count("AcquisitionAborted"), 1);
}

#[test]
fn s4_second_abort_in_a_row_is_a_failure_with_advice_and_alf_backs_off() {
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
    assert_eq!(harness.back_off_after(&error), seconds(1));
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    // It backs off: no acquisition starts.
    assert_eq!(
        harness.ask_now(&tokens).unwrap_err().kind(),
        TokenErrorKind::Aborted
    );
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    // It recovers.
    harness.runtime.revive();
    harness.advance(seconds(1));
    assert_eq!(harness.token_now(&tokens), "token-1");
    // A later abort is the first in a row again.
    harness.advance(WITHIN_LEEWAY * 2);
    let _aborted = harness.endpoint.hold();
    let mut call = harness.ask(&tokens);
    harness.abort_acquisitions();
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-2");
}

#[test]
fn s4_transport_that_panics_costs_two_requests_however_many_callers_wait() {
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
fn s4_e4_aborted_renewal_of_a_due_token_is_invisible() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.advance(DUE);
    harness.endpoint.otherwise(Reply::Panic);
    for _ in 0..10 {
        assert_eq!(harness.token_now(&tokens), "token-1");
        harness.advance(millis(500));
    }
}
