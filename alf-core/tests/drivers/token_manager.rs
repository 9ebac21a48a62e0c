//! What a `TokenManager` offers beside `token` and `reject`: the cached token, readiness, a renewal now, a watch.

use alf_core::{TokenErrorKind, TokenManager, TokenWatch};

use crate::support::{
    ACQUIRE_TIMEOUT, DUE, Harness, LIFETIME, Reply, access_token, millis, seconds,
};

/// The outcome of the next call of `next`, which must come without time passing.
fn next_now(harness: &Harness, watch: TokenWatch) -> (TokenWatch, Result<String, String>) {
    let mut call = harness.runtime.start(async move {
        let mut watch = watch;
        let token = watch.next().await;
        let token = token.map(|token| access_token(&token));
        (watch, token.map_err(|error| error.to_string()))
    });
    harness.runtime.run_until_stalled();
    call.take().expect("the watch waits")
}

fn start_renewal(
    harness: &Harness,
    tokens: &TokenManager,
) -> alf_testkit::Call<Result<String, TokenErrorKind>> {
    let tokens = tokens.clone();
    let call = harness.runtime.start(async move {
        let token = tokens.renew().await;
        token
            .map(|token| access_token(&token))
            .map_err(|error| error.kind())
    });
    harness.runtime.run_until_stalled();
    call
}

#[test]
fn t9_expiry_by_the_wall_clock_counts_from_before_the_request() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let asked_at = alf_core::Runtime::wall_clock(&harness.runtime);
    harness.endpoint.reply_after(seconds(3), Reply::Issue);
    let token = harness.ask_and_wait(&tokens).unwrap();
    assert_eq!(token.expires_at(), Some(asked_at + LIFETIME));

    harness.endpoint.reply(Reply::Token("unlimited", None));
    let other = harness.ask_now(&tokens.with_scope("other")).unwrap();
    assert_eq!(other.expires_at(), None);

    let client = harness.client_with(|builder| builder.default_lifetime(seconds(60)));
    harness.endpoint.reply(Reply::Token("unlimited", None));
    let now = alf_core::Runtime::wall_clock(&harness.runtime);
    let token = harness.ask_now(client.tokens()).unwrap();
    assert_eq!(
        (token.expires_at(), token.expires_in()),
        (Some(now + seconds(60)), None)
    );
}

#[test]
fn t4_further_members_of_the_token_response_are_kept() {
    let harness = Harness::new();
    harness.endpoint.reply(Reply::body(
        r#"{"access_token":"a","instance_url":"https://eu.example/\u0041","id":7,
        "roles":["x", "y"],"nothing":null,"expires_in":100,"id":8}"#,
    ));
    let token = harness.ask_now(&harness.tokens()).unwrap();
    assert_eq!(token.extra("instance_url"), Some("https://eu.example/A"));
    assert_eq!(token.extra("id"), Some("8"));
    assert_eq!(token.extra("roles"), Some(r#"["x", "y"]"#));
    for absent in ["nothing", "missing", "access_token", "expires_in"] {
        assert_eq!(token.extra(absent), None, "{absent}");
    }
    assert!(!format!("{token:?}").contains("eu.example"));
}

#[test]
fn e2_cached_token_never_waits_and_starts_what_is_needed() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    assert!(tokens.cached_token().is_none());
    harness.runtime.run_until_stalled();
    let cached = || tokens.cached_token().map(|token| access_token(&token));
    assert_eq!(cached().as_deref(), Some("token-1"));
    harness.advance(DUE);
    assert_eq!(cached().as_deref(), Some("token-1"));
    harness.runtime.run_until_stalled();
    assert_eq!(cached().as_deref(), Some("token-2"));
    assert_eq!(harness.endpoint.requests(), 2);
    harness.assert_idle();
}

#[test]
fn b2_cached_token_is_none_while_alf_backs_off() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    for _ in 0..10 {
        assert!(tokens.cached_token().is_none());
        harness.runtime.run_until_stalled();
    }
    assert_eq!(harness.endpoint.requests(), 1);
}

#[test]
fn b1_ready_waits_for_the_end_of_an_outage() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::unreachable());
    let waiting = {
        let tokens = tokens.clone();
        harness.runtime.start(async move { tokens.ready().await })
    };
    harness.advance(ACQUIRE_TIMEOUT * 6);
    assert!(!waiting.is_finished());
    // At the pace of callers that ask again and again.
    assert!(harness.endpoint.requests() < 60);
    harness.endpoint.otherwise(Reply::Issue);
    harness.advance(seconds(6));
    assert!(waiting.is_finished());
    harness.assert_idle();
}

#[test]
fn b2_ready_fails_at_once_if_the_client_is_refused() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    let error = harness
        .runtime
        .block_on(async move { tokens.ready().await });
    assert_eq!(error.unwrap_err().error_code(), Some("invalid_client"));
    assert_eq!(harness.endpoint.requests(), 1);
}

#[test]
fn e8_renewal_on_demand_is_one_request_and_others_use_the_held_token() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    let held = harness.endpoint.hold();
    let mut renewals: Vec<_> = (0..3).map(|_| start_renewal(&harness, &tokens)).collect();
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
    harness.answer(held, Reply::Issue);
    for renewal in &mut renewals {
        assert_eq!(renewal.take().unwrap().unwrap(), "token-2");
    }
    assert_eq!(harness.token_now(&tokens), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn e8_renewal_on_demand_that_fails_leaves_the_held_token_in_use() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    let refused = start_renewal(&harness, &tokens).take().unwrap();
    assert_eq!(refused, Err(TokenErrorKind::Refused));
    assert_eq!(harness.token_now(&tokens), "token-1");
    // B2: it does not ask while alf backs off.
    let refused = start_renewal(&harness, &tokens).take().unwrap();
    assert_eq!(refused, Err(TokenErrorKind::Refused));
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s4_renewal_on_demand_that_is_aborted_is_made_again() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.endpoint.reply(Reply::Never);
    let mut renewal = start_renewal(&harness, &tokens);
    harness.abort_acquisitions();
    assert_eq!(renewal.take().unwrap().unwrap(), "token-2");
}

#[test]
fn e8_watch_returns_each_token_and_renews_it_when_it_is_due() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let (mut watch, first) = next_now(&harness, tokens.watch());
    assert_eq!(first.unwrap(), "token-1");
    harness.assert_idle();
    // Nobody else asks for a token.
    for number in 2..5 {
        let start = harness.time().elapsed();
        let (returned, token) = harness.runtime.block_on(async move {
            let token = watch.next().await.unwrap();
            (watch, access_token(&token))
        });
        watch = returned;
        assert_eq!(token, format!("token-{number}"));
        let age = harness.time().elapsed().saturating_sub(start);
        assert!(age >= LIFETIME.mul_f64(0.7) && age <= DUE, "{age:?}");
    }
    assert_eq!(harness.endpoint.requests(), 4);
    harness.assert_idle();
}

#[test]
fn r1_watch_returns_the_token_that_replaces_a_rejected_one() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let (mut watch, _) = next_now(&harness, tokens.watch());
    let rejected = harness.ask_now(&tokens).unwrap();
    let mut next = harness.runtime.start(async move {
        let token = watch.next().await.unwrap();
        access_token(&token)
    });
    harness.runtime.run_until_stalled();
    assert!(!next.is_finished());
    tokens.reject(&rejected);
    harness.runtime.run_until_stalled();
    assert_eq!(next.take().unwrap(), "token-2");
}

#[test]
fn e8_watch_returns_the_same_token_with_another_lifetime() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Token("same", Some(1000)));
    let (watch, first) = next_now(&harness, tokens.watch());
    harness.endpoint.reply(Reply::Token("same", Some(500)));
    let _renewed = start_renewal(&harness, &tokens);
    let (watch, second) = next_now(&harness, watch);
    assert_eq!([first.unwrap(), second.unwrap()], ["same", "same"]);
    let waits = harness.runtime.start(async move {
        let mut watch = watch;
        watch.next().await.map(|_| ())
    });
    harness.runtime.run_until_stalled();
    assert!(!waits.is_finished(), "nothing is new");
}

#[test]
fn e8_watch_returns_an_error_once_for_each_failed_acquisition() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let (mut watch, error) = next_now(&harness, tokens.watch());
    assert!(error.unwrap_err().contains("invalid_client"));
    for count in 2..6 {
        let (returned, error) = harness.runtime.block_on(async move {
            let error = watch.next().await.map(|_| ()).unwrap_err();
            (watch, error)
        });
        watch = returned;
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert_eq!(harness.endpoint.requests(), count);
    }
    harness.endpoint.otherwise(Reply::Issue);
    let token = harness.runtime.block_on(async move { watch.next().await });
    assert_eq!(access_token(&token.unwrap()), "token-1");
    // The back-offs: 1 s, 2 s, 4 s, 8 s, 16 s.
    let elapsed = harness.time().elapsed();
    assert!(
        elapsed >= seconds(31) && elapsed < seconds(31) + millis(500),
        "{elapsed:?}"
    );
}

/// A watch that waits for the next token.
fn waiting(harness: &Harness, mut watch: TokenWatch) -> alf_testkit::Call<Result<String, String>> {
    let call = harness.runtime.start(async move {
        let token = watch.next().await;
        token
            .map(|token| access_token(&token))
            .map_err(|error| error.to_string())
    });
    harness.runtime.run_until_stalled();
    call
}

#[test]
fn e8_watch_returns_the_failure_to_replace_a_rejected_token() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Token("first", None));
    let (watch, _) = next_now(&harness, tokens.watch());
    let rejected = harness.ask_now(&tokens).unwrap();
    let mut next = waiting(&harness, watch);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    tokens.reject(&rejected);
    harness.runtime.run_until_stalled();
    let error = next.take().unwrap().unwrap_err();
    assert!(error.contains("invalid_client"), "{error}");
}

#[test]
fn e8_watch_returns_the_token_after_a_revoked_one() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.revocation_endpoint("https://as.example/r"));
    let tokens = client.tokens().clone();
    let (watch, _) = next_now(&harness, tokens.watch());
    let mut next = waiting(&harness, watch);
    harness.endpoint.reply(Reply::status(200));
    harness
        .runtime
        .block_on(async move { tokens.revoke().await })
        .unwrap();
    harness.runtime.run_until_stalled();
    assert_eq!(next.take().unwrap().unwrap(), "token-2");
}

#[test]
fn e7_watch_notices_that_the_computer_was_suspended() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let (watch, _) = next_now(&harness, tokens.watch());
    let mut next = waiting(&harness, watch);
    harness.time().step_wall_clock_forward(LIFETIME * 2);
    harness.advance(seconds(31));
    assert_eq!(next.take().unwrap().unwrap(), "token-2");
}

#[test]
fn e7_ready_does_not_wait_for_a_wall_clock_that_was_set_back() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::unreachable());
    assert!(harness.ask_and_wait(&tokens).is_err());
    harness.time().step_wall_clock_backward(seconds(3600));
    harness.endpoint.otherwise(Reply::Issue);
    let waiting = harness.runtime.start(async move { tokens.ready().await });
    harness.advance(seconds(20));
    assert!(waiting.is_finished());
}
