//! R3 and R4: what is sent a second time, and what is not.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request};

use crate::server::{body_hash, pattern};
use crate::{Answer, Recorded};

use super::case::{CLIENT_ID, SECRET};
use super::{Body, BodyStream, Case, Client, Expect, Subject, get, request};

pub(super) fn r3_the_answer_to_the_replay_is_handed_back<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let resource = &case.servers.resource;
    let first = Answer::unauthorized().body("the first");
    resource.answer_next_at("/always", first);
    let second = Answer::unauthorized().header("X-Case", "second");
    resource.answer_at("/always", second.body("the second"));
    let reply = case.get(&client, "/always").expect_status(401);
    assert_eq!(reply.text(), "the second");
    assert_eq!(reply.broken, None);
    assert_eq!(reply.header_values("x-case"), ["second"]);
    assert_eq!(resource.counts().at("/always"), 2, "expected one replay");
    assert_eq!(case.token_requests(), 2, "expected one renewal");
}

pub(super) fn r3_a_replay_is_the_same_request<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    case.servers.revoke_all();
    let url = case.servers.url("/things?q=a%20b&q=2&empty");
    let mut patch = request(Method::PATCH, &url, Body::Bytes(Bytes::from_static(b"{}")));
    for (name, value) in [
        ("x-case", "one"),
        ("x-case", "two"),
        ("content-type", "a/b"),
    ] {
        let value = HeaderValue::from_static(value);
        patch.headers_mut().append(name, value);
    }
    case.send(&client, patch).expect_status(200);
    let (rejected, replayed) = rejected_and_replayed(case);
    for seen in [&rejected, &replayed] {
        assert_eq!(seen.method(), "PATCH");
        assert_eq!(seen.target(), "/things?q=a%20b&q=2&empty");
        assert_eq!(values(seen, "x-case"), "one, two");
        assert_eq!(values(seen, "content-type"), "a/b");
    }
}

pub(super) fn r4_a_body_in_memory_is_replayed_byte_for_byte<S: Subject>(case: &Case<S>) {
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
            case.servers.revoke_all();
            let sent = Body::Bytes(Bytes::from(body.clone()));
            let url = case.servers.url("/echo");
            let reply = case
                .send(&client, request(method.clone(), &url, sent))
                .expect_status(200);
            assert!(
                reply.body == *body,
                "expected the {} bytes back",
                body.len()
            );
            let (rejected, replayed) = rejected_and_replayed(case);
            for seen in [rejected, replayed] {
                assert_eq!(seen.method(), method.as_str());
                assert_eq!(seen.body_length(), body.len() as u64, "of {seen:?}");
                assert_eq!(seen.body_hash(), body_hash(body), "of {seen:?}");
            }
        }
    }
}

pub(super) fn r4_a_request_without_a_body_is_replayed<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        case.servers.revoke_all();
        let url = case.servers.url("/things");
        case.send(&client, request(method.clone(), &url, Body::Empty))
            .expect_status(200);
        let (rejected, replayed) = rejected_and_replayed(case);
        for seen in [rejected, replayed] {
            assert_eq!((seen.method(), seen.body_length()), (method.as_str(), 0));
        }
    }
}

pub(super) fn r4_a_stream_is_not_replayed_and_its_401_is_untouched<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let upload = |length| {
        let stream = Body::Stream(BodyStream::of_length(length));
        request(Method::POST, &case.servers.url("/upload"), stream)
    };
    for length in [1, 64 * 1024 + 1, 3_000_000] {
        let issued = case.servers.authorization.issued_count();
        handed_back(case, &client, upload(length));
        let seen = case.servers.resource.requests().pop();
        let hash = seen.as_ref().map(Recorded::body_hash);
        assert_eq!(hash, Some(body_hash(&pattern(0, to_usize(length)))));
        renewed_for_the_next_caller(case, &client, issued);
    }
}

pub(super) fn r4_without_replays_the_401_is_untouched<S: Subject>(case: &Case<S>) {
    let client =
        case.client_with(|builder| builder.client_secret(CLIENT_ID, SECRET).without_replays());
    case.get(&client, "/first").expect_status(200);
    handed_back(case, &client, get(&case.servers.url("/upload")));
    renewed_for_the_next_caller(case, &client, 1);
}

fn handed_back<S: Subject>(case: &Case<S>, client: &Client<S>, request: Request<Body>) {
    // R6: a token that is rejected within a second was useless.
    case.time.advance(std::time::Duration::from_secs(2));
    case.servers.resource.forget();
    let rejection = Answer::unauthorized().header("X-Case", "kept");
    case.servers
        .resource
        .reject_with(rejection.body_of_length(100_000));
    case.servers.revoke_all();
    let reply = case.send(client, request).expect_status(401);
    assert_eq!(reply.header_values("x-case"), ["kept"]);
    assert!(
        reply.body == pattern(0, 100_000),
        "expected the body of the 401, untouched"
    );
    let sent = case.servers.resource.counts().at("/upload");
    assert_eq!(sent, 1, "expected no replay");
}

fn renewed_for_the_next_caller<S: Subject>(case: &Case<S>, client: &Client<S>, issued: usize) {
    case.time.wait_until_idle();
    let now = case.servers.authorization.issued_count();
    assert_eq!(now, issued + 1, "expected one renewal");
    case.get(client, "/next").expect_status(200);
    assert_eq!(case.servers.resource.counts().at("/next"), 1);
}

/// The last two requests, of which the first was rejected.
fn rejected_and_replayed<S: Subject>(case: &Case<S>) -> (Recorded, Recorded) {
    let mut seen = case.servers.resource.requests();
    match (seen.pop(), seen.pop()) {
        (Some(replayed), Some(rejected)) if rejected.status() == Some(401) => (rejected, replayed),
        _ => super::fail("a rejected request and its replay"),
    }
}

fn values(request: &Recorded, name: &str) -> String {
    request.header_values(name).join(", ")
}

fn to_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
