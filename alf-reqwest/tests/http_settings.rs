//! `configure_http`: settings for both of the HTTP clients that alf builds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_reqwest::reqwest::redirect::{Action, Attempt, Policy};
use alf_reqwest::reqwest::{self, Proxy};
use alf_reqwest::{
    Client, ClientBuilder, Error, ExchangeError, ExchangeOptions, TokenErrorKind, TokenTransport,
};
use alf_testkit::{Answer, Gate, Servers};
use async_trait::async_trait;
use bytes::Bytes;

#[tokio::test]
async fn p3_settings_are_for_both_clients() {
    let servers = Servers::start();
    let client = builder(&servers)
        .configure_http(|client| client.user_agent("mine/1"))
        .configure_http(|client| client.timeout(Duration::from_millis(300)))
        .build()
        .unwrap();
    client.get(servers.url("/")).send().await.unwrap();
    let asked = &servers.authorization.requests()[0];
    let called = &servers.resource.requests()[0];
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    assert_eq!(called.header("user-agent"), Some("mine/1"));

    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let result = client.get(servers.url("/")).send().await;
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

#[tokio::test]
async fn p3_settings_are_for_the_client_that_is_not_set() {
    let servers = Servers::start();
    let own = || {
        let own = reqwest::Client::builder().user_agent("own/1");
        own.redirect(Policy::none()).build().unwrap()
    };
    let configured = || builder(&servers).configure_http(|client| client.user_agent("mine/1"));
    for (builder, of_call, of_token_request) in [
        (configured().http_client(own()), "own/1", "mine/1"),
        (configured().token_http_client(own()), "mine/1", "own/1"),
    ] {
        let client = builder.build().unwrap();
        client.get(servers.url("/")).send().await.unwrap();
        let called = servers.resource.requests().pop().unwrap();
        let asked = servers.authorization.requests().pop().unwrap();
        assert_eq!(called.header("user-agent"), Some(of_call));
        assert_eq!(asked.header("user-agent"), Some(of_token_request));
    }

    let both = configured().http_client(own()).token_http_client(own());
    assert_eq!(both.build().unwrap_err().setting(), "configure_http");
    let tokens = configured().token_http_client(own()).build_tokens();
    assert_eq!(tokens.unwrap_err().setting(), "configure_http");
    configured().build_tokens().unwrap();
}

#[test]
fn settings_that_reqwest_does_not_take_are_an_error() {
    let servers = Servers::start();
    let wrong = || builder(&servers).configure_http(|client| client.user_agent("a\nb"));
    for error in [
        wrong().build().map(drop).unwrap_err(),
        wrong().build_tokens().map(drop).unwrap_err(),
    ] {
        assert_eq!(error.setting(), "configure_http");
        assert!(std::error::Error::source(&error).is_some());
    }
}

/// Whatever policy is set; but one that follows nothing is kept.
#[tokio::test]
async fn x4_configured_client_carries_no_token_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.redirect_to_another_server(status);
        let configured = |configure: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder| {
            builder(&servers).configure_http(configure).build().unwrap()
        };
        for client in [
            configured(|client| client.user_agent("mine/1")),
            configured(|client| client.redirect(Policy::limited(5))),
            configured(|client| client.redirect(Policy::custom(follow))),
        ] {
            let result = client.get(servers.url("/moved")).send().await;
            assert!(
                matches!(result, Err(Error::Transport(e)) if e.is_redirect()),
                "{status}: {}",
                other_server.report()
            );
        }
        assert_eq!(other_server.request_count(), 3, "{status}: once for each");
        assert_eq!(other_server.counts().with_authorization, 0, "{status}");

        let follows_none = configured(|client| client.redirect(Policy::none()));
        let response = follows_none
            .get(servers.url("/moved"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(other_server.request_count(), 3, "{status}");
    }
}

#[tokio::test]
async fn t7_configured_client_carries_no_secret_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.another_resource_server();
        let moved = Answer::redirect(status, other_server.url("/caught"));
        servers.authorization.answer_always(moved);
        let client = builder(&servers)
            .configure_http(|client| client.redirect(Policy::limited(5)))
            .build()
            .unwrap();
        let error = client.tokens().token().await.unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Redirected, "{status}");
        assert_eq!(other_server.request_count(), 0, "{status}");
    }
}

/// Plain `http` is allowed there because nothing leaves the machine.
#[tokio::test]
async fn t8_x2_configured_proxy_is_not_for_loopback() {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let through = proxy.origin();
    let client = builder(&servers)
        .configure_http(move |client| match Proxy::all(&through) {
            Ok(proxy) => client.proxy(proxy),
            Err(_) => client,
        })
        .allow_insecure_http()
        .build()
        .unwrap();
    client.get(servers.url("/")).send().await.unwrap();
    assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
    // What is elsewhere goes through it.
    client.get("http://192.0.2.1/").send().await.unwrap();
    assert_eq!(proxy.requests()[0].target(), "http://192.0.2.1/");
}

/// Token requests go through it, whatever the client for requests is.
#[tokio::test]
async fn p3_token_transport_sends_the_token_requests() {
    let servers = Servers::start();
    let endpoint = Endpoint::default();
    let with = || builder(&servers).token_transport(endpoint.clone());
    let own = || {
        reqwest::Client::builder()
            .redirect(Policy::none())
            .build()
            .unwrap()
    };
    let configured = || with().configure_http(|http| http);
    servers.resource.answer_always(Answer::status(200));
    for builder in [with(), with().http_client(own()), configured()] {
        let client = builder.build().unwrap();
        client.get(servers.url("/")).send().await.unwrap();
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

#[cfg(feature = "blocking")]
mod on_blocking {
    use alf_reqwest::blocking::Client;
    use alf_reqwest::reqwest::blocking;

    use super::*;

    #[test]
    fn p3_no_client_for_token_requests_is_built_beside_a_token_transport() {
        let servers = Servers::start();
        let built = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&built);
        Client::builder(servers.token_endpoint())
            .client_secret("client-id", "secret")
            .token_transport(Endpoint::default())
            .configure_http(move |http| {
                counts.fetch_add(1, Ordering::SeqCst);
                http
            })
            .build()
            .unwrap();
        assert_eq!(built.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn p3_settings_are_for_both_clients() {
        let servers = Servers::start();
        let client = configured(&servers, |client| client.user_agent("mine/1"));
        client.get(servers.url("/")).send().unwrap();
        let asked = &servers.authorization.requests()[0];
        let called = &servers.resource.requests()[0];
        assert_eq!(asked.header("user-agent"), Some("mine/1"));
        assert_eq!(called.header("user-agent"), Some("mine/1"));
    }

    #[test]
    fn x4_t7_configured_client_carries_nothing_elsewhere() {
        for status in [301, 302, 303, 307, 308] {
            let servers = Servers::start();
            let other_server = servers.redirect_to_another_server(status);
            let follows = configured(&servers, |client| client.redirect(Policy::limited(5)));
            let result = follows.get(servers.url("/moved")).send();
            assert!(matches!(result, Err(Error::Transport(e)) if e.is_redirect()));
            assert_eq!(other_server.request_count(), 1, "{status}");
            assert_eq!(other_server.counts().with_authorization, 0, "{status}");

            let follows_none = configured(&servers, |client| client.redirect(Policy::none()));
            let response = follows_none.get(servers.url("/moved")).send().unwrap();
            assert_eq!(response.status(), status);

            let moved = Answer::redirect(status, other_server.url("/caught"));
            servers.authorization.answer_always(moved);
            let follows = configured(&servers, |client| client.redirect(Policy::limited(5)));
            let error = follows.tokens().token_blocking().unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Redirected, "{status}");
            assert_eq!(other_server.request_count(), 1, "{status}");
        }
    }

    #[cfg(test)]
    fn configured(
        servers: &Servers,
        configure: fn(blocking::ClientBuilder) -> blocking::ClientBuilder,
    ) -> Client {
        Client::builder(servers.token_endpoint())
            .client_secret("client-id", "secret")
            .configure_http(configure)
            .build()
            .unwrap()
    }
}

fn follow(attempt: Attempt<'_>) -> Action {
    attempt.follow()
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}
