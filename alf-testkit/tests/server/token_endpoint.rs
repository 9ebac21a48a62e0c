//! The token endpoint without a script, and its token answers.

use std::time::Duration;

use alf_testkit::{Answer, AuthorizationServer, Gate};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::{Client, FORM, Response, fetch_token, token_request};

const GRANT: &str = "grant_type=client_credentials";

fn basic(id: &str, secret: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{id}:{secret}"))
    )
}

fn post(server: &AuthorizationServer, headers: &str, form: &str) -> Response {
    Client::to(server).post_token(headers, form)
}

#[test]
fn issues_unique_counted_tokens() {
    let server = AuthorizationServer::start();
    let response = post(&server, "", FORM);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert!(
        response
            .text()
            .contains(r#""token_type":"Bearer","expires_in":3600}"#)
    );
    let second = fetch_token(&server);
    assert!(response.token().starts_with("token-1-") && second.starts_with("token-2-"));
    assert_eq!(server.issued(), [response.token(), second.clone()]);
    assert_eq!(
        (server.issued_count(), server.last_token()),
        (2, Some(second))
    );
}

#[test]
fn basic_is_accepted_encoded_and_raw() {
    let server = AuthorizationServer::start();
    assert_eq!(
        post(&server, &basic("client-id", "secret"), GRANT).status,
        200
    );
    server.set_client("i d", "100%25+\u{e9}:");
    assert_eq!(
        post(&server, &basic("i%20d", "100%2525+%C3%A9:"), GRANT).status,
        200
    );
    assert_eq!(
        post(&server, &basic("i d", "100%25+\u{e9}:"), GRANT).status,
        200
    );
    assert_eq!(
        post(&server, &basic("i d", "100%+\u{e9}:"), GRANT).status,
        401
    );
}

#[test]
fn wrong_client_is_invalid() {
    let server = AuthorizationServer::start();
    let wrong = "grant_type=client_credentials&client_id=client-id&client_secret=wrong";
    for (headers, form) in [(String::new(), wrong), (basic("client-id", "wrong"), GRANT)] {
        let response = post(&server, &headers, form);
        assert_eq!(response.status, 401);
        assert!(
            response
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic")
        );
        assert!(response.text().contains(r#""error":"invalid_client""#));
    }
    assert_eq!(server.issued_count(), 0);
}

#[test]
fn any_client_can_be_accepted() {
    let server = AuthorizationServer::start();
    server.accept_any_client();
    assert_eq!(
        post(&server, "", &format!("{GRANT}&client_assertion=x")).status,
        200
    );
}

#[test]
fn requests_that_violate_the_rfc_are_refused() {
    let server = AuthorizationServer::start();
    let both = post(&server, &basic("client-id", "secret"), FORM);
    assert!(both.text().contains("two ways"), "{both:?}");
    for (form, error) in [
        (
            "client_id=client-id&client_secret=secret",
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=client-id&client_secret=secret",
            "unsupported_grant_type",
        ),
        (&format!("{FORM}&scope="), "invalid_scope"),
        (&format!("{FORM}&scope=a&scope=b"), "invalid_request"),
    ] {
        let response = post(&server, "", form);
        assert_eq!(response.status, 400);
        assert!(
            response.text().contains(error),
            "{form}: {}",
            response.text()
        );
    }
    assert_eq!(
        post(&server, "", &format!("{FORM}&resource=a&resource=b")).status,
        200
    );
    let mut client = Client::to(&server);
    client.send(format!(
        "POST /token HTTP/1.1\r\nContent-Length: {}\r\n\r\n{FORM}",
        FORM.len()
    ));
    assert_eq!(client.response().status, 400);
    client.send("GET /token HTTP/1.1\r\n\r\n");
    assert_eq!(client.response().status, 405);
    client.send("GET /other HTTP/1.1\r\n\r\n");
    assert_eq!(client.response().status, 404);
    assert_eq!(server.token_requests(), 8);
    assert_eq!(server.request_count(), 9);
}

#[test]
fn token_answers_are_scripted_member_by_member() {
    let server = AuthorizationServer::start();
    server.answer_next(
        Answer::token()
            .member("expires_in", "\"60\"")
            .token_type("MAC")
            .member("scope", "\"a\""),
    );
    server.answer_next(Answer::token().without("expires_in"));
    server.answer_next(Answer::token().access_token("giv\"en").member("x", "[1e3]"));
    let mut client = Client::to(&server);
    let first = client.post_token("", FORM);
    assert!(
        first
            .text()
            .ends_with(r#""token_type":"MAC","expires_in":"60","scope":"a"}"#),
        "{}",
        first.text()
    );
    let second = client.post_token("", FORM);
    assert_ne!(second.token(), first.token());
    assert!(!second.text().contains("expires_in"));
    let third = client.post_token("", FORM);
    assert!(third.text().contains(r#""access_token":"giv\"en""#));
    assert!(third.text().contains(r#""x":[1e3]"#));
}

#[test]
fn scripted_token_requires_the_client_too() {
    let server = AuthorizationServer::start();
    server.answer_next(Answer::token().expires_in(1));
    assert_eq!(post(&server, "", GRANT).status, 401);
}

#[test]
fn token_response_can_be_set_from_now_on() {
    let server = AuthorizationServer::start();
    server.issue(Answer::token().expires_in(2).without("token_type"));
    for _ in 0..2 {
        assert!(
            post(&server, "", FORM)
                .text()
                .ends_with(r#","expires_in":2}"#)
        );
    }
}

#[test]
fn token_responses_can_be_held_delayed_and_have_headers_from_now_on() {
    let server = AuthorizationServer::start();
    let gate = Gate::new();
    let answer = Answer::token().expires_in(60).held_by(&gate);
    server.issue(answer.delay(Duration::from_millis(1)).header("X-Case", "1"));
    let mut client = Client::to(&server);
    client.send(token_request("", FORM));
    gate.wait_for_arrivals(1);
    assert_eq!((server.issued_count(), server.counts().unanswered), (0, 1));
    // Only a token response is held.
    assert_eq!(post(&server, "", GRANT).status, 401);
    gate.open();
    let response = client.response();
    assert_eq!(
        (response.status, response.header("x-case")),
        (200, Some("1"))
    );
    assert!(response.text().contains(r#""expires_in":60"#));
    server.issue(Answer::token().delay(Duration::from_millis(1)));
    assert_eq!(post(&server, "", FORM).header("x-case"), None);
}

#[test]
#[should_panic(
    expected = "issue needs a token response, such as Answer::token(); for any other answer use answer_always"
)]
fn only_token_responses_can_be_issued() {
    AuthorizationServer::start().issue(Answer::status(503));
}

#[test]
#[should_panic(expected = "start with Answer::token()")]
fn only_a_token_response_has_members() {
    drop(Answer::status(200).expires_in(60));
}
