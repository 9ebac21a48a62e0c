use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use alf_core::HttpClients;
use alf_testkit::{Answer, Servers};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use pollster::block_on;
use reqwest::redirect::Policy;

use super::*;

/// reqwest does not show that the client follows redirects. The exchange still fails, and what a redirect
/// could carry along is not in a body.
#[test]
fn t7_redirect_that_the_client_follows_is_an_error() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.another_resource_server();
        other_server.answer_always(Answer::token());
        let moved = Answer::redirect(status, other_server.url("/caught"));
        servers.authorization.answer_always(moved);
        let kind = match exchange(&servers, Client::new(), MAX, AMPLE) {
            Ok(answer) if answer.status() == status => ExchangeErrorKind::Redirected,
            Ok(answer) => panic!("{status}: {}", answer.status()),
            Err(error) => error.kind(),
        };
        assert_eq!(kind, ExchangeErrorKind::Redirected, "{status}");
        assert!(
            !other_server.saw("secret"),
            "{status}: {}",
            other_server.report()
        );
        assert_eq!(other_server.counts().with_authorization, 0, "{status}");
    }
}

#[test]
fn t7_own_policy_of_the_client_may_fail() {
    let servers = Servers::start();
    let moved = Answer::redirect(302, servers.url("/?key=hidden"));
    servers.authorization.answer_always(moved);
    let policy = Policy::custom(|attempt| attempt.error("not that way"));
    let client = Client::builder().redirect(policy).build().unwrap();
    let error = exchange(&servers, client, MAX, AMPLE).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Redirected);
    assert!(!format!("{error:?}").contains("hidden"));
}

#[test]
fn t7_body_is_read_up_to_the_bound() {
    let servers = Servers::start();
    let body = |length| Answer::status(200).chunks_of_length(length);
    servers.authorization.answer_next(body(1000));
    servers.authorization.answer_next(body(1001));
    let endless = Answer::status(200).endless_body();
    servers.authorization.answer_next(endless);
    let client = Client::new();
    let answer = exchange(&servers, client.clone(), 1000, AMPLE).unwrap();
    assert_eq!(answer.body().len(), 1000);
    for _ in 0..2 {
        let error = exchange(&servers, client.clone(), 1000, AMPLE).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
    }
}

/// B1: as an error of the transport it would be permanent, and its `Retry-After` lost.
#[test]
fn t7_error_answer_over_the_bound_keeps_its_status() {
    let servers = Servers::start();
    let client = Client::new();
    for (status, answer) in [
        (503, Answer::status(503).body_of_length(1_100_000)),
        (503, Answer::status(503).chunks_of_length(1_100_000)),
        (400, Answer::status(400).endless_body()),
    ] {
        let answer = answer.header("Retry-After", "7");
        servers.authorization.answer_next(answer);
        let answer = exchange(&servers, client.clone(), MAX, AMPLE).unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "7");
        assert_eq!(answer.body().len(), MAX);
    }
}

#[test]
fn t4_failures_have_their_kind() {
    let servers = Servers::start();
    servers.authorization.answer_next(Answer::hang_up());
    let half = Answer::status(200).body_of_length(100).hang_up_in_body();
    servers.authorization.answer_next(half);
    for _ in 0..2 {
        let error = exchange(&servers, Client::new(), MAX, AMPLE).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Exchange);
    }
    servers.authorization.refuse_connections();
    let error = exchange_by(&servers, own(), MAX, AMPLE).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Connect);
    // reqwest may say that the body was not sent.
    let error = exchange(&servers, Client::new(), MAX, AMPLE).unwrap_err();
    let kinds = [ExchangeErrorKind::Connect, ExchangeErrorKind::Exchange];
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

/// It is not dropped: neither a silent server, nor one that stops in the middle, nor one that goes on
/// and on may keep it. The client's own timeout is as long as it is without more.
#[test]
fn s5_exchange_ends_by_itself_in_its_time() {
    let servers = Servers::start();
    let stops = Answer::json(200, "{").header("Content-Length", "1000");
    for answer in [
        Answer::silence(),
        stops,
        Answer::status(200).endless_body(),
        Answer::status(503).endless_body(),
    ] {
        let shown = format!("{answer:?}");
        let brief = Duration::from_millis(200);
        for route in [own(), Route::given(Client::new())] {
            servers.authorization.answer_next(answer.clone());
            let error = exchange_by(&servers, route, usize::MAX, brief).unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::Timeout, "{shown}");
        }
    }
}

/// As many servers as there may be threads answer 401 and hold the remainder back: no caller waits
/// longer than he wants to, and the next 401 costs its connection, but no thread.
#[test]
fn x5_threads_that_read_what_nobody_wants_do_not_pile_up() {
    let servers = Servers::start();
    let held = Answer::status(401).header("Content-Length", "1000");
    servers.resource.answer_always(held);
    let client = Client::new();
    let route = Route::given(client.clone());
    let transport = ReqwestTransport::new(route.clone(), route);
    let answer = || client.get(servers.url("/")).send().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..MOST_DRAINS {
        let mut discarded = Box::pin(transport.discard(answer()));
        assert!(poll(discarded.as_mut()).is_pending());
        waiting.push(discarded);
    }
    assert_eq!(transport.drains.available_permits(), 0);
    assert!(poll(pin!(transport.discard(answer()))).is_ready());
    // Their callers' time is up, and then the servers go: the last read of each ends.
    waiting.clear();
    drop(servers);
    while transport.drains.available_permits() < MOST_DRAINS {
        std::thread::yield_now();
    }
}

#[test]
fn r8_discard_of_a_short_remainder_keeps_the_connection() {
    let servers = Servers::start();
    let answer = Answer::status(401).body_of_length(60_000);
    servers.resource.answer_always(answer);
    let client = Client::new();
    let route = Route::given(client.clone());
    let transport = ReqwestTransport::new(route.clone(), route);
    for _ in 0..5 {
        block_on(transport.discard(client.get(servers.url("/")).send().unwrap()));
    }
    let connections = servers.resource.counts().connections;
    assert!(connections < 5, "{connections}");
}

const MAX: usize = 1024 * 1024;
const AMPLE: Duration = Duration::from_secs(30);

fn exchange(
    servers: &Servers,
    tokens: Client,
    max_bytes: usize,
    timeout: Duration,
) -> Result<http::Response<Bytes>, ExchangeError> {
    exchange_by(servers, Route::given(tokens), max_bytes, timeout)
}

/// Of alf's own, as `build()` makes it.
fn own() -> Route<Client> {
    Route::for_tokens(&mut HttpClients::default()).unwrap()
}

fn exchange_by(
    servers: &Servers,
    tokens: Route<Client>,
    max_bytes: usize,
    timeout: Duration,
) -> Result<http::Response<Bytes>, ExchangeError> {
    let transport = ReqwestTransport::new(tokens.clone(), tokens);
    let request = http::Request::post(servers.token_endpoint())
        .header(AUTHORIZATION, "Basic Y2xpZW50LWlkOnNlY3JldA==")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from_static(
            b"grant_type=client_credentials&x=secret",
        ))
        .unwrap();
    let options = ExchangeOptions::new(max_bytes, timeout);
    block_on(transport.exchange(request, &options))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
