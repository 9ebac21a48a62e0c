//! X1 to X3, P1: no secret is shown, and no token is sent to a URL that it must not be sent to.

use std::time::Duration;

use alf_core::{NotAllowedReason, OriginRef};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Method;

use crate::server::{Answer, AuthorizationServer};

use super::body::Body;
use super::case::{CLIENT_ID, Case, CaseClient, SECRET, get, post, request};
use super::log_recording::LogRecording;
use super::outcome::everything_shown;

pub(super) fn x1_no_token_error_shows_a_secret(case: &Case) {
    let authorization = &case.authorization;
    let repeats = format!("no {SECRET} of {CLIENT_ID}");
    let other = AuthorizationServer::start();
    let answers = [
        Answer::oauth_error(400, "invalid_client", &repeats),
        Answer::status(401).body(format!("<p>{repeats}</p>")),
        Answer::status(200).body(format!("<p>{repeats}</p>")),
        Answer::json(200, format!(r#"{{"access_token":7,"token":"{SECRET}"}}"#)),
        Answer::redirect(307, format!("{}?s={SECRET}", other.url("/"))),
        Answer::token().token_type("MAC"),
        Answer::status(200).body_of_length(2_000_000),
    ];
    for answer in answers {
        authorization.answer_next(answer);
        token_error_shows_nothing(&case.client());
        authorization.answer_next(Answer::oauth_error(400, "invalid_client", &repeats));
        token_error_shows_nothing(&case.client_with_post(CLIENT_ID, SECRET));
    }
    let endpoint = authorization.url(&format!("/token?secret={SECRET}"));
    for answer in [
        Answer::hang_up(),
        Answer::garbage(),
        Answer::redirect(308, "/other"),
    ] {
        authorization.answer_always(answer);
        token_error_shows_nothing(&case.client_at(endpoint.clone()));
    }
    authorization.refuse_connections();
    token_error_shows_nothing(&case.client_at(endpoint));
}

fn token_error_shows_nothing(client: &CaseClient<'_>) {
    let case = client.case;
    let outcome = client.get_with_timers("/things");
    let error = outcome.expect_token_error();
    case.shows_no_secret("an error", &everything_shown(&error));
    // The next client must not wait for a back-off.
    case.time.advance(Duration::from_secs(10));
}

pub(super) fn x1_no_transport_error_shows_the_token(case: &Case) {
    let client = case.client_with_token();
    for answer in [Answer::hang_up(), Answer::garbage()] {
        case.resource.answer_always(answer);
        let (_, shown) = client.get("/things").expect_error();
        case.shows_no_secret("an error", &shown);
    }
    case.resource.refuse_connections();
    let shown = client.get("/things").expect_transport_error();
    case.shows_no_secret("an error", &shown);
}

pub(super) fn x1_a_client_shows_no_secret(case: &Case) {
    let client = case.client_with_token().inner;
    let tokens = client.tokens();
    let shown = format!("{} {tokens:?}", client.shown());
    case.shows_no_secret("a client", &shown);
    let token = pollster::block_on(tokens.token());
    case.shows_no_secret("a token", &format!("{token:?}"));
}

pub(super) fn x1_no_log_line_shows_a_secret(case: &Case) {
    // Other cases run at the same time, and log too: this secret is used by this case only.
    let secret = format!("secret-{:016x}", fastrand::u64(..));
    case.authorization.set_client(CLIENT_ID, &secret);
    let recording = LogRecording::start();
    for client in [
        case.client_with_basic(CLIENT_ID, &*secret),
        case.client_with_post(CLIENT_ID, &secret),
    ] {
        client.get("/things").expect_status(200);
        case.revoke_all();
        let request = post(&case.url("/echo"), "the body");
        client.send(request).expect_status(200);
        case.resource.answer_next(Answer::hang_up());
        client.get("/things");
        case.time.wait_until_idle();
    }
    let lines = recording.lines();
    drop(recording);
    let credentials = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
    let tokens = case.authorization.issued();
    for hidden in tokens.iter().chain([&secret, &credentials]) {
        let shown = lines.lines().filter(|line| line.contains(hidden.as_str()));
        let targets: Vec<_> = shown.filter_map(|line| line.split(": ").next()).collect();
        let count = targets.len();
        assert!(
            targets.is_empty(),
            "expected no log line with a secret or a token, but there are {count}, of {targets:?}"
        );
    }
}

pub(super) fn x2_no_token_is_sent_over_plain_http(case: &Case) {
    let client = case.client();
    for url in ["http://192.0.2.1/things", "http://api.example.com:8080/"] {
        let outcome = client.send(get(url));
        outcome.expect_not_allowed(NotAllowedReason::InsecureHttp);
    }
    case.expect_token_requests(0);
}

pub(super) fn x3_a_request_to_another_origin_is_not_sent(case: &Case) {
    let other = case.another_resource_server();
    let builder = case.builder().allowed_origins([case.resource.origin()]);
    let client = case.build(builder);
    for url in [other.url("/things"), case.resource.localhost_url("/things")] {
        let outcome = client.send(get(&url));
        outcome.expect_not_allowed(NotAllowedReason::OriginNotAllowed);
    }
    case.expect_token_requests(0);
    client.get("/things").expect_status(200);
    case.expect_requests(1);
    assert_eq!(other.request_count(), 0, "expected no request there");
}

pub(super) fn x3_origin_returns_the_origin_of_the_request(case: &Case) {
    let api = "api.example.com";
    for (url, scheme, host, port) in [
        ("http://127.0.0.1:8080/a?b=c", "http", "127.0.0.1", 8080),
        ("https://api.example.com/", "https", api, 443),
        ("https://API.Example.com:443/a", "https", api, 443),
        ("http://api.example.com", "http", api, 80),
        ("http://[::1]:81/", "http", "::1", 81),
        (
            "https://127.0.0.1@api.example.com:8443/",
            "https",
            api,
            8443,
        ),
    ] {
        let expected = OriginRef::new(scheme, host, Some(port)).to_origin();
        for origin in case.transport.origins(get(url)) {
            assert_eq!(origin, expected, "of {url}");
        }
    }
}

pub(super) fn p1_head_returns_the_method_and_the_url(case: &Case) {
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let url = "https://api.example.com:8443/things/a%20b?q=1";
        let request = request(method.clone(), url, Body::Empty);
        let (returned, uri) = case.transport.head(request);
        assert_eq!((returned, uri.to_string().as_str()), (method, url));
    }
}
