//! Which requests go through a proxy of the environment, and which never do.
//!
//! curl reads `http_proxy` from the environment: [`BehindProxy`] says how each test gets one there
//! without changing the environment of the others.

use alf_isahc::isahc::Request;
use alf_isahc::isahc::config::{Configurable, RedirectPolicy};
use alf_isahc::{Client, ClientBuilder};
use alf_testkit::{Answer, BehindProxy, Servers};

/// The loopback exemption would be void if a proxy on the way could read secret and token.
#[test]
fn t8_x2_loopback_goes_past_the_proxy() {
    if let Some(child) = BehindProxy::child() {
        let client = builder(&child).build().unwrap();
        for _ in 0..2 {
            let response = client.get(child.url()).unwrap();
            assert_eq!(response.status(), 200);
        }
        let tokens = Client::builder(child.token_endpoint());
        let tokens = tokens
            .client_secret("client-id", "secret")
            .build_tokens()
            .unwrap();
        tokens.token_blocking().unwrap();
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
        let response = client.get(child.url()).unwrap();
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

/// The servers of all other tests are on loopback: here is the client for all other hosts.
#[test]
fn x4_redirects_carry_no_token_behind_the_proxy_either() {
    if let Some(child) = BehindProxy::child() {
        let client = builder(&child).allow_insecure_http().build().unwrap();
        let request = Request::get(child.url()).redirect_policy(RedirectPolicy::Follow);
        let response = client.send(request.body(()).unwrap()).unwrap();
        assert_eq!(response.status(), 200);
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let redirect = |url| Answer::redirect(302, url);
    proxy.answer_at("/moved", redirect("http://other.invalid/first"));
    proxy.answer_at("/first", redirect("http://other.invalid/second"));
    proxy.answer_at("/second", Answer::status(200));
    let child = BehindProxy::new(&servers, "http://api.invalid/moved");
    child.run(
        "x4_redirects_carry_no_token_behind_the_proxy_either",
        &proxy,
    );
    assert_eq!(proxy.request_count(), 3, "{}", proxy.report());
    assert_eq!(proxy.counts().with_authorization, 1);
}

fn builder(child: &BehindProxy) -> ClientBuilder {
    Client::builder(child.token_endpoint()).client_secret("client-id", "secret")
}
