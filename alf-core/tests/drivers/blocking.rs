//! Callers that block their thread, on a transport that does the same.

use std::io::{self, Cursor};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use alf_core::{
    BlockingTransport, Client, Error, Redirects, TimeoutPhase, TokenErrorKind, from_blocking_fn,
};
use alf_testkit::VirtualTime;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use pollster::block_on;

use crate::support::{ACQUIRE_TIMEOUT, API, CLIENT_ID, SECRET, TOKEN_ENDPOINT, access_token};

const THREADS: usize = 50;

/// Servers behind a closure that blocks.
#[derive(Clone, Default)]
struct Servers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    token_requests: AtomicUsize,
    requests: AtomicUsize,
    /// How many tokens are rejected, from the first on.
    revoked: AtomicUsize,
    /// How many token requests panic, from the first on.
    panics: AtomicUsize,
    gate: Mutex<Gate>,
    moved: Condvar,
}

/// Blocks token requests while it is closed.
#[derive(Default)]
struct Gate {
    closed: bool,
    arrived: usize,
}

type Answer = Response<Cursor<String>>;

impl Servers {
    fn answer(&self, request: &Request<Bytes>) -> Answer {
        if request.uri() == TOKEN_ENDPOINT {
            return self.token();
        }
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        let header = request.headers()[AUTHORIZATION].to_str().unwrap();
        let number: usize = header
            .strip_prefix("Bearer token-")
            .unwrap()
            .parse()
            .unwrap();
        let mut response = Response::new(Cursor::new(header.to_owned()));
        if number <= self.0.revoked.load(Ordering::SeqCst) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        response
    }

    fn token(&self) -> Answer {
        let number = self.0.token_requests.fetch_add(1, Ordering::SeqCst) + 1;
        let mut gate = self.0.gate.lock().unwrap();
        gate.arrived += 1;
        self.0.moved.notify_all();
        drop(self.0.moved.wait_while(gate, |gate| gate.closed).unwrap());
        assert!(
            number > self.0.panics.load(Ordering::SeqCst),
            "this panic is part of the test"
        );
        let token = format!(r#"{{"access_token":"token-{number}","expires_in":1000}}"#);
        Response::new(Cursor::new(token))
    }

    /// From now on the first token is rejected.
    fn revoke_first(&self) {
        self.0.revoked.store(1, Ordering::SeqCst);
    }

    fn hold_token_requests(&self) {
        self.0.gate.lock().unwrap().closed = true;
    }

    fn let_token_requests_go(&self) {
        self.0.gate.lock().unwrap().closed = false;
        self.0.moved.notify_all();
    }

    fn wait_for_token_requests(&self, count: usize) {
        let gate = self.0.gate.lock().unwrap();
        let arrived = self.0.moved.wait_while(gate, |gate| gate.arrived < count);
        drop(arrived.unwrap());
    }

    fn token_requests(&self) -> usize {
        self.0.token_requests.load(Ordering::SeqCst)
    }
}

fn client(servers: &Servers, time: &VirtualTime) -> Client<impl BlockingHttp> {
    let servers = servers.clone();
    let transport = from_blocking_fn(Redirects::NotFollowed, move |request| {
        Ok::<_, io::Error>(servers.answer(&request))
    });
    Client::builder(TOKEN_ENDPOINT)
        .client_secret(CLIENT_ID, SECRET)
        .runtime(time.clone())
        .build(transport)
        .unwrap()
}

/// The transport of [`client`].
trait BlockingHttp:
    BlockingTransport<Request = Request<Bytes>, Response = Response<Cursor<String>>>
{
}

impl<T> BlockingHttp for T where
    T: BlockingTransport<Request = Request<Bytes>, Response = Response<Cursor<String>>>
{
}

/// The `Authorization` that the API accepted.
fn get<T: BlockingHttp>(client: &Client<T>) -> Result<String, Error<T::Error>> {
    let request = Request::get(API).body(Bytes::new()).unwrap();
    let response = client.send_blocking(request)?;
    assert_eq!(response.status(), 200);
    Ok(response.into_body().into_inner())
}

#[test]
fn p2_thread_that_blocks_gets_its_response() {
    let servers = Servers::default();
    let client = client(&servers, &VirtualTime::new());
    for _ in 0..2 {
        assert_eq!(get(&client).unwrap(), "Bearer token-1");
    }
    let token = client.tokens().token_blocking().unwrap();
    assert_eq!(access_token(&token), "token-1");
    assert_eq!(servers.token_requests(), 1);
}

#[test]
fn r3_thread_that_blocks_gets_the_response_to_the_replay() {
    let servers = Servers::default();
    servers.revoke_first();
    let client = client(&servers, &VirtualTime::new());
    assert_eq!(get(&client).unwrap(), "Bearer token-2");
    assert_eq!(servers.0.requests.load(Ordering::SeqCst), 2);
}

/// The executor has one thread, which is blocked.
#[test]
fn p2_executor_whose_only_thread_blocks_does_not_deadlock() {
    let servers = Servers::default();
    servers.revoke_first();
    let client = client(&servers, &VirtualTime::new());
    let answer = block_on(async { block_on(async { get(&client).unwrap() }) });
    assert_eq!(answer, "Bearer token-2");
    let token = block_on(async { client.tokens().token_blocking().unwrap() });
    assert_eq!(access_token(&token), "token-2");
}

#[cfg(feature = "tokio")]
#[test]
fn p2_task_that_blocks_the_only_thread_of_tokio_does_not_deadlock() {
    let servers = Servers::default();
    servers.revoke_first();
    let client = client(&servers, &VirtualTime::new());
    let tokio = tokio::runtime::Builder::new_current_thread().build();
    let answer = tokio.unwrap().block_on(async {
        let task = tokio::spawn(async move { get(&client).unwrap() });
        task.await.unwrap()
    });
    assert_eq!(answer, "Bearer token-2");
}

#[test]
fn s1_many_threads_that_block_cost_one_token_request() {
    let time = VirtualTime::new();
    let servers = Servers::default();
    let client = client(&servers, &time);
    servers.hold_token_requests();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| get(&client))).collect();
        // Each waits with a timer of its own (S5), and the attempt has one too.
        time.wait_for_timers(THREADS + 1);
        servers.let_token_requests_go();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), "Bearer token-1");
        }
    });
    assert_eq!(servers.token_requests(), 1);
    time.wait_until_idle();
}

#[test]
fn r1_many_threads_that_block_cause_one_renewal() {
    let servers = Servers::default();
    let client = client(&servers, &VirtualTime::new());
    assert_eq!(get(&client).unwrap(), "Bearer token-1");
    servers.revoke_first();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| get(&client))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), "Bearer token-2");
        }
    });
    assert_eq!(servers.token_requests(), 2);
}

/// The closure has no timeout, and it cannot be dropped while it runs.
#[test]
fn s5_closure_that_hangs_delays_no_caller_past_its_deadline() {
    let time = VirtualTime::new();
    let servers = Servers::default();
    let client = client(&servers, &time);
    servers.hold_token_requests();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| get(&client))).collect();
        servers.wait_for_token_requests(1);
        time.wait_for_timers(THREADS + 1);
        time.advance(ACQUIRE_TIMEOUT);
        for thread in threads {
            let Err(Error::Token(error)) = thread.join().unwrap() else {
                panic!("a token from a request that hangs");
            };
            assert_eq!(error.kind(), TokenErrorKind::Timeout(TimeoutPhase::Acquire));
        }
        // The next one does not wait for the closure that hangs: it starts another acquisition.
        let next = scope.spawn(|| client.tokens().token_blocking().unwrap());
        servers.wait_for_token_requests(2);
        servers.let_token_requests_go();
        // The token of the closure that hung is too late, and changes nothing.
        assert_eq!(access_token(&next.join().unwrap()), "token-2");
    });
    time.wait_until_idle();
    assert_eq!(get(&client).unwrap(), "Bearer token-2");
    assert_eq!(servers.token_requests(), 2);
}

#[test]
fn s4_closure_that_panics_stops_no_caller() {
    let servers = Servers::default();
    servers.0.panics.store(1, Ordering::SeqCst);
    let client = client(&servers, &VirtualTime::new());
    assert_eq!(get(&client).unwrap(), "Bearer token-2");
    assert_eq!(servers.token_requests(), 2);
}
