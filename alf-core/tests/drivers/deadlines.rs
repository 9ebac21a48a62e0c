//! S5: every wait ends, whatever servers, credentials and runtimes do.

use std::error::Error as _;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{ClientSecret, ExchangeErrorKind, TimeoutPhase, TokenError, TokenErrorKind};

use crate::support::{ACQUIRE_TIMEOUT, CLIENT_ID, Harness, Reply, access_token, millis, seconds};

#[test]
fn s5_a_silent_server_ends_the_acquisition_within_acquire_timeout() {
    for timeout in [ACQUIRE_TIMEOUT, seconds(3), millis(50)] {
        let harness = Harness::new();
        let client = harness.client_with(|builder| builder.acquire_timeout(timeout));
        harness.endpoint.otherwise(Reply::Never);
        let mut first = harness.ask(client.tokens());
        harness.advance(timeout / 2);
        let mut second = harness.ask(client.tokens());
        harness.advance(timeout / 2);
        for call in [&mut first, &mut second] {
            let error = call.take().unwrap().unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
            assert!(error.is_transient());
            // The acquisition's own error, which says more than a waiter's patience.
            assert!(error.retry_at().is_some(), "{error:?}");
            assert!(error.attempts() > 0);
        }
        assert_eq!(harness.endpoint.under_way(), 0);
        harness.assert_idle();
    }
}

#[test]
fn s5_time_out_says_what_failed_before() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness
        .endpoint
        .reply(Reply::Fail(ExchangeErrorKind::Connect));
    harness
        .endpoint
        .reply_after(millis(4990), Reply::status(503));
    harness.endpoint.otherwise(Reply::Never);
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
    let earlier = error.source().unwrap().downcast_ref::<TokenError>();
    let earlier = earlier.expect("an attempt failed before");
    assert_eq!(earlier.status().unwrap(), 503);
    assert_eq!(earlier.attempts(), 2);
    // One such layer, not one for each attempt.
    assert!(earlier.source().is_none(), "{earlier:?}");
}

#[test]
fn s5_a_slow_refusal_ends_it_too() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    for _ in 0..100 {
        harness.endpoint.reply_after(seconds(4), Reply::status(503));
    }
    let call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(call.is_finished());
    harness.assert_idle();
}

#[test]
fn s5_authentication_that_hangs_is_covered() {
    let harness = Harness::new();
    let secret = ClientSecret::from_fn(|| async {
        pending::<()>().await;
        Ok::<_, String>("never")
    });
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    let mut call = harness.ask(client.tokens());
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), TokenErrorKind::Timeout(_)),
        "{error:?}"
    );
    assert_eq!(harness.endpoint.requests(), 0);
    harness.assert_idle();
}

#[test]
fn s5_credentials_that_hang_when_they_are_read_again_are_covered() {
    let harness = Harness::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let secret = ClientSecret::from_fn(move || {
        let hangs = reads.fetch_add(1, Ordering::Relaxed) > 0;
        async move {
            if hangs {
                pending::<()>().await;
            }
            Ok::<_, String>("secret")
        }
    });
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let mut call = harness.ask(client.tokens());
    harness.advance(ACQUIRE_TIMEOUT);
    assert_eq!(
        call.take().unwrap().unwrap_err().kind(),
        TokenErrorKind::Refused
    );
    assert_eq!(harness.endpoint.requests(), 1);
    harness.assert_idle();
}

#[test]
fn s5_on_a_frozen_runtime_each_waiter_has_a_timer_of_its_own() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.runtime.freeze();
    let mut first = harness.ask(&tokens);
    harness.advance(seconds(4));
    let second = harness.ask(&tokens);
    harness.advance(seconds(6));
    let error = first.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
    assert_eq!(error.retry_at(), None, "the acquisition may still land");
    assert_eq!(error.elapsed(), ACQUIRE_TIMEOUT);
    assert!(!second.is_finished());
    harness.advance(seconds(4));
    assert!(second.is_finished());
    assert_eq!(harness.time().timers(), 0);
}

#[test]
fn s5_a_waiter_of_a_frozen_acquisition_asks_again_when_the_acquisition_should_have_ended() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let _frozen = harness.endpoint.hold();
    let _first = harness.ask(&tokens);
    harness.runtime.freeze();
    harness.advance(seconds(4));
    let mut second = harness.ask(&tokens);
    harness.advance(seconds(6));
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert_eq!(access_token(&second.take().unwrap().unwrap()), "token-1");
}

/// With a leeway of a minute and a half the token is expired long before it is over.
#[test]
fn e4_on_a_frozen_runtime_a_token_that_is_not_over_is_used_when_patience_ends() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.leeway(seconds(90)));
    harness
        .endpoint
        .reply(Reply::Token("long-lived", Some(900)));
    assert_eq!(harness.token_now(client.tokens()), "long-lived");
    harness.advance(seconds(815));
    harness.runtime.freeze();
    let mut call = harness.ask(client.tokens());
    harness.advance(ACQUIRE_TIMEOUT / 2);
    assert!(!call.is_finished(), "it waits for the acquisition");
    harness.advance(ACQUIRE_TIMEOUT / 2);
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "long-lived");
}

#[test]
fn s5_a_waiter_that_asks_again_does_not_begin_to_wait_anew() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let _lost = harness.endpoint.hold();
    let call = harness.ask(&tokens);
    harness.advance(seconds(4));
    harness.endpoint.otherwise(Reply::Never);
    harness.runtime.drop_tasks();
    harness.runtime.freeze();
    harness.advance(seconds(6));
    assert!(call.is_finished());
}

#[test]
fn s5_a_demand_past_the_deadline_begins_another_acquisition_and_the_old_result_is_too_late() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let frozen = harness.endpoint.hold();
    let _gave_up = harness.ask(&tokens);
    harness.runtime.freeze();
    harness.advance(seconds(5));
    // Waits for the frozen acquisition, and then for the one that takes its place.
    let mut second = harness.ask(&tokens);
    harness.advance(seconds(5));
    let mut third = harness.ask(&tokens);
    assert_eq!(harness.events.count("AcquisitionStarted"), 2);
    frozen.answer(Reply::Token("too-late", Some(1000)));
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    for call in [&mut second, &mut third] {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.events.count("TokenObtained"), 1);
}

#[test]
fn s5_a_late_failure_changes_nothing() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let frozen = harness.endpoint.hold();
    let _gave_up = harness.ask(&tokens);
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    let current = harness.endpoint.hold();
    let mut call = harness.ask(&tokens);
    frozen.answer(Reply::refuse(400, "invalid_client"));
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert!(!call.is_finished());
    current.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    assert_eq!(harness.events.count("AcquisitionFailed"), 0);
}

#[test]
fn s5_an_acquisition_that_wakes_past_its_deadline_asks_for_nothing() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.runtime.freeze();
    let _gave_up = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let _current = harness.endpoint.hold();
    let _call = harness.ask(&tokens);
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert_eq!(
        harness.endpoint.requests(),
        1,
        "S1: one acquisition is under way"
    );
}

#[test]
fn s5_a_dropped_caller_ends_nothing_for_others() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let acquisition = harness.endpoint.hold();
    let impatient = harness.ask(&tokens);
    let mut patient = harness.ask(&tokens);
    harness.advance(millis(100));
    drop(impatient);
    harness.advance(seconds(4));
    acquisition.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    assert_eq!(access_token(&patient.take().unwrap().unwrap()), "token-1");
}
