//! A token for each scope and resource, from one client: `with_scope` and `with_resource`.

use alf_core::TokenErrorKind;

use crate::support::{API, ApiRequest, DUE, Harness, Reply, seconds};

#[test]
fn s1_each_scope_has_its_own_token_and_one_request() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read"));
    let tokens = client.tokens();
    assert_eq!(harness.token_now(tokens), "token-1");
    assert_eq!(harness.token_now(&tokens.with_scope("write")), "token-2");
    // The same again, and by way of another.
    assert_eq!(harness.token_now(&tokens.with_scope("write")), "token-2");
    let by_way = tokens.with_scope("other").with_scope("write");
    assert_eq!(harness.token_now(&by_way), "token-2");
    assert_eq!(harness.token_now(&by_way.with_scope("read")), "token-1");
    let bodies: Vec<_> = harness.endpoint.exchanges();
    let bodies: Vec<_> = bodies.iter().map(|exchange| &*exchange.body).collect();
    assert_eq!(
        bodies,
        [
            "grant_type=client_credentials&scope=read",
            "grant_type=client_credentials&scope=write"
        ]
    );
}

#[test]
fn t1_resource_of_a_view_takes_the_place_of_the_clients_own() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read").resource("https://a.example"));
    let tokens = client.tokens().with_resource("https://b.example").unwrap();
    harness.token_now(&tokens);
    let body = harness.endpoint.exchanges()[0].body.clone();
    assert!(
        body.ends_with("scope=read&resource=https%3A%2F%2Fb.example"),
        "{body}"
    );
    let wrong = client.tokens().with_resource("b.example#part").unwrap_err();
    assert!(wrong.to_string().contains("resource"), "{wrong}");
}

#[test]
fn f2_request_of_a_view_carries_its_token() {
    let harness = Harness::new();
    let client = harness.client();
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.get_now(&client.with_scope("write")), 200);
    let resource = client.with_resource("https://b.example").unwrap();
    assert_eq!(harness.get_now(&resource), 200);
    assert_eq!(harness.api.tokens_sent(), ["token-1", "token-2", "token-3"]);
}

#[test]
fn r1_rejection_is_of_one_token_and_not_of_another_scopes() {
    let harness = Harness::new();
    let client = harness.client();
    let writer = client.with_scope("write");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.get_now(&writer), 200);
    harness.api.revoke("token-2");
    assert_eq!(harness.get_now(&writer), 200);
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(
        harness.api.tokens_sent()[2..],
        ["token-2", "token-3", "token-1"]
    );
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn s1_events_say_of_which_token_they_are() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read").resource("https://a.example"));
    let writer = client.with_scope("write");
    harness.get_now(&client);
    harness.get_now(&writer);
    harness.api.revoke("token-2");
    harness.get_now(&writer);
    let of = |scope| {
        let all = harness.events.all();
        let scope =
            format!("TokenTarget {{ scope: Some({scope:?}), resources: [\"https://a.example\"] }}");
        let of_it = all.iter().filter(|event| event.contains(&scope));
        of_it
            .map(|event| event.split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("read"), ["AcquisitionStarted", "TokenObtained"]);
    assert_eq!(
        of("write"),
        [
            "AcquisitionStarted",
            "TokenObtained",
            "TokenRejected",
            "AcquisitionStarted",
            "TokenObtained",
            "Replayed"
        ]
    );
    assert_eq!(harness.events.all().len(), 8);
}

#[test]
fn r1_token_of_another_view_is_none_of_ones_own() {
    let harness = Harness::new();
    let client = harness.client();
    let token = harness.ask_now(client.tokens()).unwrap();
    let writer = client.tokens().with_scope("write");
    writer.reject(&token);
    harness.runtime.run_until_stalled();
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(harness.token_now(&writer), "token-2");
    writer.reject(&token);
    harness.runtime.run_until_stalled();
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn b2_what_concerns_the_client_lets_all_its_views_rest() {
    for (reply, kind) in [
        (
            Reply::refuse(401, "invalid_client"),
            TokenErrorKind::Refused,
        ),
        (
            Reply::refuse(400, "unauthorized_client"),
            TokenErrorKind::Refused,
        ),
        (
            Reply::status(503).header("Retry-After", "60"),
            TokenErrorKind::Refused,
        ),
    ] {
        let harness = Harness::new();
        let client = harness.client();
        let tokens = client.tokens();
        harness.endpoint.reply(reply);
        let error = harness.ask_now(tokens).unwrap_err();
        assert_eq!(error.kind(), kind);
        // Another scope, whether it is asked for the first time or not: without a request.
        for scope in ["one", "another"] {
            let other = harness.ask_now(&tokens.with_scope(scope)).unwrap_err();
            assert_eq!(other.error_code(), error.error_code());
            assert_eq!(other.retry_at(), error.retry_at());
        }
        assert_eq!(harness.endpoint.requests(), 1);
        harness.advance(seconds(60));
        assert_eq!(harness.token_now(&tokens.with_scope("one")), "token-1");
        // It is back: the others need not find out by themselves.
        assert_eq!(harness.token_now(&tokens.with_scope("another")), "token-2");
        harness.assert_idle();
    }
}

#[test]
fn s1_error_says_what_was_asked_for_where_that_was_refused() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.resource("https://a.example"));
    let writer = client.with_scope("write");
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    let error = harness.ask_now(writer.tokens()).unwrap_err().to_string();
    assert!(
        error.contains(r#"the token request for scope "write", resource "https://a.example": 400, invalid_scope"#),
        "{error}"
    );
    // What is refused to the client is refused whatever it asks for, and others get this error too.
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    let error = harness.ask_now(client.tokens()).unwrap_err().to_string();
    assert!(!error.contains("resource"), "{error}");
}

#[test]
fn b2_what_concerns_one_scope_lets_no_other_rest() {
    for code in ["invalid_scope", "invalid_target", "invalid_request"] {
        let harness = Harness::new();
        let client = harness.client();
        let wrong = client.tokens().with_scope("wrong");
        harness.endpoint.reply(Reply::refuse(400, code));
        harness.ask_now(&wrong).unwrap_err();
        assert_eq!(harness.token_now(client.tokens()), "token-1");
        // It rests for itself.
        harness.ask_now(&wrong).unwrap_err();
        assert_eq!(harness.endpoint.requests(), 2);
    }
}

#[test]
fn e4_token_of_a_view_is_used_while_the_others_rest() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.with_scope("read");
    assert_eq!(harness.token_now(reader.tokens()), "token-1");
    harness.advance(DUE);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    harness.ask_now(client.tokens()).unwrap_err();
    // Due, and not renewed while all rest.
    let sent = harness.send_now(&reader, ApiRequest::get(API)).unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(seconds(1));
    harness.get_now(&reader);
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn x5_views_are_bounded_and_the_least_recently_used_goes() {
    let harness = Harness::new();
    let client = harness.client();
    let tokens = client.tokens();
    let first = tokens.with_scope("scope-0");
    for number in 0..64 {
        harness.token_now(&tokens.with_scope(format!("scope-{number}")));
    }
    assert_eq!(harness.endpoint.requests(), 64);
    // Used again, so that another one is the oldest; then one more than there is room for.
    harness.token_now(&tokens.with_scope("scope-0"));
    harness.token_now(&tokens.with_scope("scope-64"));
    assert_eq!(harness.endpoint.requests(), 65);
    harness.token_now(&tokens.with_scope("scope-0"));
    assert_eq!(harness.endpoint.requests(), 65);
    harness.token_now(&tokens.with_scope("scope-1"));
    assert_eq!(harness.endpoint.requests(), 66);
    // Whoever holds one goes on with it, and the client's own never goes.
    assert_eq!(harness.token_now(&first), "token-1");
    harness.token_now(tokens);
    harness.token_now(tokens);
    assert_eq!(harness.endpoint.requests(), 67);
}

#[test]
fn t1_headers_of_the_token_request_are_sent_and_masked() {
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
            std::sync::Arc::new(harness.api.clone()),
            std::sync::Arc::new(harness.endpoint.clone()),
        );
        let error = built.unwrap_err().to_string();
        assert!(error.starts_with("token_request_header: "), "{error}");
    }
}

#[test]
fn b3_rotation_that_another_view_has_noticed_is_noticed_too() {
    use std::sync::{Arc, Mutex};

    let harness = Harness::new();
    let secret = Arc::new(Mutex::new("old-secret"));
    let read = Arc::clone(&secret);
    let source = alf_core::ClientSecret::from_fn(move || {
        let secret = *read.lock().unwrap();
        async move { Ok::<_, String>(secret) }
    });
    let client = harness.build(harness.builder().client_secret("id", source));
    let (one, other) = (client.with_scope("one"), client.with_scope("other"));
    let first = harness.endpoint.hold();
    let mut asking = harness.ask(one.tokens());
    // Rotated while it is under way; and the other view reads the new one.
    *secret.lock().unwrap() = "new-secret";
    assert_eq!(harness.token_now(other.tokens()), "token-1");
    first.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    assert!(asking.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn b2_bare_401_is_of_the_client_and_a_longer_rest_stands() {
    let harness = Harness::new();
    let client = harness.client();
    let held = harness.endpoint.hold();
    let mut asking = harness.ask(client.with_scope("slow").tokens());
    harness
        .endpoint
        .reply(Reply::status(401).header("Retry-After", "60"));
    harness.ask_now(client.tokens()).unwrap_err();
    // A shorter one that ends later in the telling.
    held.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    assert!(asking.take().unwrap().is_err());
    harness.advance(seconds(59));
    harness
        .ask_now(client.with_scope("new").tokens())
        .unwrap_err();
    assert_eq!(harness.endpoint.requests(), 2);
}
