//! R1, R2, R5: rejected tokens, through [`Client::send`](alf_core::Client::send).

use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{Error, TimeoutPhase, TokenErrorKind};

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, ApiResponse, Harness, Reply, access_token, just_before,
    millis, seconds, token_error, with_revoked_token,
};

#[test]
fn r1_thousand_rejections_cause_one_renewal() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    let answers: Vec<_> = (0..1000).map(|_| harness.api.hold()).collect();
    let mut calls: Vec<_> = (0..1000)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    harness.api.revoke("token-1");
    let renewal = harness.endpoint.hold();
    drop(answers);
    harness.runtime.run_until_stalled();
    assert!(calls.iter().all(|call| !call.is_finished()));
    harness.answer(renewal, Reply::Issue);
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 2);
    assert_eq!(harness.api.requests(), 2001);
    assert_eq!(harness.events.count("TokenRejected"), 1);
    harness.assert_idle();
}

#[test]
fn r1_callers_wait_while_a_rejected_token_is_renewed() {
    let (harness, client) = with_revoked_token();
    let renewal = harness.endpoint.hold();
    let _rejected = harness.send(&client, ApiRequest::get(API));
    let mut other = harness.ask(client.tokens());
    assert!(!other.is_finished());
    harness.answer(renewal, Reply::Issue);
    assert_eq!(access_token(&other.take().unwrap().unwrap()), "token-2");
}

#[test]
fn r1_one_mistaken_401_in_an_outage_does_not_stop_every_call() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    let requests = AtomicUsize::new(0);
    harness.api.answers(move |_| {
        if requests.fetch_add(1, Ordering::Relaxed) == 0 {
            ApiResponse::rejection()
        } else {
            ApiResponse::status_of(200)
        }
    });
    harness.endpoint.otherwise(Reply::status(503));
    let mut rejected = harness.send(&client, ApiRequest::get(API));
    let mut other = harness.send(&client, ApiRequest::get(API));
    // While the acquisition runs, callers wait.
    harness.advance(seconds(5));
    assert!(!other.is_finished());
    harness.advance(ACQUIRE_TIMEOUT);
    let error = token_error(rejected.take().unwrap());
    assert_eq!(error.rejection().unwrap().status(), 401);
    // The token is used again, by callers that have waited too.
    assert_eq!(other.take().unwrap().unwrap().status(), 200);
    assert_eq!(harness.get_now(&client), 200);
    assert!(
        harness
            .api
            .tokens_sent()
            .iter()
            .all(|token| token == "token-1")
    );
}

#[test]
fn r1_rejected_token_is_not_used_after_a_permanent_failure() {
    let (harness, client) = with_revoked_token();
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    for _ in 0..2 {
        let outcome = harness.send_now(&client, ApiRequest::get(API));
        assert!(matches!(outcome, Err(Error::Token(_))), "{outcome:?}");
    }
    assert_eq!(harness.api.requests(), 2, "the second was never sent");
}

#[test]
fn r1_challenge_may_be_missing_or_malformed() {
    for challenge in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Negotiate"),
        Some(r#"Bearer error="insufficient_scope"#),
        Some(r#"Bearer error_description="insufficient_scope""#),
        Some(",,=,\"\\"),
    ] {
        let harness = Harness::new();
        let client = harness.client();
        harness.api.answers(move |sent| {
            let rejection = ApiResponse::status_of(401);
            match challenge {
                _ if sent.token != "token-1" => ApiResponse::status_of(200),
                None => rejection,
                Some(challenge) => rejection.challenge(challenge),
            }
        });
        assert_eq!(harness.get_now(&client), 200, "{challenge:?}");
        assert_eq!(harness.endpoint.requests(), 2, "{challenge:?}");
    }
}

#[test]
fn r1_rejecting_statuses_are_settable() {
    for (statuses, answered, requests) in [
        (vec![401], 403, 1),
        (vec![401, 403], 403, 2),
        (vec![403], 401, 1),
        (vec![], 401, 1),
        (vec![401, 419], 419, 2),
    ] {
        let harness = Harness::new();
        let client = harness.client_with(|builder| builder.rejecting_statuses(statuses.clone()));
        harness
            .api
            .answers(move |_| ApiResponse::status_of(answered));
        assert_eq!(harness.get_now(&client), answered);
        assert_eq!(
            harness.endpoint.requests(),
            requests,
            "{statuses:?} {answered}"
        );
        assert_eq!(harness.api.requests(), requests, "{statuses:?} {answered}");
    }
}

#[test]
fn r1_r7_insufficient_scope_never_rejects() {
    for status in [401, 403] {
        let harness = Harness::new();
        let client = harness.client_with(|builder| builder.rejecting_statuses([401, 403]));
        harness.api.answers(move |_| {
            ApiResponse::status_of(status)
                .challenge("Basic realm=\"a\"")
                .challenge(r#"Bearer realm="b", error="insufficient_scope", scope="write""#)
        });
        assert_eq!(harness.get_now(&client), status);
        assert_eq!(
            (harness.api.requests(), harness.endpoint.requests()),
            (1, 1)
        );
    }
}

#[test]
fn r2_token_that_was_renewed_meanwhile_is_used_without_a_token_request() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    let slow = harness.api.hold();
    let mut call = harness.send(&client, ApiRequest::get(API));
    harness.api.revoke("token-1");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.endpoint.requests(), 2);
    // The AS answers no further token request.
    harness.endpoint.otherwise(Reply::Never);
    drop(slow);
    harness.runtime.run_until_stalled();
    assert_eq!(call.take().unwrap().unwrap().status(), 200);
    assert_eq!(harness.api.tokens_sent().last().unwrap(), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
    // R1: the newer one was not rejected.
    assert_eq!(harness.token_now(client.tokens()), "token-2");
}

#[test]
fn r5_failed_renewal_is_the_token_error_with_the_401() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness
        .api
        .answers(|_| ApiResponse::rejection().challenge("Basic realm=\"second\""));
    let renewal = harness.endpoint.hold();
    let mut rejected = harness.send(&client, ApiRequest::get(API));
    let mut waiting = harness.send(&client, ApiRequest::get(API));
    harness.answer(renewal, Reply::refuse(400, "invalid_client"));
    let error = token_error(rejected.take().unwrap());
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.error_code(), Some("invalid_client"));
    let kept = error.rejection().unwrap();
    assert_eq!(kept.status(), 401);
    assert_eq!(kept.challenges().len(), 2);
    assert_eq!(kept.challenges()[1], "Basic realm=\"second\"");
    assert!(error.to_string().contains("401"), "{error}");
    // The error of a request that was never sent has no 401.
    let error = token_error(waiting.take().unwrap());
    assert!(error.rejection().is_none());
}

#[test]
fn r5_401_in_a_back_off_is_the_token_error_at_once() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    let slow = harness.api.hold();
    let mut call = harness.send(&client, ApiRequest::get(API));
    harness.api.revoke("token-1");
    harness
        .endpoint
        .otherwise(Reply::refuse(400, "invalid_client"));
    let first = harness.send_now(&client, ApiRequest::get(API));
    assert!(first.is_err());
    drop(slow);
    harness.runtime.run_until_stalled();
    let error = token_error(call.take().unwrap());
    assert_eq!(error.rejection().unwrap().status(), 401);
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r5_s5_on_a_frozen_runtime_a_rejected_request_ends_at_its_deadline() {
    let (harness, client) = with_revoked_token();
    harness.runtime.freeze();
    let mut call = harness.send(&client, ApiRequest::get(API));
    harness.advance(just_before(ACQUIRE_TIMEOUT));
    assert!(!call.is_finished());
    harness.advance(millis(1));
    let error = token_error(call.take().unwrap());
    assert_eq!(error.rejection().unwrap().status(), 401);
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
}

#[test]
fn r1_s4_aborted_renewal_is_started_again() {
    let (harness, client) = with_revoked_token();
    let _aborted = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..10)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    harness.abort_acquisitions();
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r1_s4_renewal_that_is_aborted_twice_is_the_token_error() {
    let (harness, client) = with_revoked_token();
    harness.runtime.shut_down();
    let outcome = harness.send_now(&client, ApiRequest::get(API));
    let error = token_error(outcome);
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    assert_eq!(error.rejection().unwrap().status(), 401);
}

#[test]
fn r1_failed_attempt_does_not_put_the_rejected_token_in_use_again() {
    let (harness, client) = with_revoked_token();
    harness.endpoint.reply(Reply::status(503));
    let mut rejected = harness.send(&client, ApiRequest::get(API));
    let mut waiting = harness.send(&client, ApiRequest::get(API));
    // In the pause.
    assert!(!rejected.is_finished() && !waiting.is_finished());
    harness.advance(millis(100));
    for call in [&mut rejected, &mut waiting] {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn s3_renewal_goes_on_if_the_rejected_request_is_dropped() {
    let (harness, client) = with_revoked_token();
    let renewal = harness.endpoint.hold();
    let dropped = harness.send(&client, ApiRequest::get(API));
    let mut other = harness.send(&client, ApiRequest::get(API));
    drop(dropped);
    harness.answer(renewal, Reply::Issue);
    assert_eq!(other.take().unwrap().unwrap().status(), 200);
    assert_eq!(harness.endpoint.requests(), 2);
}
