//! `configure_http`: settings for both of the HTTP clients that alf builds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_isahc::isahc::HttpClient;
use alf_isahc::isahc::config::{Configurable, RedirectPolicy};
use alf_isahc::{
    Client, ClientBuilder, Error, ExchangeError, ExchangeOptions, TokenErrorKind, TokenTransport,
};
use alf_testkit::{Answer, Gate, Servers};
use async_trait::async_trait;
use bytes::Bytes;

#[test]
fn p3_settings_are_for_both_clients() {
    let servers = Servers::start();
    let client = builder(&servers)
        .configure_http(|client| client.default_header("User-Agent", "mine/1"))
        .configure_http(|client| client.timeout(Duration::from_millis(300)))
        .build()
        .unwrap();
    client.get(servers.url("/")).unwrap();
    let asked = &servers.authorization.requests()[0];
    let called = &servers.resource.requests()[0];
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    assert_eq!(called.header("user-agent"), Some("mine/1"));

    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let result = client.get(servers.url("/"));
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

/// The user's timeout for a token request is kept.
#[test]
fn p3_time_out_is_for_token_requests_too() {
    let servers = Servers::start();
    servers.authorization.answer_always(Answer::silence());
    let client = builder(&servers)
        .configure_http(|client| client.timeout(Duration::from_millis(300)))
        .acquire_timeout(Duration::from_millis(800))
        .attempt_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let error = client.tokens().token_blocking().unwrap_err();
    assert!(error.attempts() > 1, "{error}");
}

#[test]
fn p3_settings_are_for_the_client_that_is_not_set() {
    let servers = Servers::start();
    let own = || {
        let own = HttpClient::builder().default_header("User-Agent", "own/1");
        own.build().unwrap()
    };
    let configured =
        || builder(&servers).configure_http(|c| c.default_header("User-Agent", "mine/1"));
    for (builder, of_call, of_token_request) in [
        (configured().http_client(own()), "own/1", "mine/1"),
        (configured().token_http_client(own()), "mine/1", "own/1"),
    ] {
        builder.build().unwrap().get(servers.url("/")).unwrap();
        let called = servers.resource.requests().pop().unwrap();
        let asked = servers.authorization.requests().pop().unwrap();
        assert_eq!(called.header("user-agent"), Some(of_call));
        assert_eq!(asked.header("user-agent"), Some(of_token_request));
    }
    let both = configured().http_client(own()).token_http_client(own());
    assert_eq!(both.build().unwrap_err().setting(), "configure_http");
}

#[test]
fn settings_that_isahc_does_not_take_are_an_error() {
    let servers = Servers::start();
    let wrong = builder(&servers).configure_http(|client| client.default_header("a b", "x"));
    assert_eq!(wrong.build().unwrap_err().setting(), "configure_http");
}

#[test]
fn x4_t7_configured_client_carries_nothing_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.redirect_to_another_server(status);
        other_server.answer_at("/second", Answer::status(200));
        let follows = || {
            builder(&servers)
                .configure_http(|client| client.redirect_policy(RedirectPolicy::Follow))
                .build()
                .unwrap()
        };
        let response = follows().get(servers.url("/moved")).unwrap();
        assert_eq!(response.status(), 200, "{status}");
        assert_eq!(other_server.request_count(), 2, "{status}");
        assert_eq!(other_server.counts().with_authorization, 0, "{status}");

        let moved = Answer::redirect(status, other_server.url("/caught"));
        servers.authorization.answer_always(moved);
        let error = follows().tokens().token_blocking().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Redirected, "{status}");
        assert_eq!(other_server.request_count(), 2, "{status}");
    }
}

/// Plain `http` is allowed there because nothing leaves the machine.
#[test]
fn t8_x2_configured_proxy_is_not_for_loopback() {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let through = proxy.origin();
    let client = builder(&servers)
        .configure_http(move |client| client.proxy(through.parse().ok()))
        .allow_insecure_http()
        .build()
        .unwrap();
    client.get(servers.url("/")).unwrap();
    assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
    // What is elsewhere goes through it.
    client.get("http://192.0.2.1/").unwrap();
    assert_eq!(proxy.requests()[0].target(), "http://192.0.2.1/");
}

/// Token requests go through it, whatever the client for requests is.
#[test]
fn p3_token_transport_sends_the_token_requests() {
    let servers = Servers::start();
    let endpoint = Endpoint::default();
    let with = || builder(&servers).token_transport(endpoint.clone());
    let own = || HttpClient::new().unwrap();
    let configured = || with().configure_http(|http| http);
    servers.resource.answer_always(Answer::status(200));
    for builder in [with(), with().http_client(own()), configured()] {
        let client = builder.build().unwrap();
        client.get(servers.url("/")).unwrap();
    }
    assert_eq!(endpoint.asked.load(Ordering::SeqCst), 3);
    assert_eq!(servers.authorization.token_requests(), 0);
    with().build_tokens().unwrap();

    for (builder, setting) in [
        (with().token_http_client(own()), "token_transport"),
        (configured().http_client(own()), "configure_http"),
    ] {
        assert_eq!(builder.build().unwrap_err().setting(), setting);
    }
    for (builder, setting) in [
        (with().token_http_client(own()), "token_transport"),
        (configured(), "configure_http"),
    ] {
        assert_eq!(builder.build_tokens().unwrap_err().setting(), setting);
    }
}

#[test]
fn p3_no_client_for_token_requests_is_built_beside_a_token_transport() {
    let servers = Servers::start();
    let built = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&built);
    builder(&servers)
        .token_transport(Endpoint::default())
        .configure_http(move |http| {
            counts.fetch_add(1, Ordering::SeqCst);
            http
        })
        .build()
        .unwrap();
    assert_eq!(built.load(Ordering::SeqCst), 1);
}

/// A token endpoint without a socket.
#[derive(Clone, Default)]
struct Endpoint {
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenTransport for Endpoint {
    async fn exchange(
        &self,
        _: http::Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let body = r#"{"access_token":"a-token","token_type":"Bearer"}"#;
        Ok(http::Response::new(Bytes::from_static(body.as_bytes())))
    }
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}
