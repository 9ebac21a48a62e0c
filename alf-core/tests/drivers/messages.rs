//! The text of a token error: one line that says what happened (T4, S5).

#[cfg(feature = "jwt")]
use alf_core::PrivateKeyJwt;
use alf_core::{ClientSecretBasic, Credential, ExchangeErrorKind};

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, ApiResponse, CLIENT_ID, Harness, Reply, millis, seconds,
};

#[test]
fn t4_text_of_an_error_ends_with_its_innermost_cause() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::unreachable());
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(
        error.starts_with("could not connect to https://"),
        "{error}"
    );
    assert!(error.ends_with(" s; cause: as in the script"), "{error}");

    let secret = Credential::file("/no/such/file");
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    let error = harness.ask_now(client.tokens()).unwrap_err().to_string();
    assert!(error.contains("/no/such/file: No such file"), "{error}");
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
}

#[test]
fn t4_text_of_an_error_after_a_rejection_ends_with_its_innermost_cause_too() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.api.answers(|_| ApiResponse::rejection());
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Redirected));
    let error = harness.send_now(&client, ApiRequest::get(API)).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("the API had answered with 401"), "{error}");
    assert!(error.ends_with(": as in the script"), "{error}");
}

#[test]
fn t4_text_of_a_401_or_403_without_an_error_code_advises_on_the_client_and_blames_no_scope() {
    for status in [401, 403] {
        let harness = Harness::new();
        harness.endpoint.otherwise(Reply::status(status));
        // Encoding changes nothing, so `raw` would not help.
        let builder = harness.builder().client_secret(CLIENT_ID, "secret");
        let tokens = harness.build(builder).tokens().with_scope("read");
        let error = harness.ask_now(&tokens).unwrap_err().to_string();
        for part in ["client id", "secret", "kid", "aud", "authentication method"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        for part in ["raw", "read"] {
            assert!(!error.contains(part), "{part}: {error}");
        }
    }
}

#[test]
fn t4_text_of_an_error_names_the_client() {
    for reply in [
        Reply::refuse(401, "invalid_client"),
        Reply::Fail(ExchangeErrorKind::TooLarge),
        Reply::Fail(ExchangeErrorKind::Redirected),
        Reply::unreachable(),
        Reply::Never,
        Reply::Panic,
    ] {
        let harness = Harness::new();
        harness.endpoint.otherwise(reply.clone());
        for client_id in ["billing", "re\u{7}porting"] {
            let builder = harness.builder().client_secret(client_id, "secret");
            let tokens = harness.build(builder).tokens().clone();
            let mut call = harness.ask(&tokens);
            harness.advance(ACQUIRE_TIMEOUT);
            let error = call.take().unwrap().unwrap_err();
            let shown = error.to_string();
            let named = shown.contains("client billing)") || shown.contains("client re porting)");
            assert!(named, "{reply:?}: {shown}");
            assert_eq!(error.client_id(), client_id);
        }
    }
}

#[test]
fn t4_text_of_a_refusal_says_what_to_do() {
    let html = || Reply::Answer(403, "<html>No".to_owned(), http::HeaderMap::new());
    for (reply, advice) in [
        (
            Reply::status(404),
            "; is this the token endpoint? if it is the issuer, use discover(..)",
        ),
        (Reply::status(405), "use discover(..)"),
        (Reply::refuse(400, "invalid_dpop_proof"), "wants DPoP"),
        (Reply::refuse(400, "use_dpop_nonce"), "wants DPoP"),
        (
            html().header("content-type", "text/html; charset=utf-8"),
            "; this may be the answer of a firewall that wants another User-Agent: set it with \
             token_request_header; check the client id",
        ),
        (
            Reply::Answer(403, "error code: 1020".to_owned(), http::HeaderMap::new())
                .header("content-type", "text/plain"),
            "; this may be the answer of a firewall",
        ),
    ] {
        let harness = Harness::new();
        harness.endpoint.otherwise(reply);
        let error = harness.ask_now(&harness.tokens()).unwrap_err().to_string();
        assert!(error.contains(advice), "{advice}: {error}");
        assert_eq!(error.contains("403"), error.contains("firewall"), "{error}");
    }
}

#[test]
fn t4_text_of_an_error_tells_how_long_alf_backs_off() {
    for (retry_after, shown) in [
        ("299.997", "alf backs off for 300 s"),
        ("", "alf backs off for 1 s"),
    ] {
        for code in ["invalid_client", "invalid_scope"] {
            let harness = Harness::new();
            let tokens = harness.tokens();
            let refusal = Reply::refuse(400, code).header("Retry-After", retry_after);
            harness.endpoint.otherwise(refusal);
            let error = harness.ask_now(&tokens).unwrap_err().to_string();
            assert!(error.contains(shown), "{error}");
        }
    }
    let harness = Harness::new();
    harness.runtime.freeze();
    let mut call = harness.ask(&harness.tokens());
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(!error.contains("backs off"), "{error}");
}

#[test]
fn t4_text_of_a_refused_client_names_raw_if_encoding_changed_the_id_or_the_secret() {
    const ADVICE: &str = "encoding changed the id or the secret: if the server does not decode them, \
                          use the `raw` switch of client_secret_basic";
    for (id, secret, names_raw) in [
        ("client", "pass+word", true),
        ("cli:ent", "password", true),
        ("client", "password=", false),
    ] {
        for code in ["invalid_client", "unauthorized_client", ""] {
            let harness = Harness::new();
            harness.endpoint.otherwise(Reply::refuse(401, code));
            for (basic, names_raw) in [
                (ClientSecretBasic::new(secret), names_raw),
                (ClientSecretBasic::new(secret).raw(), false),
            ] {
                let builder = harness.builder().client_authentication(id, basic);
                let error = harness
                    .ask_now(harness.build(builder).tokens())
                    .unwrap_err();
                let error = error.to_string();
                assert_eq!(error.contains(ADVICE), names_raw, "{error}");
                assert!(error.matches("`raw`").count() <= 1, "{error}");
            }
            let builder = harness.builder().client_secret_post(id, secret);
            let error = harness
                .ask_now(harness.build(builder).tokens())
                .unwrap_err();
            assert!(!error.to_string().contains(ADVICE), "{error}");
        }
    }
    let harness = Harness::new();
    harness
        .endpoint
        .otherwise(Reply::refuse(400, "invalid_scope"));
    let error = harness.ask_now(&harness.tokens()).unwrap_err().to_string();
    assert!(!error.contains("encoding"), "{error}");
}

#[cfg(feature = "jwt")]
#[test]
fn t4_text_of_a_refused_assertion_names_its_audience() {
    for (issuer, audience, advice) in [
        (
            None,
            None,
            Some(
                "check the `kid` of the assertion; its `aud` is the token endpoint: if the server wants another, set it with `.audience(..)`",
            ),
        ),
        (
            Some("https://as.example"),
            None,
            Some(
                "check the `kid` of the assertion; its `aud` is the issuer: if the server wants another, set it with `.audience(..)`",
            ),
        ),
        (None, Some("https://as.example/x"), None),
    ] {
        for reply in [Reply::refuse(401, "invalid_client"), Reply::status(403)] {
            let harness = Harness::new();
            harness.endpoint.otherwise(reply);
            let mut jwt = PrivateKeyJwt::new(crate::authentication::P256);
            let mut builder = harness.builder();
            if let Some(issuer) = issuer {
                builder = builder.issuer(issuer);
            }
            if let Some(audience) = audience {
                jwt = jwt.audience(audience);
            }
            let client = harness.build(builder.client_authentication(CLIENT_ID, jwt));
            let error = harness.ask_now(client.tokens()).unwrap_err().to_string();
            assert_eq!(error.contains(".audience(..)"), advice.is_some(), "{error}");
            assert!(error.contains(advice.unwrap_or_default()), "{error}");
            assert!(error.matches("`aud`").count() <= 1, "{error}");
        }
    }
}

#[test]
fn s5_text_of_the_error_of_the_deadline_names_the_time_the_attempts_and_the_latest_failure() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::unreachable());
    harness
        .endpoint
        .reply_after(millis(4990), Reply::status(503));
    harness.endpoint.otherwise(Reply::Never);
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("503"), "{error}");
    assert!(error.contains("after 3 attempts in 9.8s"), "{error}");

    // One attempt without an end, and none.
    let tokens = harness.tokens();
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("after 2 attempts in 9.8s"), "{error}");
    let tokens = harness.tokens();
    harness.runtime.freeze();
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT + seconds(1));
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(
        error.ends_with("within acquire_timeout, after 10.0s"),
        "{error}"
    );
}
