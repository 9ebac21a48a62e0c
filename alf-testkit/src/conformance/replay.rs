//! R3 and R4: what is sent a second time, and what is not.

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request};

use crate::server::{Answer, Gate, Recorded, body_hash, pattern};
use crate::suite::fail;

use super::body::{Body, BodyStream};
use super::case::{Case, CaseClient, get, request};

pub(super) fn r3_the_answer_to_the_replay_is_returned(case: &Case) {
    let client = case.client_with_token();
    let first = Answer::unauthorized().body("the first");
    case.resource.answer_next_at("/always", first);
    let second = Answer::unauthorized().header("X-Case", "second");
    case.resource
        .answer_at("/always", second.body("the second"));
    let reply = client.get("/always").expect_status(401);
    assert_eq!(reply.text(), "the second");
    assert_eq!(reply.broken, None);
    assert_eq!(reply.header_values("x-case"), ["second"]);
    case.expect_requests_at("/always", 2);
    case.expect_token_requests(2);
}

pub(super) fn r3_a_replay_is_the_same_request(case: &Case) {
    let client = case.client_with_token();
    case.revoke_all();
    let url = case.url("/things?q=a%20b&q=2&empty");
    let mut patch = request(Method::PATCH, &url, Body::Bytes(Bytes::from_static(b"{}")));
    for (name, value) in [
        ("x-case", "one"),
        ("x-case", "two"),
        ("content-type", "a/b"),
    ] {
        let value = HeaderValue::from_static(value);
        patch.headers_mut().append(name, value);
    }
    client.send(patch).expect_status(200);
    for seen in rejected_and_replayed(case) {
        assert_eq!(seen.method(), "PATCH");
        assert_eq!(seen.target(), "/things?q=a%20b&q=2&empty");
        assert_eq!(seen.header_values("x-case").join(", "), "one, two");
        assert_eq!(seen.header_values("content-type").join(", "), "a/b");
    }
}

pub(super) fn r4_a_body_in_memory_is_replayed_byte_for_byte(case: &Case) {
    let client = case.client_with_token();
    let every_byte = (0..=u8::MAX).cycle().take(1000).collect::<Vec<_>>();
    let bodies = [every_byte, vec![0], pattern(0, 64 * 1024 + 1), Vec::new()];
    let huge = [pattern(0, 3_000_000)];
    for (method, bodies) in [
        (Method::POST, &bodies[..]),
        (Method::PUT, &bodies),
        (Method::PATCH, &bodies),
        (Method::DELETE, &bodies),
        (Method::POST, &huge),
    ] {
        for body in bodies {
            case.revoke_all();
            let sent = Body::Bytes(Bytes::from(body.clone()));
            let request = request(method.clone(), &case.url("/echo"), sent);
            let reply = client.send(request).expect_status(200);
            let length = body.len();
            assert!(reply.body == *body, "expected the {length} bytes back");
            for seen in rejected_and_replayed(case) {
                assert_eq!(seen.method(), method.as_str());
                assert_eq!(seen.body_length(), length as u64, "of {seen:?}");
                assert_eq!(seen.body_hash(), body_hash(body), "of {seen:?}");
            }
        }
    }
}

pub(super) fn r4_an_upload_that_is_rejected_before_it_is_read_is_replayed(case: &Case) {
    let client = case.client_with_token();
    case.revoke_all();
    let closed = Gate::new();
    let rejection = Answer::unauthorized()
        .before_the_body()
        .reading_the_body_at(&closed);
    case.resource
        .answer_next_at("/upload", rejection.then_close());
    // More than the buffers of the system hold.
    let body = pattern(0, 12_000_000);
    let upload = request(Method::POST, &case.url("/upload"), Body::Bytes(body.into()));
    client.send(upload).expect_status(200);
    case.expect_requests_at("/upload", 2);
    case.expect_token_requests(2);
}

pub(super) fn r4_a_request_without_a_body_is_replayed(case: &Case) {
    let client = case.client_with_token();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        case.revoke_all();
        let known = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let request = request(known, &case.url("/things"), Body::Empty);
        client.send(request).expect_status(200);
        for seen in rejected_and_replayed(case) {
            assert_eq!((seen.method(), seen.body_length()), (method, 0));
        }
    }
}

pub(super) fn r4_a_stream_is_not_replayed_and_its_401_is_untouched(case: &Case) {
    let client = case.client_with_token();
    for length in [1, 64 * 1024 + 1, 3_000_000] {
        let issued = case.authorization.issued_count();
        let stream = Body::Stream(BodyStream::of_length(length));
        let upload = request(Method::POST, &case.url("/upload"), stream);
        the_401_is_returned(&client, upload);
        let hash = case.resource.requests().pop().map(|seen| seen.body_hash());
        let sent = pattern(0, usize::try_from(length).unwrap_or(usize::MAX));
        assert_eq!(hash, Some(body_hash(&sent)));
        renewed_for_the_next_caller(&client, issued);
    }
}

pub(super) fn r4_without_replays_the_401_is_untouched(case: &Case) {
    let client = case.build(case.builder().without_replays());
    client.get("/first").expect_status(200);
    the_401_is_returned(&client, get(&case.url("/upload")));
    renewed_for_the_next_caller(&client, 1);
}

fn the_401_is_returned(client: &CaseClient<'_>, request: Request<Body>) {
    let case = client.case;
    // R6: without a replay, a token that is rejected within a minute may count as useless.
    case.time.advance(Duration::from_secs(61));
    case.resource.forget();
    let rejection = Answer::unauthorized().header("X-Case", "kept");
    case.resource.reject_with(rejection.body_of_length(100_000));
    case.revoke_all();
    let reply = client.send(request).expect_status(401);
    assert_eq!(reply.header_values("x-case"), ["kept"]);
    let is_whole = reply.body == pattern(0, 100_000);
    assert!(is_whole, "expected the body of the 401, untouched");
    case.expect_requests_at("/upload", 1);
}

fn renewed_for_the_next_caller(client: &CaseClient<'_>, issued: usize) {
    let case = client.case;
    case.time.wait_until_idle();
    let now = case.authorization.issued_count();
    assert_eq!(now, issued + 1, "expected one renewal");
    client.get("/next").expect_status(200);
    case.expect_requests_at("/next", 1);
}

/// Returns the last two requests, of which the first was rejected.
fn rejected_and_replayed(case: &Case) -> [Recorded; 2] {
    let mut seen = case.resource.requests();
    match (seen.pop(), seen.pop()) {
        (Some(replayed), Some(rejected)) if rejected.status() == Some(401) => [rejected, replayed],
        _ => fail("a rejected request and its replay"),
    }
}
