//! The resource server without a script.

use alf_testkit::server::{body_hash, pattern};
use alf_testkit::{Answer, AuthorizationServer, ResourceServer, Servers};

use crate::client::{Client, fetch_token};

#[test]
fn valid_token_gets_a_200() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let response = Client::to(&servers.resource).get("/things?x=1", &token);
    assert_eq!(response.status, 200);
    for member in [
        r#""method":"GET""#,
        r#""path":"/things""#,
        r#""body_length":0"#,
    ] {
        assert!(response.text().contains(member), "{}", response.text());
    }
    assert_eq!(servers.resource.counts().with_authorization, 1);
}

#[test]
fn other_tokens_get_a_challenge() {
    let servers = Servers::start();
    let mut client = Client::to(&servers.resource);
    let unknown = client.get("/", "token-1-unknown");
    assert_eq!(unknown.status, 401);
    assert_eq!(
        unknown.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    client.send("GET / HTTP/1.1\r\n\r\n");
    let none = client.response();
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    client.send("GET / HTTP/1.1\r\nAuthorization: Basic eDp5\r\n\r\n");
    assert_eq!(client.response().status, 401);
    client.send("GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nauthorization: Bearer a\r\n\r\n");
    assert_eq!(client.response().status, 400);
}

#[test]
fn revocation_does_not_concern_later_tokens() {
    let servers = Servers::start();
    let mut client = Client::to(&servers.resource);
    let [first, second] = [(); 2].map(|()| fetch_token(&servers.authorization));
    servers.authorization.revoke(&first);
    assert_eq!(client.get("/", &first).status, 401);
    assert_eq!(client.get("/", &second).status, 200);
    servers.revoke_all();
    assert_eq!(client.get("/", &second).status, 401);
    let third = fetch_token(&servers.authorization);
    assert_eq!(client.get("/", &third).status, 200);
    servers.authorization.accept_token(first.as_str());
    assert_eq!(client.get("/", &first).status, 200);
}

#[test]
fn several_servers_trust_one_authorization_server() {
    let authorization = AuthorizationServer::start();
    let servers = [(); 3].map(|()| ResourceServer::start(&authorization));
    let token = fetch_token(&authorization);
    for server in &servers {
        assert_eq!(Client::to(server).get("/", &token).status, 200);
        assert_eq!(server.request_count(), 1);
    }
}

#[test]
fn rejection_can_be_anything() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    servers
        .resource
        .reject_with(Answer::unauthorized().body_of_length(200_000));
    let mut client = Client::to(&servers.resource);
    let rejected = client.get("/", "no");
    assert_eq!((rejected.status, rejected.body.len()), (401, 200_000));
    assert!(rejected.header("www-authenticate").is_some());
    assert_eq!(client.get("/", &token).status, 200);
    servers.resource.reject_with(Answer::hang_up());
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(client.until_closed(), b"");
}

#[test]
#[should_panic(expected = "an answer that is a rejection")]
fn rejection_cannot_be_normal() {
    Servers::start().resource.reject_with(Answer::normal());
}

#[test]
fn long_bodies_stream_both_ways() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let mut client = Client::to(&servers.resource);
    let body = pattern(3, 5_000_000);
    client.send(format!(
        "PUT /upload HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    client.send(&body);
    assert!(client.response().text().contains("\"body_length\":5000000"));
    let seen = servers.resource.requests().pop().unwrap();
    assert_eq!(
        (seen.body_length(), seen.body_hash()),
        (5_000_000, body_hash(&body))
    );
    assert_eq!(seen.body(), &body[..4 * 1024 * 1024]);

    for path in ["/bytes/3000000", "/chunks/3000000"] {
        assert!(
            client.get(path, &token).body == pattern(0, 3_000_000),
            "{path}"
        );
    }
}

#[test]
fn echo_returns_the_body_with_either_framing() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let mut client = Client::to(&servers.resource);
    let body = pattern(0, 200_000);
    let head = format!("POST /echo HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    client.send(format!("{head}Content-Length: {}\r\n\r\n", body.len()));
    client.send(&body);
    assert!(client.response().body == body);
    client.send(format!(
        "{head}Content-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n"
    ));
    for chunk in body.chunks(7_777) {
        client.send(format!("{:x};extension=1\r\n", chunk.len()));
        client.send(chunk);
        client.send("\r\n");
    }
    client.send("0\r\nTrailer: x\r\n\r\n");
    let response = client.response();
    assert_eq!(response.header("content-type"), Some("text/x"));
    assert!(response.body == body);
    assert_eq!(client.get("/status/204", &token).status, 204);
}
