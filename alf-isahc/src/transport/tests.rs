use alf_testkit::{Answer, Gate, Servers};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use isahc::HttpClient;

use super::*;

/// Also on a client of the user's that would follow it.
#[test]
fn t7_redirect_is_returned() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.another_resource_server();
        let moved = Answer::redirect(status, other_server.url("/caught"));
        servers.authorization.answer_always(moved);
        let client = HttpClient::builder().redirect_policy(RedirectPolicy::Follow);
        let answer = exchange(&servers, client.build().unwrap(), MAX).unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(other_server.request_count(), 0, "{}", other_server.report());
    }
}

#[test]
fn t7_body_is_read_up_to_the_bound() {
    let servers = Servers::start();
    let body = |length| Answer::status(200).chunks_of_length(length);
    servers.authorization.answer_next(body(1000));
    servers.authorization.answer_next(body(1001));
    let endless = Answer::status(200).endless_body();
    servers.authorization.answer_next(endless);
    let answer = exchange(&servers, client(), 1000).unwrap();
    assert_eq!(answer.body().len(), 1000);
    for _ in 0..2 {
        let error = exchange(&servers, client(), 1000).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
    }
}

/// B1: as an error of the transport it would be permanent, and its `Retry-After` lost.
#[test]
fn t7_error_answer_over_the_bound_keeps_its_status() {
    let servers = Servers::start();
    for (status, answer) in [
        (503, Answer::status(503).body_of_length(1_100_000)),
        (503, Answer::status(503).chunks_of_length(1_100_000)),
        (400, Answer::status(400).endless_body()),
    ] {
        let answer = answer.header("Retry-After", "7");
        servers.authorization.answer_next(answer);
        let answer = exchange(&servers, client(), MAX).unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "7");
        assert_eq!(answer.body().len(), MAX);
    }
}

/// 10,000 zeros in a few bytes.
#[test]
fn t7_bound_is_for_the_decoded_body() {
    let servers = Servers::start();
    let bomb = b"\
        \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7\
        \x4f\x6d\x0e\x37\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0\xdf\x00\x2e\xca\x3b\
        \x4d\x10\x27\x00\x00";
    let answer = Answer::status(200).header("Content-Encoding", "gzip");
    servers.authorization.answer_always(answer.body(*bomb));
    let answer = exchange(&servers, client(), 10_000).unwrap();
    assert_eq!(answer.body().len(), 10_000);
    let error = exchange(&servers, client(), 9_999).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
}

#[test]
fn t4_failures_have_their_kind() {
    let servers = Servers::start();
    let impatient = HttpClient::builder().timeout(Duration::from_millis(200));
    servers.authorization.answer_next(Answer::silence());
    let error = exchange(&servers, impatient.build().unwrap(), MAX).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);

    let half = Answer::status(200).body_of_length(100);
    for answer in [
        Answer::hang_up(),
        Answer::garbage(),
        half.hang_up_in_body(),
        Answer::normal().hang_up_in_headers(),
    ] {
        let shown = format!("{answer:?}");
        servers.authorization.answer_next(answer);
        let error = exchange(&servers, client(), MAX).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Exchange, "{shown}");
    }
    servers.authorization.refuse_connections();
    let error = exchange(&servers, client(), MAX).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Connect);
}

#[test]
fn t4_empty_answer_is_one() {
    let servers = Servers::start();
    for status in [200, 204, 400] {
        servers.authorization.answer_next(Answer::status(status));
        let answer = exchange(&servers, client(), MAX).unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().len()), (status, 0));
    }
}

/// isahc's and curl's own words, and all that lies beneath.
#[test]
fn x1_failures_show_neither_query_nor_secret() {
    let servers = Servers::start();
    let long_header = Answer::status(200).header("X-Long", "x".repeat(400_000));
    for answer in [
        Answer::hang_up(),
        Answer::garbage(),
        Answer::normal().hang_up_in_headers(),
        Answer::status(200).body_of_length(100).hang_up_in_body(),
        Answer::status(200).endless_body(),
        Answer::raw(&b"HTTP/9.9 200 OK\r\n\r\n"[..]),
        Answer::status(200)
            .header("Content-Encoding", "gzip")
            .body("no gzip"),
        long_header,
    ] {
        servers.authorization.answer_next(answer);
        shows_nothing(&exchange(&servers, client(), MAX).unwrap_err());
    }
    servers.authorization.refuse_connections();
    shows_nothing(&exchange(&servers, client(), MAX).unwrap_err());
    for nowhere in [
        "http://host.invalid/",
        "ftp://127.0.0.1/",
        "https://127.0.0.1:1/",
    ] {
        let endpoint = format!("{nowhere}?key=hidden");
        shows_nothing(&exchange_at(&endpoint, client(), MAX).unwrap_err());
    }
}

#[test]
fn x1_header_stays_marked_as_sensitive() {
    let transport = over(client());
    let mut request = Request::new(AsyncBody::empty());
    let mut value = HeaderValue::from_static("Bearer hidden");
    value.set_sensitive(true);
    transport.insert_header(&mut request, &AUTHORIZATION, &value);
    let copy = transport.try_clone(&mut request).unwrap();
    assert!(copy.headers().contains_key("authorization"));
    let shown = format!("{request:?} {copy:?}");
    assert!(!shown.contains("hidden"), "{shown}");
}

/// Without the bound this does not end.
#[test]
fn r8_long_remainder_is_not_read() {
    let servers = Servers::start();
    servers
        .resource
        .answer_next(Answer::unauthorized().endless_body());
    let transport = over(client());
    pollster::block_on(async {
        let response = rejected(&servers, &transport).await;
        transport.discard(response).await;
    });
}

/// Also where it comes late.
#[test]
fn r8_short_remainder_is_read_and_its_connection_kept() {
    let servers = Servers::start();
    let transport = over(client());
    let gate = Gate::new();
    let late = Answer::unauthorized().body_of_length(60_000);
    servers.resource.answer_next(late.remainder_held_by(&gate));
    pollster::block_on(async {
        let discarding = transport.discard(rejected(&servers, &transport).await);
        let mut discarding = Box::pin(discarding);
        assert!((&mut discarding).now_or_never().is_none());
        gate.open();
        discarding.await;
        rejected(&servers, &transport).await;
    });
    assert_eq!(servers.resource.counts().connections, 1);
}

#[cfg(test)]
async fn rejected(servers: &Servers, transport: &IsahcTransport) -> Response<AsyncBody> {
    let request = Request::get(servers.url("/")).body(AsyncBody::empty());
    let response = transport.send(request.unwrap()).await.unwrap();
    assert_eq!(transport.status(&response), StatusCode::UNAUTHORIZED);
    response
}

fn shows_nothing(error: &ExchangeError) {
    let mut shown = format!("{error:?} {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        shown = format!("{shown} {error:?} {error}");
        source = error.source();
    }
    for secret in ["hidden", "secret", "Basic", "Y2xp"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

const MAX: usize = 1024 * 1024;

#[cfg(test)]
fn client() -> HttpClient {
    HttpClient::builder().build().unwrap()
}

fn exchange(
    servers: &Servers,
    client: HttpClient,
    max_bytes: usize,
) -> Result<http::Response<Bytes>, ExchangeError> {
    let endpoint = format!("{}?key=hidden", servers.token_endpoint());
    exchange_at(&endpoint, client, max_bytes)
}

#[cfg(test)]
fn exchange_at(
    endpoint: &str,
    client: HttpClient,
    max_bytes: usize,
) -> Result<http::Response<Bytes>, ExchangeError> {
    let request = http::Request::post(endpoint)
        .header(AUTHORIZATION, "Basic Y2xpZW50LWlkOnNlY3JldA==")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from_static(
            b"grant_type=client_credentials&x=secret",
        ))
        .unwrap();
    let options = ExchangeOptions::new(max_bytes, Duration::from_secs(5));
    pollster::block_on(over(client).exchange(request, &options))
}

fn over(client: HttpClient) -> IsahcTransport {
    let owner = Owner::User;
    let route = Route { client, owner };
    IsahcTransport::new(route.clone(), route)
}
