//! B1, B2: while the server is in trouble, the acquisitions of a client need a permit for each attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::TokenErrorKind;

use crate::support::{
    ACQUIRE_TIMEOUT, CLIENT_ID, Harness, LIFETIME, Read, Reply, WITHIN_LEEWAY, access_token,
    ask_all, millis, scopes, seconds, secret_by,
};

#[test]
fn b1_all_scopes_retry_in_a_short_outage_with_the_pauses_of_one_acquisition() {
    const SCOPES: usize = 64;
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), SCOPES);
    // All of them make an attempt before one has failed.
    let held: Vec<_> = tokens.iter().map(|_| harness.endpoint.hold()).collect();
    let mut calls = ask_all(&harness, &tokens);
    assert_eq!(harness.endpoint.requests(), SCOPES);
    for held in held {
        held.answer(Reply::unreachable());
    }
    // Then four more attempts fail, of any of them.
    for _ in 0..4 {
        harness.endpoint.reply(Reply::unreachable());
    }
    // 100 + 200 + 400 + 800 + 1000 ms at most.
    harness.advance(millis(2500));
    for call in &mut calls {
        assert!(call.take().expect("it should have its token").is_ok());
    }
    assert_eq!(harness.endpoint.requests(), SCOPES + 4 + SCOPES);
    harness.assert_idle();
}

#[test]
fn b2_one_attempt_at_a_time_while_the_server_is_in_trouble() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 3);
    harness.endpoint.reply(Reply::status(503));
    let mut calls = vec![harness.ask(&tokens[0])];
    // During its pause the others make no attempt.
    calls.extend(ask_all(&harness, &tokens[1..]));
    assert_eq!(harness.endpoint.requests(), 1);
    let held = harness.endpoint.hold();
    harness.advance(millis(100));
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(millis(900));
    assert_eq!(harness.endpoint.requests(), 2);
    // The server is healthy again: now each may make its attempt.
    harness.answer(held, Reply::Issue);
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    assert_eq!(harness.endpoint.requests(), 4);
    harness.assert_idle();
}

#[test]
fn b2_scopes_that_always_fail_keep_no_other_from_its_token() {
    let harness = Harness::new();
    let client = harness.client();
    let broken = scopes(client.tokens(), 3);
    harness.endpoint.always("scope=scope-", Reply::status(500));
    let mut calls = ask_all(&harness, &broken);
    let valid = client.tokens().with_scope("valid");
    let mut call = harness.ask(&valid);
    harness.advance(millis(1000));
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_err()));
    harness.assert_idle();
}

#[test]
fn b2_permanent_failure_ends_the_acquisitions_that_wait_for_a_permit() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 3);
    harness.endpoint.reply(Reply::status(503));
    let mut calls = ask_all(&harness, &tokens);
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    harness.advance(millis(100));
    for call in &mut calls {
        let error = call.take().expect("it should have failed").unwrap_err();
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert!(error.retry_at().is_some());
    }
    assert_eq!(harness.endpoint.requests(), 2);
    harness.assert_idle();
}

#[test]
fn b2_acquisition_that_gets_no_permit_before_its_deadline_fails_with_the_latest_error() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.reply(Reply::unreachable());
    let mut calls = ask_all(&harness, &tokens);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "20"));
    harness.advance(millis(100));
    for call in &mut calls {
        let error = call.take().expect("it should have failed").unwrap_err();
        assert_eq!(error.status().unwrap(), 503);
        let back_off = harness.back_off_after(&error);
        assert!(
            seconds(19) < back_off && back_off <= seconds(20),
            "{back_off:?}"
        );
    }
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s5_caller_whose_acquisition_waits_for_a_permit_waits_no_longer_than_acquire_timeout() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.otherwise(Reply::unreachable());
    let mut first = harness.ask(&tokens[0]);
    harness.advance(seconds(3));
    let mut second = harness.ask(&tokens[1]);
    harness.advance(seconds(7));
    let error = first.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Connect);
    // B1: the second goes on until its own deadline.
    assert!(!second.is_finished());
    harness.advance(seconds(3));
    let error = second.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Connect);
    harness.assert_idle();
}

#[test]
fn b1_outage_that_outlasts_one_acquisition_may_end_in_time_for_a_later_one() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.otherwise(Reply::unreachable());
    let mut first = harness.ask(&tokens[0]);
    harness.advance(seconds(6));
    let mut second = harness.ask(&tokens[1]);
    while !first.is_finished() {
        harness.advance(millis(50));
    }
    assert!(first.take().unwrap().is_err());
    // Later callers get the error at once (B2).
    assert!(harness.ask_now(&tokens[0]).is_err());
    harness.endpoint.otherwise(Reply::Issue);
    harness.advance(seconds(4));
    assert!(second.take().unwrap().is_ok());
    assert!(harness.ask_now(&tokens[0]).is_ok());
    harness.assert_idle();
}

#[test]
fn s5_attempt_without_an_answer_delays_the_others_no_longer_than_attempt_timeout() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.reply(Reply::Never);
    harness.advance(seconds(6));
    assert!(first.take().unwrap().is_ok());
    assert!(second.take().unwrap().is_ok());
}

#[test]
fn s5_acquisition_behind_a_slow_attempt_ends_at_its_own_deadline() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let mut first = harness.ask(&tokens[0]);
    assert!(first.take().unwrap().is_ok());
    // The attempt of the second starts late, in the last seconds of the first.
    harness.advance(LIFETIME);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply_after(millis(4950), Reply::status(503));
    harness.advance(seconds(4));
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.otherwise(Reply::Never);
    harness.advance(seconds(6));
    let error = first.take().expect("its deadline has come").unwrap_err();
    assert!(
        error.retry_at().is_some(),
        "of the acquisition, not of its caller: {error:?}"
    );
    assert_eq!(harness.endpoint.under_way(), 1, "of the second");
    assert!(!second.is_finished());
    harness.advance(seconds(4));
    assert!(second.take().unwrap().is_err());
    harness.assert_idle();
}

#[test]
fn s5_credentials_that_hang_when_they_are_read_again_delay_no_other_target() {
    let harness = Harness::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reads);
    let secret = secret_by(move |number| {
        count.store(number, Ordering::Relaxed);
        if number == 3 {
            Read::Hangs
        } else {
            Read::Secret("secret".to_owned())
        }
    });
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, secret));
    let tokens = scopes(client.tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    let second = harness.ask(&tokens[1]);
    harness.advance(millis(100));
    let count = reads.load(Ordering::Relaxed);
    assert_eq!(count, 3, "the second reads the secret again");
    harness.advance(seconds(6));
    assert!(first.take().unwrap().is_ok());
    assert!(second.is_finished());
}

#[test]
fn s4_aborted_acquisition_releases_its_permit() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.reply(Reply::Panic);
    harness.advance(seconds(1));
    assert!(second.take().unwrap().is_ok());
    assert!(first.take().unwrap().is_ok());
    harness.assert_idle();
}

#[test]
fn e4_token_within_leeway_is_used_while_its_acquisition_waits_for_a_permit() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.tokens().with_scope("read");
    assert_eq!(harness.token_now(&reader), "token-1");
    harness.advance(WITHIN_LEEWAY);
    harness.endpoint.otherwise(Reply::unreachable());
    let _call = harness.ask(client.tokens());
    assert_eq!(harness.token_now(&reader), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn b1_retry_after_holds_also_if_another_scope_has_success_meanwhile() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let held = harness.endpoint.hold();
    let mut fine = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::status(429).header("Retry-After", "5"));
    let mut limited = harness.ask(&tokens[1]);
    harness.answer(held, Reply::Issue);
    assert!(fine.take().unwrap().is_ok());
    harness.advance(millis(4900));
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(millis(100));
    assert!(limited.take().unwrap().is_ok());
    harness.assert_idle();
}
