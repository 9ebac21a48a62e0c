//! S5: every wait ends, also if servers, credentials or runtimes hang.

use alf_core::{TimeoutPhase, TokenErrorKind};

use crate::support::{
    ACQUIRE_TIMEOUT, ATTEMPT_TIMEOUT, CLIENT_ID, Harness, Read, Reply, access_token, millis,
    scopes, seconds, secret_by, secret_that_hangs_from,
};

#[test]
fn s5_acquisition_ends_within_acquire_timeout_if_the_server_does_not_answer() {
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
            let attempt_has_failed = ATTEMPT_TIMEOUT < timeout;
            let phase = if attempt_has_failed {
                TimeoutPhase::Attempt
            } else {
                TimeoutPhase::Acquire
            };
            assert_eq!(error.kind(), TokenErrorKind::Timeout(phase));
            assert!(error.is_transient());
            // The error of the acquisition, which has more details than that of a waiter's deadline.
            assert!(error.retry_at().is_some(), "{error:?}");
            assert!(error.attempts() > 0);
        }
        assert_eq!(harness.endpoint.under_way(), 0);
        harness.assert_idle();
    }
}

#[test]
fn s5_failed_attempt_before_the_deadline_is_the_error_of_the_deadline() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::unreachable());
    let slow = Reply::refuse(504, "gateway_timeout").header("Retry-After", "3");
    harness.endpoint.reply_after(millis(4990), slow);
    harness.endpoint.otherwise(Reply::Never);
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.status().unwrap(), 504);
    assert_eq!(error.error_code(), Some("gateway_timeout"));
    assert!(error.is_transient());
    assert_eq!(error.attempts(), 3);
    // The server was left alone for the 3 s already.
    assert!(harness.back_off_after(&error) <= seconds(1));
}

/// Whether the deadline comes in a pause or in an attempt is chance, and so is whether alf or the HTTP library ends that
/// attempt.
#[test]
fn s5_one_fault_has_one_kind() {
    let unreachable = Reply::unreachable;
    for (first, others, reply) in [
        (0, 0, unreachable()),
        (100, 100, unreachable()),
        (700, 700, unreachable()),
        (1500, 1500, unreachable()),
        (4900, 0, Reply::Never),
        (4900, 0, Reply::TimesOut),
    ] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.endpoint.reply_after(millis(first), unreachable());
        for _ in 0..20 {
            harness.endpoint.reply_after(millis(others), reply.clone());
        }
        let mut call = harness.ask(&tokens);
        harness.advance(ACQUIRE_TIMEOUT);
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Connect, "{first} {reply:?}");
    }
}

/// The old secret was refused, and the server does not answer about the new one.
#[test]
fn s5_refusal_of_credentials_that_have_changed_is_not_the_error_of_the_deadline() {
    let harness = Harness::new();
    let secret = secret_by(|number| Read::Secret(format!("secret-{number}")));
    let builder = harness.builder().acquire_timeout(seconds(4));
    let client = harness.build(builder.client_secret(CLIENT_ID, secret));
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    harness.endpoint.otherwise(Reply::Never);
    let mut call = harness.ask(client.tokens());
    harness.advance(seconds(4));
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
    assert_eq!(error.attempts(), 2);
}

#[test]
fn s5_acquisition_ends_within_acquire_timeout_if_every_answer_is_slow() {
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
fn s5_acquisition_ends_within_acquire_timeout_if_client_authentication_hangs() {
    let harness = Harness::new();
    let secret = secret_that_hangs_from(1);
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
fn s5_acquisition_ends_within_acquire_timeout_if_credentials_hang_when_they_are_read_again() {
    let harness = Harness::new();
    let secret = secret_that_hangs_from(2);
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
    assert_eq!(error.retry_at(), None, "the acquisition may still succeed");
    assert_eq!(error.elapsed(), ACQUIRE_TIMEOUT);
    assert!(!second.is_finished());
    harness.advance(seconds(4));
    assert!(second.is_finished());
    assert_eq!(harness.time().timers(), 0);
}

#[test]
fn s5_waiter_of_a_frozen_acquisition_asks_again_after_the_deadline_of_the_acquisition() {
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

/// With a leeway of a minute and a half the token is within leeway long before it expires.
#[test]
fn e4_s5_on_a_frozen_runtime_a_token_within_leeway_is_used_at_the_callers_deadline() {
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
fn s5_waiter_that_asks_again_keeps_its_deadline() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let _aborted = harness.endpoint.hold();
    let call = harness.ask(&tokens);
    harness.advance(seconds(4));
    harness.endpoint.otherwise(Reply::Never);
    harness.time().drop_tasks();
    harness.runtime.freeze();
    harness.advance(seconds(6));
    assert!(call.is_finished());
}

#[test]
fn s5_demand_past_the_deadline_starts_another_acquisition_and_the_old_result_is_too_late() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let frozen = harness.endpoint.hold();
    let _timed_out = harness.ask(&tokens);
    harness.runtime.freeze();
    harness.advance(seconds(5));
    // It waits for the frozen acquisition, and then for the one that replaces it.
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
fn s5_late_failure_changes_nothing() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let frozen = harness.endpoint.hold();
    let _timed_out = harness.ask(&tokens);
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    let current = harness.endpoint.hold();
    let mut call = harness.ask(&tokens);
    frozen.answer(Reply::refuse(400, "invalid_client"));
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert!(!call.is_finished());
    harness.answer(current, Reply::Issue);
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    assert_eq!(harness.events.count("AcquisitionFailed"), 0);
}

/// An acquisition ends a fifth of a second before its callers give up. From then on another may replace it.
#[test]
fn s5_result_of_a_replaced_acquisition_tells_the_other_targets_nothing() {
    for (late, status) in [
        (Reply::refuse(401, "invalid_client"), "refused"),
        (Reply::Issue, "issued"),
    ] {
        let harness = Harness::new();
        let tokens = scopes(&harness.tokens(), 2);
        let frozen = harness.endpoint.hold();
        let _timed_out = harness.ask(&tokens[0]);
        harness.runtime.freeze();
        harness.advance(ACQUIRE_TIMEOUT.saturating_sub(millis(100)));
        let current = harness.endpoint.hold();
        let mut call = harness.ask(&tokens[0]);
        frozen.answer(late);
        harness.runtime.revive();
        harness.runtime.run_until_stalled();
        assert!(!call.is_finished(), "{status}: S2");
        assert!(harness.ask_now(&tokens[1]).is_ok(), "{status}: B2");
        harness.answer(current, Reply::Token("current", None));
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "current");
        assert_eq!(harness.events.count("AcquisitionFailed"), 0);
    }
}

#[test]
fn s5_acquisition_that_ends_late_and_was_not_replaced_counts() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let frozen = harness.endpoint.hold();
    let _timed_out = harness.ask(&tokens[0]);
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT * 2);
    frozen.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert_eq!(harness.events.count("AcquisitionFailed"), 1);
    // B2: the client is refused, whatever it asks for.
    assert!(harness.ask_now(&tokens[1]).is_err());
    assert_eq!(harness.endpoint.requests(), 1);
}

/// Its answer may be older than the refusal of the other target.
#[test]
fn s5_b2_success_past_the_deadline_is_used_and_ends_no_back_off() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let frozen = harness.endpoint.hold();
    let _timed_out = harness.ask(&tokens[0]);
    let refusal = Reply::refuse(401, "invalid_client").header("retry-after", "60");
    harness.endpoint.reply(refusal);
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    frozen.answer(Reply::Issue);
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    assert_eq!(harness.token_now(&tokens[0]), "token-1");
    assert!(harness.ask_now(&tokens[1]).is_err());
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(seconds(50));
    assert!(harness.ask_now(&tokens[1]).is_ok());
}

#[test]
fn s5_acquisition_that_wakes_past_its_deadline_sends_nothing() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.runtime.freeze();
    let _timed_out = harness.ask(&tokens);
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
fn s5_failure_in_the_waiting_time_of_a_caller_is_its_error() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.otherwise(Reply::status(503));
    let mut earlier = harness.ask(&tokens[0]);
    harness.advance(seconds(1));
    let mut call = harness.ask(&tokens[1]);
    harness.advance(millis(500));
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.status().unwrap(), 503);
    assert_eq!(error.retry_at(), None, "the acquisition may still succeed");
    assert!(error.to_string().contains("in 10.0s"), "{error}");
    assert!(earlier.take().unwrap().is_err());
    // An hour later that failure is not the error any more.
    harness.advance(seconds(3600));
    let mut call = harness.ask(&tokens[1]);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
}

#[test]
fn s5_failure_before_a_success_is_not_the_error_of_a_caller() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut call = harness.ask(&tokens[0]);
    harness.advance(seconds(1));
    assert!(call.take().unwrap().is_ok());
    harness.runtime.freeze();
    let mut call = harness.ask(&tokens[1]);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
}
