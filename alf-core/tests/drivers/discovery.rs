//! T10: discovery of the token endpoint by the issuer, in the acquisitions that need it.

use std::sync::Arc;

use alf_core::{
    AuthenticationContext, AuthenticationError, Client, ClientAuthentication,
    CredentialsFingerprint, ExchangeErrorKind, TokenErrorKind, TokenRequest,
};
use async_trait::async_trait;

use crate::support::{Api, CLIENT_ID, DUE, Harness, Reply, SECRET, ask_all, scopes, seconds};

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

/// The URI of each request, in order.
fn uris(harness: &Harness) -> Vec<String> {
    let exchanges = harness.endpoint.exchanges();
    exchanges
        .iter()
        .map(|exchange| exchange.uri.clone())
        .collect()
}

#[test]
fn t10_token_request_is_sent_to_the_endpoint_of_the_metadata() {
    let harness = Harness::new();
    let client = client(&harness);
    assert_eq!(harness.endpoint.requests(), 0);
    harness.endpoint.reply(metadata(ENDPOINT));
    assert_eq!(harness.token_now(client.tokens()), "token-1");
    assert_eq!(uris(&harness), [OPENID, ENDPOINT]);
    let request = &harness.endpoint.exchanges()[0];
    assert_eq!((&*request.method, &*request.body), ("GET", ""));
    assert_eq!(request.header("accept"), "application/json");
    assert_eq!(request.header("authorization"), "");
    assert_eq!(request.header("user-agent"), alf_core::USER_AGENT);
    // It is not read again, and all token targets share it.
    harness.advance(DUE);
    harness.token_now(client.tokens());
    harness.token_now(&client.tokens().with_scope("write"));
    assert_eq!(uris(&harness), [OPENID, ENDPOINT, ENDPOINT, ENDPOINT]);
    assert_eq!(harness.events.count("IssuerDiscovered"), 1);
}

#[test]
fn t10_document_of_rfc_8414_is_read_if_the_other_does_not_exist() {
    for missing in [
        Reply::status(404),
        Reply::body("<html>a page for everything</html>"),
        Reply::Fail(ExchangeErrorKind::Redirected),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(missing);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        assert_eq!(uris(&harness), [OPENID, OAUTH, ENDPOINT]);
    }
}

#[test]
fn t10_metadata_is_read_at_the_url_that_is_set() {
    const DOCUMENT: &str = "https://gateway.example.com/metadata?tenant=one";
    let harness = Harness::new();
    let build = |issuer| {
        let builder = Client::discover_at(DOCUMENT, issuer).runtime(harness.runtime.clone());
        harness.build(builder.client_secret(CLIENT_ID, SECRET))
    };
    harness.endpoint.reply(metadata(ENDPOINT));
    harness.token_now(build(ISSUER).tokens());
    assert_eq!(uris(&harness), [DOCUMENT, ENDPOINT]);
    // The issuer is compared all the same, and there is no second URL.
    for reply in [metadata(ENDPOINT), Reply::status(404)] {
        harness.endpoint.reply(reply);
        let error = harness.ask_now(build("other").tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Discovery);
    }
    assert_eq!(uris(&harness)[2..], [DOCUMENT, DOCUMENT]);
}

#[test]
fn t10_errors_of_metadata_that_is_elsewhere_name_discover_at() {
    let other = r#"{"issuer":"https://other.example.com","token_endpoint":"https://e"}"#;
    for reply in [Reply::body(other), Reply::status(404)] {
        let harness = Harness::new();
        harness.endpoint.otherwise(reply);
        let error = harness.ask_now(client(&harness).tokens()).unwrap_err();
        assert!(error.to_string().contains("discover_at"), "{error}");
    }
}

#[test]
fn t10_error_names_each_document_and_its_problem() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::body("<html>"));
    harness.endpoint.reply(Reply::status(404));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Discovery);
    assert!(!error.is_transient());
    let found = format!("{OPENID}: not JSON, or truncated; {OAUTH}: status 404");
    assert!(error.to_string().contains(&found), "{error}");
    assert_eq!(uris(&harness), [OPENID, OAUTH]);
}

#[test]
fn t10_t8_unusable_metadata_is_a_permanent_failure_and_no_secret_is_sent() {
    for (reply, problem) in [
        (Reply::body("{}"), "it has no issuer"),
        (
            Reply::body(r#"{"issuer":"https://evil.example","token_endpoint":"https://e"}"#),
            "it belongs to the issuer \"https://evil.example\"",
        ),
        (metadata("http://as.example.com/token"), "plain http"),
        (metadata("http://localhost:99/token"), "plain http"),
        (metadata("/token"), "not an absolute URL"),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(reply);
        let error = harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Discovery);
        assert!(!error.is_transient());
        let message = error.to_string();
        let document = format!("{OPENID}: ");
        assert!(
            message.contains(problem) && message.contains(&document),
            "{message}"
        );
        // The next caller gets the error without a request (B2).
        harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(uris(&harness), [OPENID]);
    }
}

#[test]
fn b1_transient_failures_of_the_metadata_are_retried() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::status(503));
    harness.endpoint.reply(Reply::unreachable());
    harness.endpoint.reply(metadata(ENDPOINT));
    let mut call = harness.ask(client.tokens());
    harness.advance(seconds(1));
    assert!(call.take().unwrap().is_ok());
    assert_eq!(uris(&harness), [OPENID, OPENID, OPENID, ENDPOINT]);
}

#[test]
fn t10_metadata_is_read_again_after_a_day() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(metadata(ENDPOINT));
    harness.token_now(client.tokens());
    harness.advance(seconds(24 * 60 * 60));
    harness.endpoint.reply(metadata(MOVED));
    harness.token_now(client.tokens());
    assert_eq!(uris(&harness), [OPENID, ENDPOINT, OPENID, MOVED]);
}

#[test]
fn t10_metadata_is_read_again_if_its_endpoint_stops_answering() {
    for failure in [
        Reply::status(404),
        Reply::status(410),
        Reply::unreachable(),
        Reply::Fail(ExchangeErrorKind::Redirected),
    ] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        harness.advance(DUE);
        harness.endpoint.reply(failure);
        harness.endpoint.otherwise(metadata(MOVED));
        // The token is due: its renewal runs in the background.
        harness.token_now(client.tokens());
        harness.advance(seconds(60));
        harness.token_now(client.tokens());
        let uris = uris(&harness);
        assert_eq!(uris[..3], [OPENID, ENDPOINT, ENDPOINT]);
        assert_eq!(uris[3..5], [OPENID, MOVED], "{uris:?}");
    }
}

#[test]
fn t10_known_metadata_is_used_while_it_cannot_be_read_again() {
    for broken in [Reply::status(503), Reply::body("{}"), Reply::unreachable()] {
        let harness = Harness::new();
        let client = client(&harness);
        harness.endpoint.reply(metadata(ENDPOINT));
        harness.token_now(client.tokens());
        harness.advance(seconds(24 * 60 * 60));
        harness.endpoint.reply(broken);
        assert_eq!(harness.token_now(client.tokens()), "token-2");
        assert_eq!(uris(&harness), [OPENID, ENDPOINT, OPENID, ENDPOINT]);
    }
}

#[test]
fn s5_metadata_without_an_answer_leaves_half_of_the_time_to_the_token_request() {
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
fn t10_method_that_the_server_does_not_list_is_rejected_and_the_listed_ones_are_named() {
    let harness = Harness::new();
    let client = client(&harness);
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ENDPOINT}",
            "token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"]}}"#
    )));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("does not list client_secret_basic")
            && message.contains("it lists private_key_jwt, client_secret_post;"),
        "{message}"
    );
    assert_eq!(uris(&harness), [OPENID]);
}

#[test]
fn t2_client_that_authenticates_by_tls_uses_the_alias_of_the_endpoint() {
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
    assert_eq!(uris(&harness), [OPENID, MOVED]);
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
            Arc::new(harness.api.clone()),
            Arc::new(harness.endpoint.clone()),
        );
        let error = built.unwrap_err().to_string();
        assert!(error.starts_with("issuer: "), "{issuer}: {error}");
    }
    let builder = Client::discover("http://127.0.0.1:9400").client_secret(CLIENT_ID, SECRET);
    Harness::new().build(builder);
}

#[test]
fn b1_busy_server_is_asked_for_the_same_document_again() {
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
        assert_eq!(uris(&harness), [OPENID, OPENID, ENDPOINT]);
    }
}

#[test]
fn t4_text_of_the_metadata_is_cut_in_errors() {
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
fn t10_scopes_that_are_requested_at_once_read_the_metadata_once() {
    let harness = Harness::new();
    let client = client(&harness);
    let tokens = scopes(client.tokens(), 20);
    let document = harness.endpoint.hold();
    let mut calls = ask_all(&harness, &tokens);
    assert_eq!(harness.endpoint.requests(), 1);
    // The one that has read the document may wait for its token, and the others do not wait for that.
    let first_token = harness.endpoint.hold();
    harness.answer(document, metadata(ENDPOINT));
    let (reader, others) = calls.split_first_mut().unwrap();
    assert!(others.iter_mut().all(|call| call.take().unwrap().is_ok()));
    harness.answer(first_token, Reply::Issue);
    assert!(reader.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 21);
    // After a day it is read again, once too.
    harness.advance(seconds(24 * 60 * 60));
    let document = harness.endpoint.hold();
    let mut calls = ask_all(&harness, &tokens);
    harness.answer(document, Reply::status(503));
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    assert_eq!(harness.endpoint.requests(), 42);
    harness.assert_idle();
}

#[test]
fn t10_scopes_that_waited_for_the_metadata_request_their_tokens_at_the_same_time() {
    let harness = Harness::new();
    let client = client(&harness);
    let tokens = scopes(client.tokens(), 3);
    let document = harness.endpoint.hold();
    let mut calls = ask_all(&harness, &tokens);
    let held = [
        harness.endpoint.hold(),
        harness.endpoint.hold(),
        harness.endpoint.hold(),
    ];
    harness.answer(document, metadata(ENDPOINT));
    assert_eq!(harness.endpoint.requests(), 1 + 3);
    for held in held {
        harness.answer(held, Reply::Issue);
    }
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    harness.assert_idle();
}
