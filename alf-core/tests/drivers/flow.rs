//! F: the flow. T: the parts of the token request that only the drivers can get wrong.

use std::sync::Arc;

use alf_core::{ClientSecretBasic, Error, ExchangeErrorKind, TokenErrorKind};
use http::HeaderMap;

use crate::support::{
    API, ATTEMPT_TIMEOUT, ApiRequest, CLIENT_ID, Harness, LIFETIME, Reply, SECRET, TOKEN_ENDPOINT,
    just_before, millis, seconds, token_error,
};

#[test]
fn f1_token_is_obtained_before_the_request_is_sent() {
    let harness = Harness::new();
    assert_eq!(harness.get_now(&harness.client()), 200);
    assert_eq!(harness.log.take(), ["exchange", "send token-1"]);
}

#[test]
fn f1_usable_token_is_used_again() {
    let harness = Harness::new();
    let client = harness.client();
    for _ in 0..1000 {
        assert_eq!(harness.get_now(&client), 200);
    }
    assert_eq!(harness.endpoint.requests(), 1);
}

#[test]
fn f2_token_replaces_every_authorization_value() {
    let harness = Harness::new();
    let request = ApiRequest::get(API)
        .authorization("Basic b2xk")
        .authorization("Bearer old");
    harness.send_now(&harness.client(), request).unwrap();
    assert_eq!(harness.api.sent()[0].authorization, ["Bearer token-1"]);
    assert!(harness.api.sent()[0].authorization[0].is_sensitive());
}

#[test]
fn f3_after_a_401_the_token_is_renewed_and_the_request_replayed() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.revoke("token-1");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.api.tokens_sent(), ["token-1", "token-2"]);
    // The replay has one value too.
    assert_eq!(harness.api.sent()[1].authorization, ["Bearer token-2"]);
}

#[test]
fn f4_refused_token_request_is_an_error_and_nothing_is_sent() {
    let harness = Harness::new();
    let body = r#"{"error":"invalid_scope","error_description":"no such scope"}"#;
    harness
        .endpoint
        .reply(Reply::Answer(400, body.to_owned(), HeaderMap::new()));
    let outcome = harness.send_now(&harness.client(), ApiRequest::get(API));
    let error = token_error(outcome);
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.status().unwrap(), 400);
    assert_eq!(error.error_code(), Some("invalid_scope"));
    assert_eq!(error.error_description(), Some("no such scope"));
    assert!(error.rejection().is_none());
    assert_eq!(harness.api.requests(), 0);
}

#[test]
fn f4_error_of_the_transport_is_returned_untouched() {
    let harness = Harness::new();
    let client = harness.client();
    let outcome = harness.send_now(&client, ApiRequest::get("https://gone.example.com"));
    assert!(matches!(outcome, Err(Error::Transport(_))), "{outcome:?}");
    assert_eq!(harness.api.requests(), 1);
}

#[test]
fn t1_token_request_is_the_configured_form() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| {
        builder
            .scope("read write")
            .resource("https://a.example")
            .resource("https://b.example")
            .audience("api")
            .parameter("organization", "a&b")
    });
    harness.token_now(client.tokens());
    let exchange = &harness.endpoint.exchanges()[0];
    assert_eq!(exchange.method, "POST");
    assert_eq!(exchange.uri, TOKEN_ENDPOINT);
    assert_eq!(
        exchange.header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(exchange.header("accept"), "application/json");
    assert_eq!(
        exchange.body,
        "grant_type=client_credentials&scope=read%20write&resource=https%3A%2F%2Fa.example\
         &resource=https%3A%2F%2Fb.example&audience=api&organization=a%26b"
    );
}

#[test]
fn t1_white_space_in_a_target_is_normalized() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| {
        builder
            .scope(" read\twrite \n a,b ")
            .resource(" https://a.example\n")
            .audience("\tapi ")
    });
    let expected = "grant_type=client_credentials&scope=read%20write%20a%2Cb\
                    &resource=https%3A%2F%2Fa.example&audience=api";
    harness.token_now(client.tokens());
    assert_eq!(harness.endpoint.exchanges()[0].body, expected);
    // It is the same target (S1).
    let same = client.tokens().with_scope("read  write a,b\n");
    let same = same.with_resource("\nhttps://a.example");
    harness.token_now(&same.with_audience(" api"));
    assert_eq!(harness.endpoint.requests(), 1);
}

#[test]
fn t2_client_authenticates_in_exactly_one_way() {
    let harness = Harness::new();
    let basic = harness.client();
    let post = harness.build(harness.builder().client_secret_post(CLIENT_ID, "secret"));
    let none = harness.build(harness.builder().no_client_authentication(CLIENT_ID));
    let with_id = ClientSecretBasic::new(SECRET).with_client_id();
    let with_id = harness.builder().client_authentication(CLIENT_ID, with_id);
    for client in [&basic, &post, &none, &harness.build(with_id)] {
        harness.token_now(client.tokens());
    }
    let seen: Vec<_> = harness
        .endpoint
        .exchanges()
        .iter()
        .map(|exchange| {
            let parameters = exchange.body.replace("grant_type=client_credentials", "");
            (exchange.header("authorization").to_owned(), parameters)
        })
        .collect();
    let expected = [
        // `client-id:s3cr3t%2Bof%20client`
        ("Basic Y2xpZW50LWlkOnMzY3IzdCUyQm9mJTIwY2xpZW50", ""),
        ("", "&client_id=client-id&client_secret=secret"),
        ("", "&client_id=client-id"),
        // The id is no credential.
        (
            "Basic Y2xpZW50LWlkOnMzY3IzdCUyQm9mJTIwY2xpZW50",
            "&client_id=client-id",
        ),
    ];
    assert_eq!(seen, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn t6_token_type_is_bearer_in_any_case_or_absent_and_all_others_are_errors() {
    for (token_type, is_ok) in [
        (r#","token_type":"bearer""#, true),
        (r#","token_type":"BEARER""#, true),
        (r#","token_type":"bearer ""#, true),
        (r#","token_type":"BearerToken""#, true),
        (r#","token_type":"""#, true),
        ("", true),
        (r#","token_type":"mac""#, false),
        (r#","token_type":"DPoP""#, false),
    ] {
        let harness = Harness::new();
        let body = format!(r#"{{"access_token":"t","expires_in":9{token_type}}}"#);
        harness.endpoint.reply(Reply::body(body));
        let kind = harness
            .ask_now(&harness.tokens())
            .map_err(|error| error.kind());
        match kind {
            Ok(token) => assert!(is_ok, "{token_type} {token:?}"),
            Err(kind) => {
                assert!(!is_ok, "{token_type}");
                assert_eq!(kind, TokenErrorKind::TokenType);
            }
        }
        assert_eq!(harness.endpoint.requests(), 1, "{token_type}");
    }
}

#[test]
fn t6_scheme_that_is_set_presents_a_token_of_any_type() {
    for (scheme, expected) in [("Bearer", "Bearer t"), ("token", "token t"), ("", "t")] {
        let harness = Harness::new();
        let client = harness.client_with(|builder| builder.token_scheme(scheme));
        let body = r#"{"access_token":"t","expires_in":9,"token_type":"JWT"}"#;
        harness.endpoint.reply(Reply::body(body));
        assert_eq!(harness.get_now(&client), 200);
        assert_eq!(harness.api.sent()[0].authorization, [expected]);
    }
    let harness = Harness::new();
    harness
        .endpoint
        .reply(Reply::body(r#"{"access_token":"t","token_type":"JWT"}"#));
    let error = harness.ask_now(&harness.tokens()).unwrap_err().to_string();
    assert!(error.contains("set token_scheme"), "{error}");
}

#[test]
fn t4_token_with_another_2xx_is_accepted() {
    for status in [200, 201, 202, 206, 299] {
        let harness = Harness::new();
        let body = r#"{"access_token":"t","expires_in":9}"#.to_owned();
        harness
            .endpoint
            .reply(Reply::Answer(status, body, HeaderMap::new()));
        assert_eq!(harness.token_now(&harness.tokens()), "t", "{status}");
    }
}

#[test]
fn t1_grant_type_has_another_name() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.grant_type("account_credentials"));
    harness.token_now(client.tokens());
    let body = &harness.endpoint.exchanges()[0].body;
    assert_eq!(body, "grant_type=account_credentials");
}

#[test]
fn t7_redirect_is_an_error_and_is_not_retried() {
    let redirects = [300, 301, 302, 303, 304, 307, 308]
        .map(|status| Reply::status(status).header("location", "https://evil.example/"));
    let reported = [Reply::Fail(ExchangeErrorKind::Redirected)];
    for reply in redirects.into_iter().chain(reported) {
        let harness = Harness::new();
        harness.endpoint.reply(reply.clone());
        let error = harness.ask_now(&harness.tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Redirected, "{reply:?}");
        assert!(!error.is_transient());
        assert_eq!(harness.endpoint.requests(), 1);
    }
}

#[test]
fn t7_token_response_of_more_than_a_mebibyte_is_an_error() {
    let harness = Harness::new();
    harness
        .endpoint
        .reply(Reply::Fail(ExchangeErrorKind::TooLarge));
    let error = harness.ask_now(&harness.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Unreadable);
    assert!(!error.is_transient());
    let exchanges = harness.endpoint.exchanges();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].options.max_bytes(), 1024 * 1024);
}

#[test]
fn t9_lifetime_counts_from_before_its_request_was_sent() {
    let slow = seconds(4);
    // The leeway is 10 s.
    let unusable = LIFETIME.checked_sub(seconds(10)).unwrap();
    for (age, is_usable) in [(just_before(unusable), true), (unusable, false)] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.endpoint.reply_after(slow, Reply::Issue);
        let first = harness.ask(&tokens);
        harness.advance(slow);
        assert!(first.is_finished());
        harness.advance(age.checked_sub(slow).unwrap());
        let _renewal = harness.endpoint.hold();
        assert_eq!(harness.ask(&tokens).is_finished(), is_usable, "{age:?}");
    }
}

#[test]
fn t9_lifetime_counts_from_the_attempt_that_succeeded() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Never);
    harness.endpoint.reply(Reply::Token("second", Some(100)));
    let first = harness.ask(&tokens);
    harness.advance(ATTEMPT_TIMEOUT + millis(100));
    assert!(first.is_finished());
    // From the first attempt on, it would be within leeway at 90 s.
    harness.advance(seconds(92).saturating_sub(harness.time().elapsed()));
    assert_eq!(harness.token_now(&tokens), "second");
}

#[test]
fn t1_x1_configured_headers_of_the_token_request_are_sent_and_masked() {
    let harness = Harness::new();
    let client =
        harness.client_with(|builder| builder.token_request_header("X-Api-Key", "g4teway-key"));
    harness.endpoint.reply(Reply::body(
        r#"{"error":"invalid_request","error_description":"no g4teway-key"}"#,
    ));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    let request = &harness.endpoint.exchanges()[0];
    assert_eq!(request.header("x-api-key"), "g4teway-key");
    assert!(request.headers["x-api-key"].is_sensitive());
    assert!(
        !format!("{error} {error:?}").contains("g4teway-key"),
        "{error}"
    );
    for (name, value) in [
        ("Authorization", "x"),
        ("content-type", "x"),
        ("a b", "x"),
        ("a", "\n"),
    ] {
        let builder = harness.builder().client_secret("id", "secret");
        let built = builder.token_request_header(name, value).build_with(
            Arc::new(harness.api.clone()),
            Arc::new(harness.endpoint.clone()),
        );
        let error = built.unwrap_err().to_string();
        assert!(error.starts_with("token_request_header: "), "{error}");
    }
}
