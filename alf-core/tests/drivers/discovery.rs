//! An authorization server by its issuer: RFC 8414, through the acquisitions that need its endpoint.

use alf_core::{
    AuthenticationContext, AuthenticationError, Client, ClientAuthentication,
    CredentialsFingerprint, ExchangeErrorKind, TokenErrorKind, TokenRequest,
};
use async_trait::async_trait;

use crate::support::{Api, CLIENT_ID, DUE, Harness, Reply, SECRET, seconds};

const ISSUER: &str = "https://as.example.com/one";
const OPENID: &str = "https://as.example.com/one/.well-known/openid-configuration";
const OAUTH: &str = "https://as.example.com/.well-known/oauth-authorization-server/one";
const ENDPOINT: &str = "https://as.example.com/one/token";
const MOVED: &str = "https://as.example.com/two/token";

fn client(harness: &Harness) -> Client<Api> {
    let builder = Client::discover(ISSUER)
        .runtime(harness.runtime.clone())
        .observer(harness.events.clone());
    harness.build(builder.client_secret(CLIENT_ID, SECRET))
}

fn metadata(endpoint: &str) -> Reply {
    Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{endpoint}"}}"#
    ))
}

/// Where each request went, in order.
fn asked(harness: &Harness) -> Vec<String> {
    let exchanges = harness.endpoint.exchanges();
    exchanges
        .iter()
        .map(|exchange| exchange.uri.clone())
        .collect()
}

#[test]
fn t1_token_request_goes_where_the_metadata_says() {
    let harness = Harness::new();
    let client = client(&harness);
    assert_eq!(harness.endpoint.requests(), 0);
    harness.endpoint.reply(metadata(ENDPOINT));
    assert_eq!(harness.token_now(client.tokens()), "token-1");
    assert_eq!(asked(&harness), [OPENID, ENDPOINT]);
    let request = &harness.endpoint.exchanges()[0];
    assert_eq!((&*request.method, &*request.body), ("GET", ""));
    assert_eq!(request.header("accept"), "application/json");
    assert_eq!(request.header("authorization"), "");
    // What is known is not asked for again, and every view knows it.
    harness.advance(DUE);
    harness.token_now(client.tokens());
    harness.token_now(&client.tokens().with_scope("write"));
    assert_eq!(asked(&harness), [OPENID, ENDPOINT, ENDPOINT, ENDPOINT]);
    assert_eq!(harness.events.count("IssuerDiscovered"), 1);
}

#[test]
fn t10_document_of_rfc_8414_is_read_where_the_other_is_not_there() {
    for nothing in [
        Reply::status(404),
        Reply::body("<html>a page for everything</html>"),
        Reply::Fail(ExchangeErrorKind::Redirected),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(nothing);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        assert_eq!(asked(&harness), [OPENID, OAUTH, ENDPOINT]);
    }
}

#[test]
fn t10_error_says_what_was_found_where() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::body("<html>"));
    harness.endpoint.reply(Reply::status(404));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Discovery);
    assert!(!error.is_transient());
    let found = format!("{OPENID}: not JSON, or truncated; {OAUTH}: status 404");
    assert!(error.to_string().contains(&found), "{error}");
    // The one that was found and cannot be used.
    harness.advance(seconds(1));
    harness.endpoint.reply(Reply::body("{}"));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    let found = format!("{OPENID}: it names no issuer");
    assert!(error.to_string().contains(&found), "{error}");
}

#[test]
fn metadata_that_cannot_be_used_is_a_permanent_failure_that_says_why() {
    for (reply, problem) in [
        (Reply::body("{}"), "it names no issuer"),
        (
            Reply::body(r#"{"issuer":"https://evil.example","token_endpoint":"https://e"}"#),
            "it is of the issuer \"https://evil.example\"",
        ),
        (metadata("http://as.example.com/token"), "plain http"),
        (metadata("/token"), "no absolute URL"),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(reply);
        let error = harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Discovery);
        assert!(!error.is_transient());
        let message = error.to_string();
        assert!(
            message.contains(problem) && message.contains(ISSUER),
            "{message}"
        );
        // No secret went anywhere, and there is no storm.
        harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(asked(&harness), [OPENID]);
    }
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.otherwise(Reply::status(404));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert_eq!(asked(&harness), [OPENID, OAUTH]);
}

#[test]
fn b1_failures_of_the_metadata_that_may_pass_are_tried_again() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::status(503));
    harness
        .endpoint
        .reply(Reply::Fail(ExchangeErrorKind::Connect));
    harness.endpoint.reply(metadata(ENDPOINT));
    let mut call = harness.ask(client.tokens());
    harness.advance(seconds(1));
    assert!(call.take().unwrap().is_ok());
    assert_eq!(asked(&harness), [OPENID, OPENID, OPENID, ENDPOINT]);
}

#[test]
fn metadata_is_read_again_after_a_day() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(metadata(ENDPOINT));
    harness.token_now(client.tokens());
    harness.advance(seconds(24 * 60 * 60));
    harness.endpoint.reply(metadata(MOVED));
    harness.token_now(client.tokens());
    assert_eq!(asked(&harness), [OPENID, ENDPOINT, OPENID, MOVED]);
}

#[test]
fn metadata_is_read_again_where_its_endpoint_stops_answering() {
    for gone in [
        Reply::status(404),
        Reply::status(410),
        Reply::Fail(ExchangeErrorKind::Connect),
        Reply::Fail(ExchangeErrorKind::Redirected),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        harness.advance(DUE);
        harness.endpoint.reply(gone);
        harness.endpoint.otherwise(metadata(MOVED));
        // A due token: the renewal runs beside.
        harness.token_now(client.tokens());
        harness.advance(seconds(60));
        harness.token_now(client.tokens());
        let asked = asked(&harness);
        assert_eq!(asked[..3], [OPENID, ENDPOINT, ENDPOINT]);
        assert_eq!(asked[3..5], [OPENID, MOVED], "{asked:?}");
    }
}

#[test]
fn what_is_known_is_used_while_the_metadata_cannot_be_read() {
    for broken in [
        Reply::status(503),
        Reply::body("{}"),
        Reply::Fail(ExchangeErrorKind::Connect),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        harness.advance(seconds(24 * 60 * 60));
        harness.endpoint.reply(broken);
        assert_eq!(harness.token_now(client.tokens()), "token-2");
        assert_eq!(asked(&harness), [OPENID, ENDPOINT, OPENID, ENDPOINT]);
    }
}

#[test]
fn s5_silent_metadata_leaves_half_of_the_time_to_the_token_request() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(metadata(ENDPOINT));
    harness.token_now(client.tokens());
    harness.advance(seconds(24 * 60 * 60));
    harness.endpoint.reply(Reply::Never);
    let mut call = harness.ask(client.tokens());
    harness.advance(seconds(3));
    assert!(call.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 4);
    harness.assert_idle();
}

#[test]
fn t2_method_that_the_server_does_not_list_is_refused_and_the_others_are_named() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ENDPOINT}",
            "token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"]}}"#
    )));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("does not offer client_secret_basic")
            && message.ends_with("it offers private_key_jwt, client_secret_post"),
        "{message}"
    );
    assert_eq!(asked(&harness), [OPENID]);
}

#[test]
fn t2_client_that_authenticates_by_tls_goes_to_the_alias() {
    struct ByTls;

    #[async_trait]
    impl ClientAuthentication for ByTls {
        async fn authenticate(
            &self,
            context: &AuthenticationContext<'_>,
            request: &mut TokenRequest,
        ) -> Result<CredentialsFingerprint, AuthenticationError> {
            request.parameter("client_id", context.client_id());
            request.parameter("seen_issuer", context.issuer().unwrap_or_default());
            Ok(CredentialsFingerprint::unchanging())
        }

        fn method(&self) -> Option<&str> {
            Some("tls_client_auth")
        }
    }

    let harness = Harness::new();
    let builder = Client::discover(ISSUER).runtime(harness.runtime.clone());
    let client = harness.build(builder.client_authentication(CLIENT_ID, ByTls));
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ENDPOINT}",
            "mtls_endpoint_aliases":{{"token_endpoint":"{MOVED}"}}}}"#
    )));
    harness.token_now(client.tokens());
    assert_eq!(asked(&harness), [OPENID, MOVED]);
    let body = &harness.endpoint.exchanges()[1].body;
    assert!(
        body.ends_with("seen_issuer=https%3A%2F%2Fas.example.com%2Fone"),
        "{body}"
    );
}

#[test]
fn t8_issuer_is_https_without_query_or_fragment() {
    for issuer in [
        "http://as.example.com",
        "https://as.example.com/?tenant=1",
        "https://as.example.com/#one",
        "as.example.com",
        "https://user@as.example.com",
        " https://as.example.com",
        "ftp://as.example.com",
        "",
    ] {
        let harness = Harness::new();
        let builder = Client::discover(issuer).client_secret(CLIENT_ID, SECRET);
        let built = builder.build_with(
            std::sync::Arc::new(harness.api.clone()),
            std::sync::Arc::new(harness.endpoint.clone()),
        );
        let error = built.unwrap_err().to_string();
        assert!(error.starts_with("issuer: "), "{issuer}: {error}");
    }
    let builder = Client::discover("http://127.0.0.1:9400").client_secret(CLIENT_ID, SECRET);
    Harness::new().build(builder);
}

#[test]
fn b1_busy_document_says_nothing_of_whether_it_is_there() {
    for status in [408, 425, 429] {
        let harness = Harness::new();
        let client = client(&harness);
        harness
            .endpoint
            .reply(Reply::status(status).header("Retry-After", "1"));
        harness.endpoint.reply(metadata(ENDPOINT));
        let mut call = harness.ask(client.tokens());
        harness.advance(seconds(2));
        assert!(call.take().unwrap().is_ok(), "{status}");
        assert_eq!(asked(&harness), [OPENID, OPENID, ENDPOINT]);
    }
}

#[test]
fn t4_what_the_metadata_says_is_shown_in_short() {
    let harness = Harness::new();
    let client = client(&harness);
    let methods = vec!["\"method-of-a-length\""; 3000].join(",");
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ENDPOINT}",
            "token_endpoint_auth_methods_supported":[{methods}]}}"#
    )));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert!(error.to_string().len() < 600, "{error}");
}

#[test]
fn t8_https_issuer_names_no_http_endpoint() {
    let harness = Harness::new();
    let client = client(&harness);
    harness
        .endpoint
        .reply(metadata("http://localhost:99/token"));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Discovery);
    assert_eq!(asked(&harness), [OPENID]);
}
