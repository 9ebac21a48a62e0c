//! P3: requests and responses are the library's own, and stream in both directions.

use std::io::{self, Write};

use bytes::Bytes;
use http::Method;
use http::header::HeaderValue;

use crate::Answer;
use crate::server::{body_hash, pattern};

use super::{Body, BodyStream, Call, Case, Client, Expect, Subject, fail, get, post, request};

pub(super) fn p3_megabytes_arrive_intact<S: Subject>(case: &Case<S>) {
    let client = case.client();
    for path in ["bytes", "chunks"] {
        let (ended, length) = read(case, &client, &format!("/{path}/{MEGABYTES}"), u64::MAX);
        assert_eq!(
            (ended, length),
            (Ok(()), MEGABYTES),
            "expected every byte of /{path}"
        );
    }
}

pub(super) fn p3_megabytes_are_sent_intact<S: Subject>(case: &Case<S>) {
    let client = case.client();
    let body = Bytes::from(pattern(0, usize::try_from(MEGABYTES).unwrap_or(usize::MAX)));
    let upload = post(&case.servers.url("/upload"), body.clone());
    case.send(&client, upload).expect_status(200);
    let seen = case.servers.resource.requests().pop();
    let seen = seen.map(|request| (request.body_length(), request.body_hash()));
    assert_eq!(seen, Some((MEGABYTES, body_hash(&body))));
}

pub(super) fn p3_a_stream_of_megabytes_is_sent_intact<S: Subject>(case: &Case<S>) {
    let client = case.client();
    let stream = Body::Stream(BodyStream::of_length(MEGABYTES));
    let upload = request(Method::PUT, &case.servers.url("/upload"), stream);
    case.send(&client, upload).expect_status(200);
    let seen = case.servers.resource.requests().pop();
    let seen = seen.map(|request| (request.body_length(), request.body_hash()));
    let hash = body_hash(&pattern(
        0,
        usize::try_from(MEGABYTES).unwrap_or(usize::MAX),
    ));
    assert_eq!(seen, Some((MEGABYTES, hash)));
}

pub(super) fn p3_a_response_is_read_as_it_comes<S: Subject>(case: &Case<S>) {
    // The second half never comes: whoever gathers a body before handing it over waits in vain.
    let answer = Answer::status(200).header("Content-Length", "200000");
    case.servers
        .resource
        .answer_at("/half", answer.body(pattern(0, 100_000)));
    let client = case.client();
    // The sink's own error, once it has enough.
    let (ended, length) = read(case, &client, "/half", 100_000);
    assert_eq!(
        (ended.is_err(), length),
        (true, 100_000),
        "expected half of the body"
    );
    case.get(&client, "/things").expect_status(200);
}

pub(super) fn p3_status_and_headers_are_untouched<S: Subject>(case: &Case<S>) {
    let client = case.client();
    for status in [200, 201, 206, 404, 418, 500] {
        let answer = Answer::status(status)
            .header("X-Case", "one, two")
            .header("Content-Type", "text/odd; a=\"b\"")
            .header("x-case", "")
            .header("X-CASE", "three");
        case.servers.resource.answer_next(answer.body("the body"));
        let reply = case.get(&client, "/things").expect_status(status);
        assert_eq!(reply.header_values("x-case"), ["one, two", "", "three"]);
        assert_eq!(reply.header_values("content-type"), ["text/odd; a=\"b\""]);
        assert_eq!(reply.text(), "the body");
        assert_eq!(reply.broken, None);
    }
}

pub(super) fn p3_a_users_headers_and_method_are_kept<S: Subject>(case: &Case<S>) {
    let client = case.client();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let url = case.servers.url("/things/a%2Fb?q=%C3%A9&r");
        let mut request = request(method.clone(), &url, Body::Empty);
        for value in ["one", "two"] {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append("x-case", value);
        }
        let agent = HeaderValue::from_static("a user's own/1.0");
        request.headers_mut().insert("user-agent", agent);
        case.send(&client, request).expect_status(200);
        let Some(seen) = case.servers.resource.requests().pop() else {
            fail("a request");
        };
        assert_eq!(seen.method(), method.as_str());
        assert_eq!(seen.target(), "/things/a%2Fb?q=%C3%A9&r");
        assert_eq!(seen.header_values("x-case").join(", "), "one, two");
        assert_eq!(seen.header_values("user-agent"), ["a user's own/1.0"]);
        assert_eq!(seen.body_length(), 0);
    }
}

pub(super) fn p3_connections_are_used_again<S: Subject>(case: &Case<S>) {
    let client = case.client();
    for _ in 0..30 {
        case.get(&client, "/things").expect_status(200);
    }
    let connections = case.servers.resource.counts().connections;
    assert!(
        connections <= 5,
        "expected few connections, but there were {connections}"
    );
}

pub(super) fn p3_an_error_of_the_library_is_handed_through<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    case.servers.resource.refuse_connections();
    case.get(&client, "/things").expect_transport_error();
    case.servers.resource.accept_connections();
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.token_requests(), 1);
}

/// Reads what should be the pattern until there is no more, or enough; says how it ended.
fn read<S: Subject>(
    case: &Case<S>,
    client: &Client<S>,
    path: &str,
    enough: u64,
) -> (Result<(), String>, u64) {
    let client = client.clone();
    let request = S::request(&case.transport, get(&case.servers.url(path)));
    let read = move || async move {
        let mut sink = Sink { read: 0, enough };
        let ended = match client.send(request).await {
            Ok(response) => S::read(response, &mut sink).await,
            Err(error) => Err(error.into()),
        };
        (ended.map_err(|error| error.to_string()), sink.read)
    };
    Call::start::<S, _>(read).wait()
}

/// Checks that what it gets is the pattern, and fails when it has enough.
struct Sink {
    read: u64,
    enough: u64,
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece != pattern(self.read, piece.len()) {
            return Err(io::Error::other("the body is not the one that was sent"));
        }
        self.read += piece.len() as u64;
        if self.read >= self.enough {
            return Err(io::Error::other("the case has read enough"));
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const MEGABYTES: u64 = 5_000_000;
