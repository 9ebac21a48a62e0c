//! P3: bodies stream in both directions, no faster than the slower side takes them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use http::Method;

use crate::server::{body_hash, pattern};
use crate::{Answer, Gate};

use super::call::PATIENCE;
use super::{Body, BodyStream, Call, Case, Expect, Subject, fail, get, request};

pub(super) fn p3_a_response_is_read_no_faster_than_it_is_used<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let (told, begun) = mpsc::channel();
    let (go_on, released) = mpsc::channel();
    let url = case.servers.url(&format!("/bytes/{LENGTH}"));
    let request = S::request(&case.transport, get(&url));
    let read = move || async move {
        let mut sink = HeldSink {
            read: 0,
            told,
            released,
        };
        let ended = match client.send(request).await {
            Ok(response) => S::read(response, &mut sink).await,
            Err(error) => Err(error.into()),
        };
        (ended.map_err(|error| error.to_string()), sink.read)
    };
    let mut call = Call::start::<S, _>(read);
    let first = begun.recv_timeout(PATIENCE);
    let sent = || case.servers.resource.counts().bytes_sent;
    let sent = if first.is_ok() { steady(sent) } else { sent() };
    // Whoever waits in vain is let go before the case fails.
    let _ = go_on.send(());
    assert!(
        sent < LENGTH / 2,
        "expected the server to wait for the reader, but {sent} bytes of {LENGTH} were taken"
    );
    if first.is_err() {
        call.ends_within(PATIENCE);
        fail("the first piece of a response");
    }
    assert_eq!(call.wait(), (Ok(()), LENGTH), "expected every byte");
}

pub(super) fn p3_a_stream_is_read_no_faster_than_it_is_sent<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let gate = Gate::new();
    let answer = Answer::normal().reading_the_body_at(&gate);
    case.servers.resource.answer_next(answer);
    let stream = BodyStream::of_length(LENGTH);
    let made = stream.made();
    let url = case.servers.url("/upload");
    let upload = request(Method::POST, &url, Body::Stream(stream));
    let call = case.start(&client, upload);
    gate.wait_for_arrivals(1);
    let taken = taken_while_nobody_reads(&made);
    gate.open();
    assert!(
        taken < LENGTH / 2,
        "expected a stream to wait for the server, but {taken} bytes of {LENGTH} were taken"
    );
    call.wait().expect_status(200);
    let seen = case.servers.resource.requests().pop();
    let seen = seen.map(|request| (request.body_length(), request.body_hash()));
    assert_eq!(seen, Some((LENGTH, *HASH)), "expected every byte");
}

fn taken_while_nobody_reads(made: &Arc<AtomicU64>) -> u64 {
    let begun = Instant::now();
    while made.load(Ordering::Relaxed) == 0 {
        if begun.elapsed() > PATIENCE {
            fail("a stream to be read at all");
        }
        thread::sleep(Duration::from_millis(1));
    }
    steady(|| made.load(Ordering::Relaxed))
}

/// The count, once it stands still: nobody tells when that is so. On a busy machine it may stand
/// still too early; then a flaw is missed, but no sound transport fails.
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

/// Checks that what it gets is the pattern, and takes the first piece only when it is told to.
struct HeldSink {
    read: u64,
    told: Sender<()>,
    released: Receiver<()>,
}

impl Write for HeldSink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.read == 0 {
            let _ = self.told.send(());
            // Either it is told, or the case is over.
            let _ = self.released.recv();
        }
        // A part of it, where the library hands over more at once.
        let piece = piece.get(..PIECE).unwrap_or(piece);
        let begin = usize::try_from(self.read % 26).unwrap_or_default();
        if PATTERN.get(begin..begin + piece.len()) != Some(piece) {
            return Err(io::Error::other("the body is not the one that was sent"));
        }
        self.read += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Several times what the buffers of a system hold.
const LENGTH: u64 = 48 * 1024 * 1024;
static HASH: LazyLock<u64> =
    LazyLock::new(|| body_hash(&pattern(0, usize::try_from(LENGTH).unwrap_or(usize::MAX))));
const PIECE: usize = 64 * 1024;
/// Longer than a piece, which may begin anywhere in the alphabet.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| pattern(0, PIECE + 26));
