//! Several token targets of one client: `with_scope` and `with_resource`.

use std::time::Duration;

use alf_core::{Error, TokenTarget};

use crate::support::{API, ApiRequest, Harness, Reply};

#[test]
fn s1_each_scope_has_its_own_token_and_one_request() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read"));
    let tokens = client.tokens();
    assert_eq!(harness.token_now(tokens), "token-1");
    assert_eq!(harness.token_now(&tokens.with_scope("write")), "token-2");
    // The same again, directly and from another target.
    assert_eq!(harness.token_now(&tokens.with_scope("write")), "token-2");
    let writer = tokens.with_scope("other").with_scope("write");
    assert_eq!(harness.token_now(&writer), "token-2");
    assert_eq!(harness.token_now(&writer.with_scope("read")), "token-1");
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
fn t1_resource_of_a_target_replaces_that_of_the_client() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read").resource("https://a.example"));
    let tokens = client.tokens().with_resource("https://b.example");
    harness.token_now(&tokens);
    let body = harness.endpoint.exchanges()[0].body.clone();
    assert!(
        body.ends_with("scope=read&resource=https%3A%2F%2Fb.example"),
        "{body}"
    );
}

#[test]
fn f2_request_for_a_target_carries_its_token() {
    let harness = Harness::new();
    let client = harness.client();
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.get_now(&client.with_scope("write")), 200);
    let resource = client.with_resource("https://b.example");
    assert_eq!(harness.get_now(&resource), 200);
    assert_eq!(harness.api.tokens_sent(), ["token-1", "token-2", "token-3"]);
}

#[test]
fn x3_target_may_have_allowed_origins_of_its_own() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.allowed_origins([API]));
    let is_sent = |client, url| match harness.send_now(client, ApiRequest::get(url)) {
        Ok(_) => true,
        Err(Error::NotAllowed(_)) => false,
        Err(error) => panic!("{error}"),
    };
    let billing = "https://billing.example.com";
    let target = TokenTarget::new().with_scope("write");
    let inherits = client.with(target.clone()).unwrap();
    assert!(is_sent(&inherits, API) && !is_sent(&inherits, billing));
    let own = client
        .with(target.clone().with_allowed_origins([billing]))
        .unwrap();
    assert!(!is_sent(&own, API) && is_sent(&own, billing));
    assert!(is_sent(&client, API) && !is_sent(&client, billing));
    // Three tokens. The same origin in another spelling is the same target (S1).
    let same = target.with_allowed_origins(["https://BILLING.example.com:443/"]);
    assert!(is_sent(&client.with(same).unwrap(), billing));
    assert_eq!(harness.endpoint.requests(), 3);
    let wrong = TokenTarget::new().with_allowed_origins(["billing.example.com"]);
    let error = client.with(wrong).unwrap_err();
    assert_eq!(error.setting(), "allowed_origins");
}

#[test]
fn r1_rejection_renews_the_token_of_its_target_only() {
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
fn s1_events_name_their_target() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read").resource("https://a.example"));
    let writer = client.with_scope("write");
    harness.get_now(&client);
    harness.get_now(&writer);
    harness.api.revoke("token-2");
    harness.get_now(&writer);
    let events_of = |scope| {
        let all = harness.events.all();
        let target = format!("TokenTarget(scope {scope:?}, resource \"https://a.example\")");
        let events = all.iter().filter(|event| event.contains(&target));
        let names = events.map(|event| event.split(' ').next().unwrap_or_default().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(events_of("read"), ["AcquisitionStarted", "TokenObtained"]);
    assert_eq!(
        events_of("write"),
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
fn r1_token_of_another_target_rejects_nothing() {
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
fn s1_error_names_the_target_if_it_concerns_that_target_alone() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.resource("https://a.example"));
    let writer = client.with_scope("write");
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    let error = harness.ask_now(writer.tokens()).unwrap_err().to_string();
    assert!(
        error.contains(r#"the token request for scope "write", resource "https://a.example": 400, invalid_scope"#),
        "{error}"
    );
    // A refusal of the client concerns every target, and their callers get this error too.
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    let error = harness.ask_now(client.tokens()).unwrap_err().to_string();
    assert!(!error.contains("resource"), "{error}");
}

#[test]
fn x5_targets_are_bounded_and_the_least_recently_used_is_evicted() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.max_targets(64));
    let tokens = client.tokens();
    let first = tokens.with_scope("scope-0");
    for number in 0..64 {
        harness.token_now(&tokens.with_scope(format!("scope-{number}")));
    }
    assert_eq!(harness.endpoint.requests(), 64);
    // It is used again, so that another one is the oldest. Then there is one more than are kept.
    harness.token_now(&tokens.with_scope("scope-0"));
    harness.token_now(&tokens.with_scope("scope-64"));
    assert_eq!(harness.endpoint.requests(), 65);
    harness.token_now(&tokens.with_scope("scope-0"));
    assert_eq!(harness.endpoint.requests(), 65);
    harness.token_now(&tokens.with_scope("scope-1"));
    assert_eq!(harness.endpoint.requests(), 66);
    // One that a caller holds is not evicted, and neither is the client's own.
    assert_eq!(harness.token_now(&first), "token-1");
    harness.token_now(tokens);
    harness.token_now(tokens);
    assert_eq!(harness.endpoint.requests(), 67);
}

#[test]
fn s1_targets_in_rotation_cost_one_token_request_each() {
    let harness = Harness::new();
    let client = harness.client();
    for _ in 0..3 {
        for number in 0..200 {
            harness.token_now(&client.tokens().with_scope(format!("scope-{number}")));
        }
    }
    assert_eq!(harness.endpoint.requests(), 200);
    assert_eq!(harness.events.count("TargetEvicted"), 0);
}

#[test]
fn s1_target_with_an_acquisition_is_not_evicted() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.max_targets(1));
    let tokens = client.tokens();
    harness.endpoint.reply(Reply::Never);
    // Its caller is gone, the acquisition goes on.
    drop(harness.ask(&tokens.with_scope("slow")));
    harness.runtime.run_until_stalled();
    assert_eq!(harness.endpoint.requests(), 1);
    harness.token_now(&tokens.with_scope("a"));
    harness.token_now(&tokens.with_scope("b"));
    assert_eq!(harness.endpoint.requests(), 3);
    let joins = harness.ask(&tokens.with_scope("slow"));
    harness.runtime.run_until_stalled();
    assert_eq!(harness.endpoint.requests(), 3, "no second acquisition");
    drop(joins);
}

#[test]
fn x5_expired_targets_are_evicted_first_and_each_eviction_is_an_event() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.max_targets(2));
    let tokens = client.tokens();
    harness.token_now(&tokens.with_scope("long"));
    harness.endpoint.reply(Reply::Token("short", Some(60)));
    harness.token_now(&tokens.with_scope("short"));
    harness.advance(Duration::from_secs(120));
    // `short` was used last, but its token has expired.
    harness.token_now(&tokens.with_scope("third"));
    harness.token_now(&tokens.with_scope("long"));
    assert_eq!(harness.endpoint.requests(), 3);
    harness.token_now(&tokens.with_scope("fourth"));
    let events = harness.events.all();
    let evicted = events
        .iter()
        .filter(|event| event.contains("TargetEvicted"));
    let evicted: Vec<_> = evicted
        .map(|event| event.contains("had_usable_token: true"))
        .collect();
    assert_eq!(evicted, [false, true]);
}

#[test]
fn t1_target_replaces_what_it_sets_and_nothing_else() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| {
        builder
            .scope("read")
            .audience("a")
            .parameter("tenant", "one")
    });
    let target = TokenTarget::new()
        .with_audience("b")
        .with_parameter("region", "eu");
    let tokens = client.tokens().with(target).unwrap();
    harness.token_now(&tokens);
    harness.token_now(&client.tokens().with_audience("c").with_scope(" "));
    let bodies: Vec<_> = harness.endpoint.exchanges();
    let bodies: Vec<_> = bodies.iter().map(|exchange| &*exchange.body).collect();
    assert_eq!(
        bodies,
        [
            "grant_type=client_credentials&scope=read&audience=b&tenant=one&region=eu",
            "grant_type=client_credentials&audience=c&tenant=one"
        ]
    );
    for wrong in [
        TokenTarget::new().with_parameter("scope", "write"),
        TokenTarget::new()
            .with_parameter("region", "eu")
            .with_parameter("region", "us"),
        TokenTarget::new().with_allowed_origins(["not an origin"]),
    ] {
        assert!(client.tokens().with(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn t1_empty_scope_of_a_target_leaves_the_scope_to_the_server() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.scope("read").audience("a"));
    let target = TokenTarget::new().with_scope("").with_audience("");
    harness.token_now(&client.tokens().with(target).unwrap());
    harness.token_now(&client.tokens().with_scope(""));
    let bodies: Vec<_> = harness.endpoint.exchanges();
    assert_eq!(bodies[0].body, "grant_type=client_credentials");
    assert_eq!(bodies[1].body, "grant_type=client_credentials&audience=a");
}

#[test]
fn s1_target_that_repeats_a_parameter_of_the_client_is_the_same_target() {
    let harness = Harness::new();
    let client =
        harness.client_with(|builder| builder.parameter("tenant", "1").parameter("region", "eu"));
    let same = TokenTarget::new().with_parameter("tenant", "1");
    harness.token_now(client.tokens());
    harness.token_now(&client.tokens().with(same).unwrap());
    assert_eq!(harness.endpoint.requests(), 1);
}

#[test]
fn b2_target_that_backs_off_is_evicted_as_late_as_a_usable_one() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.max_targets(3));
    let tokens = client.tokens();
    harness
        .endpoint
        .always("scope=refused", Reply::refuse(400, "invalid_scope"));
    assert!(harness.ask_now(&tokens.with_scope("refused")).is_err());
    for number in 0..5 {
        harness.token_now(&tokens.with_scope(format!("scope-{number}")));
        assert!(harness.ask_now(&tokens.with_scope("refused")).is_err());
    }
    let exchanges = harness.endpoint.exchanges();
    let refused = exchanges
        .iter()
        .filter(|exchange| exchange.body.contains("refused"));
    assert_eq!(refused.count(), 1);
}
