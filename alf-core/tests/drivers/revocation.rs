//! `TokenManager::revoke` (RFC 7009).

use std::error::Error as _;

use alf_core::{Client, ConfigError, RevokeError, TimeoutPhase, TokenErrorKind, TokenManager};

use crate::support::{ATTEMPT_TIMEOUT, Api, CLIENT_ID, Harness, Reply, SECRET};

const REVOCATION: &str = "https://auth.example.com/revoke";

fn client(harness: &Harness) -> Client<Api> {
    harness.client_with(|builder| builder.revocation_endpoint(REVOCATION))
}

fn revoke(harness: &Harness, tokens: &TokenManager) -> Result<(), RevokeError> {
    let tokens = tokens.clone();
    harness
        .runtime
        .block_on(async move { tokens.revoke().await })
}

fn failed(result: Result<(), RevokeError>) -> alf_core::TokenError {
    match result {
        Err(RevokeError::Failed(error)) => error,
        other => panic!("not a failed request: {other:?}"),
    }
}

#[test]
fn f5_revoked_token_is_sent_to_the_endpoint_and_not_used_any_more() {
    let harness = Harness::new();
    let client = client(&harness);
    let tokens = client.tokens();
    harness.token_now(tokens);
    let writer = tokens.with_scope("write");
    harness.token_now(&writer);
    harness.endpoint.reply(Reply::body(""));
    revoke(&harness, tokens).unwrap();
    let request = &harness.endpoint.exchanges()[2];
    assert_eq!((&*request.method, &*request.uri), ("POST", REVOCATION));
    assert_eq!(request.body, "token=token-1&token_type_hint=access_token");
    assert!(request.header("authorization").starts_with("Basic "));
    assert_eq!(request.header("user-agent"), alf_core::USER_AGENT);
    // The token of another target is still used.
    assert_eq!(harness.token_now(&writer), "token-2");
    assert_eq!(harness.token_now(tokens), "token-3");
}

#[test]
fn f5_nothing_is_sent_if_there_is_no_token() {
    let harness = Harness::new();
    let client = client(&harness);
    revoke(&harness, client.tokens()).unwrap();
    assert_eq!(harness.endpoint.requests(), 0);
}

#[test]
fn f5_revocation_endpoint_comes_from_the_metadata_or_is_an_error() {
    let harness = Harness::new();
    let issuer = "https://as.example.com";
    let discovered = |metadata: &str| {
        let builder = Client::discover(issuer).runtime(harness.runtime.clone());
        let client = harness.build(builder.client_secret(CLIENT_ID, SECRET));
        let token = format!(r#""issuer":"{issuer}","token_endpoint":"{issuer}/token""#);
        harness
            .endpoint
            .reply(Reply::body(format!("{{{token}{metadata}}}")));
        harness.token_now(client.tokens());
        client
    };
    let known = discovered(r#","revocation_endpoint":"https://as.example.com/r""#);
    harness.endpoint.reply(Reply::status(200));
    revoke(&harness, known.tokens()).unwrap();
    let last = harness.endpoint.exchanges().pop().unwrap();
    assert_eq!(last.uri, "https://as.example.com/r");

    // X2: a token does not go over plain http.
    for unusable in ["", r#","revocation_endpoint":"http://as.example.com/r""#] {
        let unknown = discovered(unusable);
        let requests = harness.endpoint.requests();
        let error = revoke(&harness, unknown.tokens()).unwrap_err();
        assert!(matches!(error, RevokeError::NoEndpoint), "{error}");
        assert!(error.to_string().contains("set revocation_endpoint"));
        assert_eq!(harness.endpoint.requests(), requests);
    }
}

#[test]
fn t8_plain_http_revocation_endpoint_is_a_configuration_error() {
    let harness = Harness::new();
    let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
    let error: ConfigError = builder
        .revocation_endpoint("http://auth.example.com/revoke")
        .build_tokens(harness.endpoint.clone())
        .unwrap_err();
    assert_eq!(error.setting(), "revocation_endpoint");
}

#[test]
fn f5_failed_revocation_is_an_error_without_the_token() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.token_now(client.tokens());
    let body = r#"{"error":"unsupported_token_type","error_description":"token-1 is a JWT"}"#;
    let refusal = Reply::Answer(400, body.to_owned(), http::HeaderMap::new());
    harness.endpoint.reply(refusal);
    let result = revoke(&harness, client.tokens());
    let outer = result.as_ref().unwrap_err();
    assert!(outer.source().is_some());
    let error = failed(result);
    assert_eq!(error.error_code(), Some("unsupported_token_type"));
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("/revoke (client client-id) refused the revocation request: 400"),
        "{shown}"
    );
    assert!(!shown.contains("token-1"), "{shown}");
    // It is sent once, and the token is not used any more. Other requests do not back off.
    assert_eq!(harness.endpoint.requests(), 2);
    assert_eq!(harness.token_now(client.tokens()), "token-2");
}

#[test]
fn s5_revocation_ends_within_attempt_timeout() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.token_now(client.tokens());
    harness.endpoint.reply(Reply::Never);
    let error = failed(revoke(&harness, client.tokens()));
    assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Attempt));
    assert_eq!(harness.time().elapsed(), ATTEMPT_TIMEOUT);
}

#[test]
fn f5_acquisition_under_way_does_not_bring_the_revoked_token_back() {
    let harness = Harness::new();
    let client = client(&harness);
    let tokens = client.tokens();
    harness.endpoint.reply(Reply::Token("same", None));
    harness.token_now(tokens);
    let renewal = harness.endpoint.hold();
    let renewing = {
        let tokens = tokens.clone();
        harness.runtime.start(async move { tokens.renew().await })
    };
    harness.runtime.run_until_stalled();
    harness.endpoint.reply(Reply::status(200));
    revoke(&harness, tokens).unwrap();
    harness.answer(renewal, Reply::Token("same", None));
    assert_eq!(harness.token_now(tokens), "token-1");
    drop(renewing);
}

#[test]
fn f5_revocation_goes_on_if_its_caller_is_dropped() {
    let harness = Harness::new();
    let client = client(&harness);
    let tokens = client.tokens().clone();
    harness.token_now(&tokens);
    let held = harness.endpoint.hold();
    let call = harness.runtime.start(async move { tokens.revoke().await });
    harness.runtime.run_until_stalled();
    drop(call);
    assert_eq!(harness.endpoint.under_way(), 1);
    harness.answer(held, Reply::status(200));
    harness.assert_idle();
}

#[test]
fn f5_token_stays_in_use_if_no_endpoint_is_known() {
    let harness = Harness::new();
    let client = harness.client();
    harness.token_now(client.tokens());
    let error = revoke(&harness, client.tokens()).unwrap_err();
    assert!(matches!(error, RevokeError::NoEndpoint));
    assert_eq!(harness.token_now(client.tokens()), "token-1");
}
