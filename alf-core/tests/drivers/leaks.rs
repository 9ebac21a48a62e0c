//! X2 to X5: requests that get no token, and unusual responses.

use alf_core::{Error, NotAllowedReason, Origin};

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, ApiResponse, Harness, OTHER_API, Reply, seconds,
};

#[test]
fn x2_no_token_is_sent_or_requested_for_plain_http_or_an_unknown_scheme() {
    let (plain, unsupported) = (
        NotAllowedReason::InsecureHttp,
        NotAllowedReason::UnsupportedScheme,
    );
    for (url, reason) in [
        ("http://api.example.com/", plain),
        ("ftp://api.example.com/", unsupported),
        ("http://127.0.0.1.example.com", plain),
    ] {
        let harness = Harness::new();
        let outcome = harness.send_now(&harness.client(), ApiRequest::get(url));
        let Err(Error::NotAllowed(not_allowed)) = outcome else {
            panic!("{url} {outcome:?}");
        };
        assert_eq!(not_allowed.reason(), reason);
        assert_eq!(*not_allowed.origin(), Origin::parse(url).unwrap());
        assert_eq!(
            (harness.endpoint.requests(), harness.api.requests()),
            (0, 0)
        );
        assert_eq!(harness.events.count("RequestNotAllowed"), 1);
    }
}

#[test]
fn x2_loopback_and_what_the_user_allowed_may_be_plain_http() {
    for url in [
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://localhost/",
    ] {
        let harness = Harness::new();
        assert!(
            harness
                .send_now(&harness.client(), ApiRequest::get(url))
                .is_ok(),
            "{url}"
        );
    }
    let harness = Harness::new();
    let client = harness.client_with(alf_core::ClientBuilder::allow_insecure_http);
    assert!(
        harness
            .send_now(&client, ApiRequest::get("http://api.example.com/"))
            .is_ok()
    );
    let outcome = harness.send_now(&client, ApiRequest::get("ftp://api.example.com/"));
    assert!(
        matches!(outcome, Err(Error::NotAllowed(_))),
        "it is not an HTTP scheme"
    );
}

#[test]
fn x3_request_to_an_origin_that_is_not_allowed_is_refused_before_anything_is_sent() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.allowed_origins([API]));
    for url in [
        OTHER_API,
        "https://api.example.com:8443/",
        "https://api.example.com.evil.example/",
    ] {
        let outcome = harness.send_now(&client, ApiRequest::get(url));
        let Err(Error::NotAllowed(not_allowed)) = outcome else {
            panic!("{url} {outcome:?}");
        };
        assert_eq!(not_allowed.reason(), NotAllowedReason::OriginNotAllowed);
        assert_eq!(
            (harness.endpoint.requests(), harness.api.requests()),
            (0, 0)
        );
    }
    assert_eq!(harness.get_now(&client), 200);
}

#[test]
fn x4_401_from_another_origin_rejects_nothing() {
    let harness = Harness::new();
    let client = harness.client();
    harness
        .api
        .answers(|_| ApiResponse::rejection().response_origin(OTHER_API));
    assert_eq!(harness.get_now(&client), 401);
    assert_eq!(
        (harness.api.requests(), harness.endpoint.requests()),
        (1, 1)
    );
    assert_eq!(harness.token_now(client.tokens()), "token-1");
    // A 401 from the request's own origin, after a redirect within it, rejects the token.
    harness
        .api
        .answers(|_| ApiResponse::rejection().response_origin(API));
    assert_eq!(harness.get_now(&client), 401);
    assert_eq!(
        (harness.api.requests(), harness.endpoint.requests()),
        (3, 2)
    );
}

#[test]
fn x4_401_from_another_origin_to_a_replay_rejects_nothing() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|sent| match sent.token.as_str() {
        "token-1" => ApiResponse::rejection(),
        _ => ApiResponse::rejection().response_origin(OTHER_API),
    });
    assert_eq!(harness.get_now(&client), 401);
    assert_eq!(harness.token_now(client.tokens()), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn x5_unusual_token_responses_cause_no_panic_no_hang_and_no_load() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies = [
        String::new(),
        "null".to_owned(),
        "{".to_owned(),
        "\u{feff}{}".to_owned(),
        deep.clone(),
        format!(r#"{{"access_token":{deep}}}"#),
        format!(r#"{{"x":{deep},"access_token":"t"}}"#),
        format!(r#"{{"access_token":"{}"}}"#, "t".repeat(900_000)),
        r#"{"access_token":"a\r\nb"}"#.to_owned(),
        r#"{"access_token":"\u0000"}"#.to_owned(),
        r#"{"access_token":"\ud800"}"#.to_owned(),
        r#"{"access_token":"a","access_token":"b"}"#.to_owned(),
        r#"{"access_token":5,"token_type":[]}"#.to_owned(),
        format!("<html>{}", "é".repeat(100_000)),
    ];
    let lifetimes = [
        "0",
        "-1",
        "-1e400",
        "1e400",
        "1e300",
        "9223372036854775808",
        "\"NaN\"",
        "\"inf\"",
        "\"1e400\"",
        "null",
        "{}",
        "\"\"",
        "0.1",
        "18446744073709551616",
        "\" 5 \"",
    ]
    .map(|n| format!(r#"{{"access_token":"t","expires_in":{n}}}"#));
    for body in bodies.into_iter().chain(lifetimes) {
        for status in [200, 201, 400, 500] {
            let harness = Harness::new();
            let tokens = harness.tokens();
            let headers = http::HeaderMap::new();
            let reply = Reply::Answer(status, body.clone(), headers)
                .header("retry-after", "99999999999999999999999")
                .header("content-type", "text/\u{80}");
            harness.endpoint.otherwise(reply);
            let call = harness.ask(&tokens);
            harness.advance(ACQUIRE_TIMEOUT);
            assert!(call.is_finished());
            harness.assert_idle();
            assert_eq!(harness.events.count("AcquisitionAborted"), 0, "{body:.50}");
            // The same holds after the back-off.
            harness.advance(seconds(400));
            let call = harness.ask(&tokens);
            harness.advance(ACQUIRE_TIMEOUT);
            assert!(call.is_finished());
            assert!(harness.endpoint.requests() < 30);
        }
    }
}

#[test]
fn x5_unusual_challenges_cause_no_load() {
    let long: &'static str = Box::leak("Bearer a=b, ".repeat(10_000).into_boxed_str());
    for challenge in [
        long,
        "=",
        "\"",
        "Bearer \"\\",
        "Bearer error=\"\\\"",
        ",,,,",
        "\t",
    ] {
        let harness = Harness::new();
        let client = harness.client();
        harness.api.answers(move |_| {
            let answer = ApiResponse::status_of(401);
            (0..5).fold(answer, |answer, _| answer.challenge(challenge))
        });
        for _ in 0..3 {
            assert_eq!(harness.get_now(&client), 401);
        }
        assert_eq!(harness.endpoint.requests(), 2);
    }
}
