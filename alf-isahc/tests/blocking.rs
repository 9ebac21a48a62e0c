//! The blocking face: bodies of both kinds, and callers of all kinds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "code of tests, outside of their functions"
)]

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use alf_isahc::isahc::config::Configurable;
use alf_isahc::isahc::{Body, ReadResponseExt, Request};
use alf_isahc::{Client, Error};
use alf_testkit::{Answer, Gate, Servers};

#[test]
fn r4_body_in_memory_is_replayed() {
    let servers = Servers::start();
    let client = client(&servers);
    for body in [Body::empty(), Body::from(""), Body::from("the body")] {
        servers.revoke_all();
        servers.resource.forget();
        let length = body.len();
        let mut response = client.post(servers.url("/echo"), body).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.bytes().unwrap().len() as u64, length.unwrap());
    }
}

#[test]
fn r4_reader_is_sent_once_and_its_401_returned() {
    let servers = Servers::start();
    let client = client(&servers);
    client.get(servers.url("/")).unwrap();
    servers.revoke_all();
    let rejection = Answer::unauthorized().body("why not");
    servers.resource.reject_with(rejection);
    let send = || {
        let reader = Body::from_reader(Cursor::new("streamed"));
        client.put(servers.url("/echo"), reader).unwrap()
    };
    let mut response = send();
    assert_eq!(response.status(), 401);
    assert_eq!(response.bytes().unwrap(), b"why not");
    let mut response = send();
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().unwrap(), b"streamed");
    assert_eq!(servers.resource.request_count(), 3);
}

/// With a length, it is sent with one.
#[test]
fn p3_length_of_a_reader_is_kept() {
    let servers = Servers::start();
    let client = client(&servers);
    let sized = Body::from_reader_sized(Cursor::new("streamed"), 8);
    client.post(servers.url("/"), sized).unwrap();
    let unsized_one = Body::from_reader(Cursor::new("streamed"));
    client.post(servers.url("/"), unsized_one).unwrap();
    let seen = servers.resource.requests();
    assert_eq!(seen[0].header("content-length"), Some("8"));
    assert_eq!(seen[1].header("transfer-encoding"), Some("chunked"));
    assert!(seen.iter().all(|request| request.body() == b"streamed"));
}

/// Neither is anything of it read before there is a token to send it with.
#[test]
fn r5_reader_is_not_touched_without_a_token() {
    let servers = Servers::start();
    let refusal = Answer::oauth_error(400, "invalid_client", "");
    servers.authorization.answer_always(refusal);
    let reads = Arc::new(AtomicUsize::new(0));
    let reader = Counting(Arc::clone(&reads));
    let result = client(&servers).post(servers.url("/"), Body::from_reader(reader));
    assert!(matches!(result, Err(Error::Token(_))));
    assert_eq!(reads.load(Ordering::Relaxed), 0);
    assert_eq!(Arc::strong_count(&reads), 1, "and the reader is dropped");
}

#[test]
fn x5_reader_that_fails_or_panics_sends_no_half() {
    let servers = Servers::start();
    let client = client(&servers);
    for last in [Last::Fails, Last::Panics] {
        let reader = Body::from_reader(Half {
            is_read: false,
            last,
        });
        let result = client.post(servers.url("/upload"), reader);
        assert!(matches!(result, Err(Error::Transport(_))), "{last:?}");
        assert_eq!(client.get(servers.url("/")).unwrap().status(), 200);
    }
    let whole = servers.resource.requests();
    assert!(whole.iter().all(|request| request.method() == "GET"));
}

/// The one transfer feeds the other: whoever read it on isahc's thread would wait for himself.
#[test]
fn p3_response_can_be_sent_on() {
    let servers = Servers::start();
    let client = client(&servers);
    let response = client.get(servers.url("/bytes/1000000")).unwrap();
    let upload = client.post(servers.url("/upload"), response.into_body());
    assert_eq!(upload.unwrap().status(), 200);
    let seen = servers.resource.requests().pop().unwrap();
    assert_eq!(seen.body_length(), 1_000_000);
}

/// Nobody waits for a reader once there is an answer.
#[test]
fn p3_answer_before_the_end_of_a_reader_is_returned() {
    let servers = Servers::start();
    let client = client(&servers);
    let (feed, pieces) = mpsc::channel();
    let early = Answer::status(413).body("too large").before_the_body();
    servers
        .resource
        .answer_next_at("/upload", early.then_close());
    feed.send(b"begun".to_vec()).unwrap();
    let reader = Body::from_reader(Fed(Mutex::new(pieces)));
    let mut response = client.post(servers.url("/upload"), reader).unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(response.bytes().unwrap(), b"too large");
    drop(feed);
}

#[test]
fn p3_response_is_read_as_it_comes() {
    let servers = Servers::start();
    let gate = Gate::new();
    let answer = Answer::status(200).header("Content-Length", "10");
    servers
        .resource
        .answer_next_at("/half", answer.body("12345"));
    let mut response = client(&servers).get(servers.url("/half")).unwrap();
    let mut half = [0; 5];
    response.body_mut().read_exact(&mut half).unwrap();
    assert_eq!(&half, b"12345");
    assert_eq!(response.body().len(), Some(10));
    drop(gate);
}

#[test]
fn p3_head_has_no_body() {
    let servers = Servers::start();
    let response = client(&servers).head(servers.url("/bytes/10")).unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.body().is_empty());
}

/// isahc's own idiom, on a request that was built with settings of its own.
#[test]
fn p3_time_out_of_a_request_holds() {
    let servers = Servers::start();
    let gate = Gate::new();
    let client = client(&servers);
    servers
        .resource
        .answer_next_at("/slow", Answer::normal().held_by(&gate));
    let request = Request::get(servers.url("/slow"))
        .timeout(std::time::Duration::from_millis(200))
        .body(())
        .unwrap();
    let result = client.send(request);
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

#[test]
fn p2_blocking_call_works_inside_an_executor() {
    let servers = Servers::start();
    let tokio = tokio::runtime::Builder::new_current_thread().build();
    let tokio = tokio.unwrap();
    pollster::block_on(async { every_kind_of_call(&servers) });
    futures_util::future::FutureExt::now_or_never(async { every_kind_of_call(&servers) }).unwrap();
    tokio.block_on(async { every_kind_of_call(&servers) });
    tokio.block_on(tokio::task::LocalSet::new().run_until(async {
        let servers = &servers;
        // Two tasks of one thread: one holds up the other, and both end.
        let call = || async { every_kind_of_call(servers) };
        futures_util::future::join(call(), call()).await;
    }));
}

/// Many threads on one client, and one token request.
#[test]
fn s1_blocking_callers_share_the_acquisition() {
    let servers = Servers::start();
    let client = client(&servers);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(client.get(servers.url("/")).unwrap().status(), 200));
        }
    });
    assert_eq!(servers.authorization.token_requests(), 1);
}

/// An acquisition, a renewal with its replay, an upload, a body that is read, and the token alone.
fn every_kind_of_call(servers: &Servers) {
    let client = client(servers);
    for _ in 0..2 {
        let reader = Body::from_reader(Cursor::new("streamed"));
        client.get(servers.url("/")).unwrap();
        let mut response = client.post(servers.url("/echo"), reader).unwrap();
        assert_eq!(response.bytes().unwrap(), b"streamed");
        servers.revoke_all();
    }
    client.tokens().token_blocking().unwrap();
}

fn client(servers: &Servers) -> Client {
    let client = Client::builder(servers.token_endpoint()).client_secret("client-id", "secret");
    client.build().unwrap()
}

struct Counting(Arc<AtomicUsize>);

impl Read for Counting {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(0)
    }
}

struct Half {
    is_read: bool,
    last: Last,
}

#[derive(Clone, Copy, Debug)]
enum Last {
    Fails,
    Panics,
}

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_read {
            self.is_read = true;
            return Cursor::new("half of it").read(buffer);
        }
        match self.last {
            Last::Fails => Err(io::Error::other("the disk is gone")),
            Last::Panics => panic!("the reader is wrong"),
        }
    }
}

/// A reader that waits for its next piece.
struct Fed(Mutex<mpsc::Receiver<Vec<u8>>>);

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pieces = self.0.get_mut().unwrap();
        let piece = pieces.recv().unwrap_or_default();
        Cursor::new(piece).read(buffer)
    }
}
