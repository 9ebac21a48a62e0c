//! Which requests go through a proxy of the environment, and which never do.
//!
//! curl reads `http_proxy` from the environment: [`BehindProxy`] says how each test gets one there
//! without changing the environment of the others.

#![cfg(feature = "curl-client")]

use alf_surf::isahc::HttpClient;
use alf_surf::{Client, ClientBuilder, CurlClient, surf};
use alf_testkit::{BehindProxy, Servers};
use pollster::block_on;

/// The loopback exemption would be void if a proxy on the way could read secret and token.
#[test]
fn t8_x2_loopback_goes_past_the_proxy() {
    if let Some(child) = BehindProxy::child() {
        let client = builder(&child).build().unwrap();
        for _ in 0..2 {
            let response = block_on(client.get(child.url()).send()).unwrap();
            assert_eq!(response.status(), 200);
        }
        let tokens = Client::builder(child.token_endpoint());
        let tokens = tokens
            .client_secret("client-id", "secret")
            .build_tokens()
            .unwrap();
        block_on(tokens.token()).unwrap();
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let child = BehindProxy::new(&servers, servers.url("/things"));
    child.run("t8_x2_loopback_goes_past_the_proxy", &proxy);
    assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
    assert_eq!(servers.authorization.token_requests(), 2);
    assert_eq!(servers.resource.request_count(), 2);
}

/// And so the child above had a proxy to go past.
#[test]
fn p3_other_hosts_are_reached_through_the_proxy() {
    if let Some(child) = BehindProxy::child() {
        let client = builder(&child).allow_insecure_http().build().unwrap();
        let response = block_on(client.get(child.url()).send()).unwrap();
        assert_eq!(response.status(), 200);
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let child = BehindProxy::new(&servers, "http://api.invalid/things");
    child.run("p3_other_hosts_are_reached_through_the_proxy", &proxy);
    let seen = proxy.requests();
    assert_eq!(seen.len(), 1, "{}", proxy.report());
    assert_eq!(seen[0].target(), "http://api.invalid/things");
    assert_eq!(servers.authorization.token_requests(), 1);
}

/// What the documentation warns of.
#[test]
fn p3_own_client_goes_through_its_proxy_on_loopback_too() {
    if let Some(child) = BehindProxy::child() {
        let curl = CurlClient::from_isahc(HttpClient::new().unwrap());
        let own = surf::Client::with_http_client(curl);
        let client = builder(&child).http_client(own).build().unwrap();
        let response = block_on(client.get(child.url()).send()).unwrap();
        assert_eq!(response.status(), 200);
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let child = BehindProxy::new(&servers, servers.url("/things"));
    let test = "p3_own_client_goes_through_its_proxy_on_loopback_too";
    child.run(test, &proxy);
    assert_eq!(proxy.request_count(), 1, "{}", proxy.report());
    assert_eq!(servers.resource.request_count(), 0);
}

fn builder(child: &BehindProxy) -> ClientBuilder {
    Client::builder(child.token_endpoint()).client_secret("client-id", "secret")
}
