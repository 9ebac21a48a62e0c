//! P3: requests and responses are the library's own, and stream in both directions, no faster than
//! the slower side takes them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use http::Method;
use http::header::HeaderValue;

use crate::server::{Answer, Gate, PATTERN, PIECE, body_hash, pattern};
use crate::suite::fail;
use crate::waiting::DEADLINE;

use super::body::{Body, BodyStream};
use super::case::{Case, CaseClient, get, post, request};
use super::tested::{ReadBody, ThreadCall};

pub(super) fn p3_megabytes_arrive_intact(case: &Case) {
    let client = case.client();
    for path in ["bytes", "chunks"] {
        let path = format!("/{path}/{MEGABYTES}");
        let sink = PatternSink::default();
        let read = Arc::clone(&sink.read);
        let reply = read_into(&client, &path, sink).wait();
        assert_eq!(reply.expect_status(200).broken, None);
        assert_eq!(read.load(Ordering::Relaxed), MEGABYTES, "of {path}");
    }
}

pub(super) fn p3_a_response_is_read_as_it_arrives(case: &Case) {
    // The second half never arrives: a library that reads a body whole waits for it.
    let answer = Answer::status(200).header("Content-Length", "200000");
    let half = pattern(0, 100_000);
    case.resource.answer_at("/half", answer.body(half));
    let client = case.client();
    let sink = PatternSink {
        fails_after: 100_000,
        ..PatternSink::default()
    };
    let read = Arc::clone(&sink.read);
    let reply = read_into(&client, "/half", sink).wait();
    assert!(reply.expect_status(200).broken.is_some());
    assert_eq!(read.load(Ordering::Relaxed), 100_000);
    client.get("/things").expect_status(200);
}

pub(super) fn p3_a_response_is_read_no_faster_than_it_is_used(case: &Case) {
    let client = case.client_with_token();
    let (arrived, first_piece) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let sink = PatternSink {
        before_first: Some(Box::new(move || {
            let _ = arrived.send(());
            // Ends also if the case has failed, and dropped the sender.
            let _ = released.recv();
        })),
        ..PatternSink::default()
    };
    let read = Arc::clone(&sink.read);
    let call = read_into(&client, &format!("/bytes/{LENGTH}"), sink);
    let first_piece = first_piece.recv_timeout(DEADLINE);
    let sent = || case.resource.counts().bytes_sent;
    let sent = if first_piece.is_ok() {
        steady(sent)
    } else {
        sent()
    };
    let _ = release.send(());
    assert!(
        sent < LENGTH / 2,
        "expected the server to wait for the reader, but {sent} bytes of {LENGTH} were taken"
    );
    if first_piece.is_err() {
        call.ends_within(DEADLINE);
        fail("the first piece of a response");
    }
    assert_eq!(call.wait().expect_status(200).broken, None);
    assert_eq!(read.load(Ordering::Relaxed), LENGTH, "expected every byte");
}

pub(super) fn p3_megabytes_are_sent_intact(case: &Case) {
    let upload = post(&case.url("/upload"), pattern(0, to_usize(MEGABYTES)));
    case.client().send(upload).expect_status(200);
    expect_upload(case, MEGABYTES);
}

pub(super) fn p3_a_stream_of_megabytes_is_sent_intact(case: &Case) {
    let stream = Body::Stream(BodyStream::of_length(MEGABYTES));
    let upload = request(Method::PUT, &case.url("/upload"), stream);
    case.client().send(upload).expect_status(200);
    expect_upload(case, MEGABYTES);
}

pub(super) fn p3_a_stream_is_read_no_faster_than_it_is_sent(case: &Case) {
    let client = case.client_with_token();
    let gate = Gate::new();
    let answer = Answer::normal().reading_the_body_at(&gate);
    case.resource.answer_next(answer);
    let stream = BodyStream::of_length(LENGTH);
    let made = stream.made();
    let upload = request(Method::POST, &case.url("/upload"), Body::Stream(stream));
    let call = client.start(upload);
    gate.wait_for_arrivals(1);
    if !made.wait_until(DEADLINE, |made| *made > 0) {
        fail("a stream to be read at all");
    }
    let taken = steady(|| made.read(|made| *made));
    gate.open();
    assert!(
        taken < LENGTH / 2,
        "expected a stream to wait for the server, but {taken} bytes of {LENGTH} were taken"
    );
    call.wait().expect_status(200);
    expect_upload(case, LENGTH);
}

pub(super) fn p3_status_and_headers_are_untouched(case: &Case) {
    let client = case.client();
    for status in [200, 201, 206, 404, 418, 500] {
        let answer = Answer::status(status)
            .header("X-Case", "one, two")
            .header("Content-Type", "text/odd; a=\"b\"")
            .header("x-case", "")
            .header("X-CASE", "three");
        case.resource.answer_next(answer.body("the body"));
        let reply = client.get("/things").expect_status(status);
        assert_eq!(reply.header_values("x-case"), ["one, two", "", "three"]);
        assert_eq!(reply.header_values("content-type"), ["text/odd; a=\"b\""]);
        assert_eq!(reply.text(), "the body");
        assert_eq!(reply.broken, None);
    }
}

pub(super) fn p3_a_users_headers_and_method_are_kept(case: &Case) {
    let client = case.client();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let known = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let url = case.url("/things/a%2Fb?q=%C3%A9&r");
        let mut request = request(known, &url, Body::Empty);
        for value in ["one", "two"] {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append("x-case", value);
        }
        let agent = HeaderValue::from_static("a user's own/1.0");
        request.headers_mut().insert("user-agent", agent);
        client.send(request).expect_status(200);
        let Some(seen) = case.resource.requests().pop() else {
            fail("a request");
        };
        assert_eq!(seen.method(), method);
        assert_eq!(seen.target(), "/things/a%2Fb?q=%C3%A9&r");
        assert_eq!(seen.header_values("x-case").join(", "), "one, two");
        assert_eq!(seen.header_values("user-agent"), ["a user's own/1.0"]);
        assert_eq!(seen.body_length(), 0);
    }
}

pub(super) fn p3_connections_are_reused(case: &Case) {
    let client = case.client();
    for _ in 0..30 {
        client.get("/things").expect_status(200);
    }
    case.expect_few_connections();
}

pub(super) fn p3_an_error_of_the_library_is_passed_on(case: &Case) {
    let client = case.client_with_token();
    case.resource.refuse_connections();
    client.get("/things").expect_transport_error();
    case.resource.accept_connections();
    client.get("/things").expect_status(200);
    case.expect_token_requests(1);
}

fn read_into(client: &CaseClient<'_>, path: &str, sink: PatternSink) -> ThreadCall {
    let request = get(&client.case.url(path));
    client.start_reading(request, ReadBody::WriteTo(Box::new(sink)))
}

/// Expects that the last request had a body of the pattern, of this length.
fn expect_upload(case: &Case, length: u64) {
    let seen = case.resource.requests().pop();
    let seen = seen.map(|request| (request.body_length(), request.body_hash()));
    let hash = body_hash(&pattern(0, to_usize(length)));
    assert_eq!(seen, Some((length, hash)), "expected every byte");
}

/// Returns the count when it has not changed for a while. On a busy machine it may stop changing too
/// early; then a flaw is missed, but a correct transport does not fail.
fn steady(count: impl Fn() -> u64) -> u64 {
    let mut last = count();
    let mut polls = 0;
    while polls < 5 {
        thread::sleep(Duration::from_millis(50));
        let now = count();
        polls = if now == last { polls + 1 } else { 0 };
        last = now;
    }
    last
}

struct PatternSink {
    read: Arc<AtomicU64>,
    fails_after: u64,
    /// Called before the first piece is taken.
    before_first: Option<Box<dyn FnOnce() + Send>>,
}

impl Default for PatternSink {
    fn default() -> Self {
        Self {
            read: Arc::default(),
            fails_after: u64::MAX,
            before_first: None,
        }
    }
}

impl Write for PatternSink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if let Some(wait) = self.before_first.take() {
            wait();
        }
        let read = self.read.load(Ordering::Relaxed);
        // A piece may start anywhere in the 26 bytes that repeat.
        let start = to_usize(read % 26);
        let piece = piece.get(..PIECE - start).unwrap_or(piece);
        if PATTERN.get(start..start + piece.len()) != Some(piece) {
            return Err(io::Error::other("the body is not the one that was sent"));
        }
        let read = read + piece.len() as u64;
        self.read.store(read, Ordering::Relaxed);
        if read >= self.fails_after {
            return Err(io::Error::other("the case has read enough"));
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn to_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

const MEGABYTES: u64 = 5_000_000;
/// Several times what the buffers of a system hold.
const LENGTH: u64 = 48 * 1024 * 1024;
