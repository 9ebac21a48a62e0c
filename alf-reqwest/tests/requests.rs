//! Requests without a token, and with the token of another target.

use alf_reqwest::{Client, TokenTarget};
use alf_testkit::{Answer, Servers};

fn builder(servers: &Servers) -> alf_reqwest::ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

#[tokio::test]
async fn f6_request_without_a_token_is_sent_as_it_is() {
    let servers = Servers::start();
    let client = builder(&servers).build().unwrap();
    servers.resource.answer_always(Answer::status(204));
    let url = servers.url("/health");
    let bare = client.get(&url).without_token().send().await.unwrap();
    assert_eq!(bare.status(), 204);
    let basic = client.get(&url).header("authorization", "Basic eDp5");
    basic.without_token().send().await.unwrap();
    let requests = servers.resource.requests();
    let sent = |index: usize| requests[index].header("authorization");
    assert_eq!([sent(0), sent(1)], [None, Some("Basic eDp5")]);
    assert_eq!(servers.authorization.token_requests(), 0);
}

#[tokio::test]
async fn s1_client_with_another_target_has_another_token() {
    let servers = Servers::start();
    let client = builder(&servers).scope("read").build().unwrap();
    let url = servers.url("/things");
    let billing = TokenTarget::new()
        .with_audience("billing")
        .with_parameter("region", "eu");
    for client in [
        client.with(billing.clone()).unwrap(),
        client.with_audience("billing"),
        client.with(billing).unwrap(),
    ] {
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    }
    let requests = servers.authorization.requests();
    let asked = |index: usize| {
        let request = &requests[index];
        ["scope", "audience", "region"].map(|name| request.parameter(name).unwrap_or_default())
    };
    assert_eq!(requests.len(), 2);
    assert_eq!(asked(0), ["read", "billing", "eu"]);
    assert_eq!(asked(1), ["read", "billing", ""]);
}

#[cfg(feature = "blocking")]
#[test]
fn f6_blocking_request_without_a_token_is_sent_as_it_is() {
    let servers = Servers::start();
    let client = alf_reqwest::blocking::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap();
    servers.resource.answer_always(Answer::status(204));
    let url = servers.url("/health");
    let response = client.get(url).without_token().send().unwrap();
    assert_eq!(response.status(), 204);
    let requests = servers.resource.requests();
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(servers.authorization.token_requests(), 0);
}

fn revocable(servers: &Servers) -> alf_reqwest::ClientBuilder {
    servers
        .authorization
        .answer_at("/revoke", Answer::status(200));
    builder(servers).revocation_endpoint(servers.authorization.url("/revoke"))
}

fn revocations(servers: &Servers) -> usize {
    let requests = servers.authorization.requests();
    let revocations = requests
        .iter()
        .filter(|request| request.path() == "/revoke");
    revocations.count()
}

#[tokio::test]
async fn f5_token_is_revoked_and_a_watch_returns_the_next_one() {
    let servers = Servers::start();
    let client = revocable(&servers).build().unwrap();
    let mut watch = client.tokens().watch();
    let first = watch.next().await.unwrap();
    client.tokens().revoke().await.unwrap();
    assert_eq!(revocations(&servers), 1);
    let next = watch.next().await.unwrap();
    assert_ne!(first.expose_access_token(), next.expose_access_token());
}

/// The revocation runs where acquisitions do: reqwest needs tokio's reactor.
#[test]
fn f5_token_is_revoked_outside_of_tokio_too() {
    let servers = Servers::start();
    let client = revocable(&servers).build().unwrap();
    client.tokens().token_blocking().unwrap();
    pollster::block_on(client.tokens().revoke()).unwrap();
    assert_eq!(revocations(&servers), 1);
}
