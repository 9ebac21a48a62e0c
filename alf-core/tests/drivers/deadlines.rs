//! S5: every wait ends, whatever servers, credentials and runtimes do.

use std::error::Error as _;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{ClientSecret, ExchangeErrorKind, TimeoutPhase, TokenError, TokenErrorKind};

use crate::support::{ACQUIRE_TIMEOUT, CLIENT_ID, Reply, World, millis, seconds, shown};

#[test]
fn s5_a_silent_server_ends_the_acquisition_within_acquire_timeout() {
    for timeout in [ACQUIRE_TIMEOUT, seconds(3), millis(50)] {
        let world = World::new();
        let client = world.client_with(|builder| builder.acquire_timeout(timeout));
        world.endpoint.otherwise(Reply::Never);
        let mut first = world.ask(client.tokens());
        world.advance(timeout / 2);
        let mut second = world.ask(client.tokens());
        world.advance(timeout / 2);
        for call in [&mut first, &mut second] {
            let error = call.take().unwrap().unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
            assert!(error.is_transient());
            // The acquisition's own error, which says more than a waiter's patience.
            assert!(error.retry_at().is_some(), "{error:?}");
            assert!(error.attempts() > 0);
        }
        assert_eq!(world.endpoint.under_way(), 0);
        world.assert_at_rest();
    }
}

#[test]
fn s5_time_out_says_what_failed_before() {
    let world = World::new();
    let tokens = world.tokens();
    world
        .endpoint
        .reply(Reply::Fail(ExchangeErrorKind::Connect));
    world.endpoint.reply_after(millis(4990), Reply::status(503));
    world.endpoint.otherwise(Reply::Never);
    let mut call = world.ask(&tokens);
    world.advance(ACQUIRE_TIMEOUT);
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
    let world = World::new();
    let tokens = world.tokens();
    for _ in 0..100 {
        world.endpoint.reply_after(seconds(4), Reply::status(503));
    }
    let call = world.ask(&tokens);
    world.advance(ACQUIRE_TIMEOUT);
    assert!(call.is_finished());
    world.assert_at_rest();
}

#[test]
fn s5_authentication_that_hangs_is_covered() {
    let world = World::new();
    let secret = ClientSecret::from_fn(|| async {
        pending::<()>().await;
        Ok::<_, String>("never")
    });
    let client = world.build(world.builder().client_secret(CLIENT_ID, secret));
    let mut call = world.ask(client.tokens());
    world.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), TokenErrorKind::Timeout(_)),
        "{error:?}"
    );
    assert_eq!(world.endpoint.requests(), 0);
    world.assert_at_rest();
}

#[test]
fn s5_credentials_that_hang_when_they_are_read_again_are_covered() {
    let world = World::new();
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
    let client = world.build(world.builder().client_secret(CLIENT_ID, secret));
    world
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let mut call = world.ask(client.tokens());
    world.advance(ACQUIRE_TIMEOUT);
    assert_eq!(
        call.take().unwrap().unwrap_err().kind(),
        TokenErrorKind::Refused
    );
    assert_eq!(world.endpoint.requests(), 1);
    world.assert_at_rest();
}

#[test]
fn s5_on_a_frozen_runtime_each_waiter_has_a_timer_of_its_own() {
    let world = World::new();
    let tokens = world.tokens();
    world.runtime.freeze();
    let mut first = world.ask(&tokens);
    world.advance(seconds(4));
    let second = world.ask(&tokens);
    world.advance(seconds(6));
    let error = first.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
    assert_eq!(error.retry_at(), None, "the acquisition may still land");
    assert_eq!(error.elapsed(), ACQUIRE_TIMEOUT);
    assert!(!second.is_finished());
    world.advance(seconds(4));
    assert!(second.is_finished());
    assert_eq!(world.time().timers(), 0);
}

#[test]
fn s5_a_waiter_of_a_frozen_acquisition_asks_again_when_the_acquisition_should_have_ended() {
    let world = World::new();
    let tokens = world.tokens();
    let _frozen = world.endpoint.hold();
    let _first = world.ask(&tokens);
    world.runtime.freeze();
    world.advance(seconds(4));
    let mut second = world.ask(&tokens);
    world.advance(seconds(6));
    assert_eq!(world.events.count("AcquisitionStarted"), 2);
    world.runtime.revive();
    world.runtime.run_until_stalled();
    assert_eq!(shown(&second.take().unwrap().unwrap()), "token-1");
}

/// With a leeway of a minute and a half the token is expired long before it is over.
#[test]
fn e4_on_a_frozen_runtime_a_token_that_is_not_over_is_used_when_patience_ends() {
    let world = World::new();
    let client = world.client_with(|builder| builder.leeway(seconds(90)));
    world.endpoint.reply(Reply::Token("long-lived", Some(900)));
    assert_eq!(world.token_now(client.tokens()), "long-lived");
    world.advance(seconds(815));
    world.runtime.freeze();
    let mut call = world.ask(client.tokens());
    world.advance(ACQUIRE_TIMEOUT / 2);
    assert!(!call.is_finished(), "it waits for the acquisition");
    world.advance(ACQUIRE_TIMEOUT / 2);
    assert_eq!(shown(&call.take().unwrap().unwrap()), "long-lived");
}

#[test]
fn s5_a_waiter_that_asks_again_does_not_begin_to_wait_anew() {
    let world = World::new();
    let tokens = world.tokens();
    let _lost = world.endpoint.hold();
    let call = world.ask(&tokens);
    world.advance(seconds(4));
    world.endpoint.otherwise(Reply::Never);
    world.runtime.drop_tasks();
    world.runtime.freeze();
    world.advance(seconds(6));
    assert!(call.is_finished());
}

#[test]
fn s5_a_demand_past_the_deadline_begins_another_acquisition_and_the_old_result_is_too_late() {
    let world = World::new();
    let tokens = world.tokens();
    let frozen = world.endpoint.hold();
    let _gave_up = world.ask(&tokens);
    world.runtime.freeze();
    world.advance(seconds(5));
    // Waits for the frozen acquisition, and then for the one that takes its place.
    let mut second = world.ask(&tokens);
    world.advance(seconds(5));
    let mut third = world.ask(&tokens);
    assert_eq!(world.events.count("AcquisitionStarted"), 2);
    frozen.answer(Reply::Token("too-late", Some(1000)));
    world.runtime.revive();
    world.runtime.run_until_stalled();
    for call in [&mut second, &mut third] {
        assert_eq!(shown(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(world.token_now(&tokens), "token-1");
    assert_eq!(world.events.count("TokenObtained"), 1);
}

#[test]
fn s5_a_late_failure_changes_nothing() {
    let world = World::new();
    let tokens = world.tokens();
    let frozen = world.endpoint.hold();
    let _gave_up = world.ask(&tokens);
    world.runtime.freeze();
    world.advance(ACQUIRE_TIMEOUT);
    let current = world.endpoint.hold();
    let mut call = world.ask(&tokens);
    frozen.answer(Reply::refuse(400, "invalid_client"));
    world.runtime.revive();
    world.runtime.run_until_stalled();
    assert!(!call.is_finished());
    current.answer(Reply::Issue);
    world.runtime.run_until_stalled();
    assert_eq!(shown(&call.take().unwrap().unwrap()), "token-1");
    assert_eq!(world.events.count("AcquisitionFailed"), 0);
}

#[test]
fn s5_an_acquisition_that_wakes_past_its_deadline_asks_for_nothing() {
    let world = World::new();
    let tokens = world.tokens();
    world.runtime.freeze();
    let _gave_up = world.ask(&tokens);
    world.advance(ACQUIRE_TIMEOUT);
    let _current = world.endpoint.hold();
    let _call = world.ask(&tokens);
    world.runtime.revive();
    world.runtime.run_until_stalled();
    assert_eq!(
        world.endpoint.requests(),
        1,
        "S1: one acquisition is under way"
    );
}

#[test]
fn s5_a_dropped_caller_ends_nothing_for_others() {
    let world = World::new();
    let tokens = world.tokens();
    let acquisition = world.endpoint.hold();
    let impatient = world.ask(&tokens);
    let mut patient = world.ask(&tokens);
    world.advance(millis(100));
    drop(impatient);
    world.advance(seconds(4));
    acquisition.answer(Reply::Issue);
    world.runtime.run_until_stalled();
    assert_eq!(shown(&patient.take().unwrap().unwrap()), "token-1");
}
