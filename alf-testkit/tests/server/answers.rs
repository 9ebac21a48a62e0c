//! Each answer, as its bytes arrive.

use std::io::ErrorKind;

use alf_testkit::server::pattern;
use alf_testkit::{Answer, Gate, Servers};

use crate::client::{Client, FORM, get};

fn answered(answer: Answer) -> (Servers, Client) {
    let servers = Servers::start();
    servers.resource.answer_next(answer);
    let client = Client::to(&servers.resource);
    (servers, client)
}

#[test]
fn status_headers_and_body_are_sent_as_given() {
    let answer = Answer::status(418)
        .header("X-A", "1")
        .header("X-A", "2")
        .header("X-Latin", &b"\xe9"[..])
        .body("tea");
    let (_servers, mut client) = answered(answer.then_close());
    client.send(get("/", "x"));
    assert_eq!(
        client.until_closed(),
        b"HTTP/1.1 418 I'm a teapot\r\nX-A: 1\r\nX-A: 2\r\nX-Latin: \xe9\r\nContent-Length: 3\r\n\
          Connection: close\r\n\r\ntea"
    );
}

#[test]
fn oauth_error_is_json_and_redirect_has_a_location() {
    let (servers, mut client) = answered(Answer::oauth_error(400, "invalid_scope", "a \"b\""));
    let response = client.get("/", "x");
    assert_eq!(response.status, 400);
    assert_eq!(
        response.text(),
        r#"{"error":"invalid_scope","error_description":"a \"b\""}"#
    );
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = servers.resource.localhost_url("/elsewhere");
        servers
            .resource
            .answer_next(Answer::redirect(status, &elsewhere));
        let response = client.get("/", "x");
        assert_eq!(
            (response.status, response.header("location")),
            (status, Some(&*elsewhere))
        );
    }
    servers
        .resource
        .answer_next(Answer::insufficient_scope("write"));
    let response = client.get("/", "x");
    assert!(
        response
            .header("www-authenticate")
            .unwrap()
            .contains("insufficient_scope")
    );
}

#[test]
fn bodies_come_with_length_or_in_chunks() {
    let (servers, mut client) = answered(Answer::status(200).chunks(["ab", "", "cde"]));
    let response = client.get("/", "x");
    assert_eq!(response.header("transfer-encoding"), Some("chunked"));
    assert_eq!(response.text(), "abcde");
    servers
        .resource
        .answer_next(Answer::status(401).body_of_length(10_000_000));
    assert!(client.get("/", "x").body == pattern(0, 10_000_000));
    servers
        .resource
        .answer_next(Answer::status(200).chunks_of_length(100_001));
    assert!(client.get("/", "x").body == pattern(0, 100_001));
}

#[test]
fn head_gets_no_body() {
    let (servers, mut client) = answered(Answer::status(200).body("four"));
    client.send("HEAD / HTTP/1.1\r\n\r\n");
    assert_eq!(
        client.response_to_head().header("content-length"),
        Some("4")
    );
    servers
        .resource
        .answer_next(Answer::status(200).endless_body());
    client.send("HEAD / HTTP/1.1\r\n\r\n");
    assert_eq!(client.response_to_head().status, 200);
    servers.resource.answer_next(Answer::status(204));
    let response = client.get("/", "x");
    assert_eq!(
        (response.status, response.header("content-length")),
        (204, None)
    );
}

#[test]
fn endless_body_ends_with_the_client() {
    let (servers, mut client) = answered(Answer::status(401).endless_body());
    client.send(get("/", "x"));
    assert_eq!(client.response_to_head().status, 401);
    client.shutdown();
    servers
        .resource
        .wait_until("no connection", |counts| counts.open_connections == 0);
}

#[test]
fn hang_up_is_an_end_and_reset_is_an_error() {
    let (servers, mut client) = answered(Answer::hang_up());
    client.send(get("/", "x"));
    assert_eq!(client.read_error(), None);
    servers.resource.answer_next(Answer::reset());
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "x"));
    assert_eq!(client.read_error(), Some(ErrorKind::ConnectionReset));
    assert_eq!(servers.resource.request_count(), 2);
    assert!(
        servers
            .resource
            .requests()
            .iter()
            .all(|request| request.status().is_none())
    );
}

#[test]
fn answers_stop_in_the_headers_or_in_the_body() {
    let (servers, mut client) = answered(Answer::status(200).body("0123456789").hang_up_in_body());
    client.send(get("/", "x"));
    assert_eq!(
        client.until_closed(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"
    );

    servers
        .resource
        .answer_next(Answer::status(200).chunks(["a", "b"]).hang_up_in_body());
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "x"));
    assert!(client.until_closed().ends_with(b"\r\n\r\n1\r\na\r\n"));

    let half = Answer::status(200).body_of_length(100).hang_up_in_body();
    servers.resource.answer_next(half);
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "x"));
    assert!(
        client
            .until_closed()
            .ends_with(&[b"\r\n\r\n", &*pattern(0, 50)].concat())
    );

    servers
        .resource
        .answer_next(Answer::unauthorized().hang_up_in_headers());
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "x"));
    assert!(client.until_closed().ends_with(b"\r\nContent-Length: "));

    servers
        .authorization
        .answer_next(Answer::normal().hang_up_in_body());
    let mut client = Client::to(&servers.authorization);
    client.send(crate::client::token_request("", FORM));
    let received = String::from_utf8(client.until_closed()).unwrap();
    assert!(
        received.contains("\"access_token\":") && !received.contains('}'),
        "{received}"
    );
}

#[test]
fn raw_bytes_replace_http() {
    let (servers, mut client) = answered(Answer::raw("SSH-2.0-OpenSSH_9.6\r\n"));
    client.send(get("/", "x"));
    assert_eq!(client.until_closed(), b"SSH-2.0-OpenSSH_9.6\r\n");
    servers.resource.answer_next(Answer::garbage());
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "x"));
    assert!(!client.until_closed().starts_with(b"HTTP"));
}

#[test]
fn connections_are_closed_in_each_way() {
    let (servers, mut client) = answered(Answer::status(200).then_close());
    let response = client.get("/", "x");
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(client.until_closed(), b"");

    servers
        .resource
        .answer_next(Answer::status(200).then_close_unannounced());
    let mut client = Client::to(&servers.resource);
    assert_eq!(client.get("/", "x").header("connection"), None);
    assert_eq!(client.until_closed(), b"");

    servers
        .resource
        .answer_next(Answer::status(200).then_close_under_next_request());
    let mut client = Client::to(&servers.resource);
    assert_eq!(client.get("/", "x").header("connection"), None);
    client.send(get("/", "x"));
    assert_eq!(client.until_closed(), b"");
    assert_eq!(servers.resource.request_count(), 3);
}

#[test]
fn answer_can_come_before_the_body() {
    let (servers, mut client) = answered(Answer::unauthorized().before_the_body());
    client.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
    assert_eq!(client.response().status, 401);
    client.send(pattern(0, 100_000));
    servers.resource.answer_next(Answer::status(202));
    assert_eq!(client.get("/", "x").status, 202);

    servers
        .resource
        .answer_next(Answer::unauthorized().before_the_body());
    client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    let response = client.response();
    assert_eq!(
        (response.status, response.header("connection")),
        (401, Some("close"))
    );
    assert_eq!(client.until_closed(), b"");
}

#[test]
fn client_that_expects_100_gets_it() {
    let (_servers, mut client) = answered(Answer::status(201));
    client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.response().status, 100);
    client.send("abc");
    assert_eq!(client.response().status, 201);
}

#[test]
fn remainder_of_a_body_is_held_and_its_start_is_not() {
    for answer in [
        Answer::status(200).body("abcdef"),
        Answer::status(200).chunks(["abcd", "ef"]),
        Answer::status(200).body_of_length(6),
    ] {
        let gate = Gate::new();
        let (servers, mut client) = answered(answer.remainder_held_by(&gate));
        client.send(get("/", "x"));
        gate.wait_for_arrivals(1);
        let sent = servers.resource.counts().bytes_sent;
        gate.open();
        assert_eq!(client.response().text(), "abcdef");
        assert!(sent > 0 && servers.resource.counts().bytes_sent > sent);
    }
    let gate = Gate::new();
    let (servers, mut client) =
        answered(Answer::status(200).body("abcdef").remainder_held_by(&gate));
    client.send(get("/", "x"));
    gate.wait_for_arrivals(1);
    // The server does not wait for the gate, and sends nothing more.
    drop(servers);
    assert!(client.until_closed().ends_with(b"\r\n\r\nabc"));
}

#[test]
fn body_of_a_request_is_read_when_the_gate_is_open() {
    let gate = Gate::new();
    let (servers, mut client) = answered(Answer::normal().reading_the_body_at(&gate));
    client.send("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.response_to_head().status, 100);
    gate.wait_for_arrivals(1);
    assert_eq!(servers.resource.request_count(), 0);
    gate.open();
    client.send("abc");
    servers.resource.wait_for_requests(1);
    assert_eq!(servers.resource.requests()[0].body(), b"abc");

    let gate = Gate::new();
    let early = Answer::unauthorized().before_the_body();
    let (_servers, mut client) = answered(early.reading_the_body_at(&gate));
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!(client.response().status, 401);
    client.send(get("/", "x"));
    gate.wait_for_arrivals(1);
    gate.open();
    assert_eq!(client.response().status, 401);
}

#[test]
fn framing_headers_can_be_wrong() {
    let (_servers, mut client) = answered(
        Answer::status(200)
            .header("content-length", "1")
            .body("abc")
            .then_close(),
    );
    client.send(get("/", "x"));
    let received = String::from_utf8(client.until_closed()).unwrap();
    assert_eq!(received.to_lowercase().matches("content-length").count(), 1);
    assert!(received.ends_with("abc"));
}

#[test]
#[should_panic(expected = "start with Answer::status")]
fn only_a_status_has_a_body() {
    drop(Answer::hang_up().body("x"));
}
