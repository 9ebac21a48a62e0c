//! B: retries and pauses within an acquisition, and the back-off after it.

use std::time::Duration;

use alf_core::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
    ExchangeErrorKind, Runtime, TimeoutPhase, TokenErrorKind, TokenRequest,
};
use async_trait::async_trait;

use crate::support::{
    ACQUIRE_TIMEOUT, ATTEMPT_TIMEOUT, CLIENT_ID, Harness, LIFETIME, Read, Reply, access_token,
    just_before, millis, seconds, secret_by,
};

fn assert_is_jittered(pause: Duration, full: Duration) {
    let least = full.mul_f64(0.8);
    assert!((least..=full).contains(&pause), "{pause:?} of {full:?}");
}

#[test]
fn b1_attempts_are_repeated_with_doubling_pauses_until_an_outage_ends() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    for _ in 0..7 {
        harness.endpoint.reply(Reply::unreachable());
    }
    assert_eq!(
        access_token(&harness.ask_and_wait(&tokens).unwrap()),
        "token-1"
    );
    let pauses = harness.endpoint.pauses();
    for (pause, full) in pauses.iter().zip([100, 200, 400, 800, 1000, 1000, 1000]) {
        assert_is_jittered(*pause, millis(full));
    }
    assert_eq!(pauses.len(), 7);
    assert_eq!(harness.events.count("AttemptFailed"), 7);
}

#[test]
fn b1_transient_failures_are_retried() {
    let answers = [408, 425, 429, 500, 502, 503, 504, 599].map(Reply::status);
    let errors = ["temporarily_unavailable", "server_error", "slow_down"]
        .map(|error| Reply::refuse(400, error));
    let failures = [
        ExchangeErrorKind::Connect,
        ExchangeErrorKind::Exchange,
        ExchangeErrorKind::Timeout,
    ]
    .map(Reply::Fail);
    // An `error` in a 5xx does not make it permanent (T4).
    let others = [Reply::refuse(500, "invalid_client"), Reply::Never];
    let all = answers
        .into_iter()
        .chain(errors)
        .chain(failures)
        .chain(others);
    for reply in all {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.endpoint.reply(reply.clone());
        let token = harness.ask_and_wait(&tokens);
        assert!(token.is_ok(), "{reply:?} {token:?}");
        assert_eq!(harness.endpoint.requests(), 2, "{reply:?}");
    }
}

#[test]
fn b1_permanent_failures_end_the_acquisition() {
    let answers = [400, 401, 403, 404, 405, 410, 422, 301, 204].map(Reply::status);
    let others = [
        Reply::refuse(400, "invalid_client"),
        Reply::refuse(200, "invalid_request"),
        Reply::body(""),
        Reply::body(r#"{"access_token":""}"#),
        Reply::Fail(ExchangeErrorKind::Certificate),
        Reply::Fail(ExchangeErrorKind::Redirected),
        Reply::Fail(ExchangeErrorKind::TooLarge),
    ];
    for reply in answers.into_iter().chain(others) {
        let harness = Harness::new();
        harness.endpoint.otherwise(reply.clone());
        let error = harness.ask_now(&harness.tokens()).unwrap_err();
        assert!(!error.is_transient(), "{reply:?}");
        assert_eq!(harness.endpoint.requests(), 1, "{reply:?}");
    }
}

#[test]
fn b1_attempt_ends_after_attempt_timeout() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Never);
    let mut call = harness.ask(&tokens);
    harness.advance(just_before(ATTEMPT_TIMEOUT));
    assert_eq!(harness.endpoint.under_way(), 1);
    harness.advance(millis(1));
    assert_eq!(harness.endpoint.under_way(), 0, "its future is dropped");
    harness.advance(millis(100));
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    assert_is_jittered(
        harness.endpoint.pauses()[0].saturating_sub(ATTEMPT_TIMEOUT),
        millis(100),
    );
    let exchanges = harness.endpoint.exchanges();
    assert_eq!(exchanges[0].options.timeout(), ATTEMPT_TIMEOUT);
    // The remaining time of the acquisition is shorter.
    assert!(exchanges[1].options.timeout() < ATTEMPT_TIMEOUT);
}

#[test]
fn b1_attempt_timeout_can_be_set() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.attempt_timeout(seconds(1)));
    harness.endpoint.reply(Reply::Never);
    let call = harness.ask(client.tokens());
    harness.advance(millis(1100));
    assert!(call.is_finished());
    assert_eq!(
        harness.endpoint.exchanges()[0].options.timeout(),
        seconds(1)
    );
}

#[test]
fn b1_retry_after_lengthens_a_pause_and_never_shortens_one() {
    let harness = Harness::new();
    let wall_clock = harness.runtime.wall_clock();
    let date = httpdate::fmt_http_date(wall_clock + seconds(4));
    for (value, least, most) in [
        ("3", seconds(3), seconds(3)),
        (date.as_str(), seconds(4), seconds(4)),
        ("0", millis(80), millis(100)),
        ("soon", millis(80), millis(100)),
        ("-5", millis(80), millis(100)),
    ] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness
            .endpoint
            .reply(Reply::status(429).header("retry-after", value));
        harness.ask_and_wait(&tokens).unwrap();
        let pause = harness.endpoint.pauses()[0];
        assert!((least..=most).contains(&pause), "{value} {pause:?}");
    }
}

#[test]
fn b1_b2_retry_after_past_the_deadline_ends_the_acquisition_and_is_the_back_off() {
    for (value, back_off) in [("10", 10), ("60", 60), ("86400", 300)] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness
            .endpoint
            .reply(Reply::status(503).header("retry-after", value));
        let error = harness.ask_now(&tokens).unwrap_err();
        assert_eq!(error.status().unwrap(), 503);
        assert_eq!(harness.back_off_after(&error), seconds(back_off));
        harness.advance(just_before(seconds(back_off)));
        assert!(harness.ask_now(&tokens).is_err());
        assert_eq!(harness.endpoint.requests(), 1);
        harness.advance(millis(1));
        assert_eq!(harness.token_now(&tokens), "token-1");
    }
}

#[test]
fn b1_credentials_are_read_again_for_every_attempt() {
    let harness = Harness::new();
    let secret = secret_by(|number| Read::Secret(format!("secret-{number}")));
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, secret));
    harness.endpoint.reply(Reply::status(503));
    harness.endpoint.reply(Reply::status(503));
    harness.ask_and_wait(client.tokens()).unwrap();
    for (number, exchange) in harness.endpoint.exchanges().iter().enumerate() {
        let secret = format!("client_secret=secret-{}", number + 1);
        assert!(exchange.body.ends_with(&secret), "{}", exchange.body);
    }
}

#[test]
fn b1_secret_that_cannot_be_read_just_now_is_read_again() {
    let harness = Harness::new();
    let secret = secret_by(|number| match number {
        1 | 2 => Read::Failure,
        _ => Read::Secret("secret".to_owned()),
    });
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    assert!(harness.ask_and_wait(client.tokens()).is_ok());
    assert_eq!(harness.endpoint.requests(), 1);
}

/// An authentication that always fails.
struct NoKey;

#[async_trait]
impl ClientAuthentication for NoKey {
    async fn authenticate(
        &self,
        _: &AuthenticationContext<'_>,
        _: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        Err(AuthenticationError::permanent("there is no key"))
    }
}

#[test]
fn b1_permanent_failure_of_client_authentication_ends_the_acquisition_and_sends_nothing() {
    let harness = Harness::new();
    let client = harness.build(harness.builder().client_authentication(CLIENT_ID, NoKey));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Authentication);
    assert!(!error.is_transient());
    assert_eq!(harness.endpoint.requests(), 0);
}

#[test]
fn b2_wrong_secret_is_one_request_for_a_thousand_callers() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    for _ in 0..1000 {
        let error = harness.ask_now(&tokens).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(harness.back_off_after(&error), seconds(1));
    }
    assert_eq!(harness.endpoint.requests(), 1);
    harness.assert_idle();
}

#[test]
fn b2_back_off_after_permanent_failures_doubles_to_a_minute_and_a_success_resets_it() {
    // One that all targets would meet, and one that concerns its target alone.
    for code in ["invalid_client", "invalid_scope"] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        for (pass, back_off) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
            harness.endpoint.reply(Reply::refuse(400, code));
            let error = harness.ask_now(&tokens).unwrap_err();
            assert_eq!(harness.back_off_after(&error), seconds(back_off));
            harness.advance(just_before(seconds(back_off)));
            assert_eq!(
                harness.ask_now(&tokens).unwrap_err().kind(),
                TokenErrorKind::Refused
            );
            assert_eq!(harness.endpoint.requests(), pass + 1);
            harness.advance(millis(1));
        }
        assert_eq!(harness.token_now(&tokens), "token-1");
        harness.advance(LIFETIME);
        harness.endpoint.reply(Reply::refuse(400, code));
        let error = harness.ask_now(&tokens).unwrap_err();
        assert_eq!(harness.back_off_after(&error), seconds(1));
    }
}

#[test]
fn b2_back_off_after_transient_failures_doubles_to_5_s_and_later_acquisitions_pause_longer() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::status(503));
    for (pass, back_off) in [1, 2, 4, 5, 5].into_iter().enumerate() {
        let before = harness.endpoint.requests();
        let started = harness.time().elapsed();
        let error = harness.ask_and_wait(&tokens).unwrap_err();
        assert!(harness.time().elapsed().saturating_sub(started) < ACQUIRE_TIMEOUT);
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(harness.back_off_after(&error), seconds(back_off));
        if pass > 0 {
            let pauses = &harness.endpoint.pauses()[before..];
            assert!(!pauses.is_empty());
            for (pause, full) in pauses.iter().zip([1, 2, 4, 4]) {
                assert_is_jittered(*pause, seconds(full));
            }
        }
        harness.advance(seconds(back_off));
    }
    // An outage of a minute costs few requests, and its end is noticed within 5 s.
    assert!(
        harness.endpoint.requests() < 40,
        "{}",
        harness.endpoint.requests()
    );
    harness.endpoint.otherwise(Reply::Issue);
    assert_eq!(harness.token_now(&tokens), "token-1");
}

#[test]
fn b1_event_of_a_failed_attempt_names_the_phase_of_its_time_out() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::Never);
    let call = harness.ask(&tokens);
    harness.advance(ATTEMPT_TIMEOUT);
    let events = harness.events.all().join("\n");
    let attempt = format!("kind: {:?}", TokenErrorKind::Timeout(TimeoutPhase::Attempt));
    assert!(events.contains(&attempt), "{events}");
    drop(call);
}
