//! `configure_http`: settings for both of the HTTP clients that alf builds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_surf::surf;
use alf_surf::{Client, ClientBuilder, ExchangeError, ExchangeOptions, H1Client, TokenTransport};
use alf_testkit::{Answer, Gate, Servers};
use async_trait::async_trait;
use bytes::Bytes;
use pollster::block_on;

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[test]
fn p3_settings_are_for_both_clients() -> Outcome {
    let servers = Servers::start();
    for own_back_end in [false, true] {
        let client = builder(&servers)
            .configure_http(move |config| {
                let config = with_user_agent(config, "mine/1");
                if own_back_end {
                    config.set_http_client(H1Client::new())
                } else {
                    config
                }
            })
            .build()?;
        block_on(client.get(servers.url("/")).send())?;
        let asked = servers.authorization.requests().pop().unwrap();
        let called = servers.resource.requests().pop().unwrap();
        assert_eq!(asked.header_values("user-agent"), ["mine/1"]);
        assert_eq!(called.header_values("user-agent"), ["mine/1"]);
        // What alf sets stays.
        assert_eq!(asked.header_values("accept"), ["application/json"]);
    }
    Ok(())
}

#[test]
fn p3_time_out_and_base_are_those_of_the_config() -> Outcome {
    let servers = Servers::start();
    let base: surf::Url = servers.url("/").parse()?;
    let client = builder(&servers)
        .configure_http(move |config| {
            let config = config.set_base_url(base.clone());
            config.set_timeout(Some(Duration::from_millis(300)))
        })
        .build()?;
    block_on(client.get("/things").send())?;
    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    assert!(block_on(client.get("/things").send()).is_err());
    Ok(())
}

#[test]
fn p3_settings_are_for_the_client_that_is_not_set() -> Outcome {
    let servers = Servers::start();
    let own = || surf::Client::with_http_client(H1Client::new());
    let configured =
        || builder(&servers).configure_http(|config| with_user_agent(config, "mine/1"));
    let client = configured().http_client(own()).build()?;
    block_on(client.get(servers.url("/")).send())?;
    let asked = servers.authorization.requests().pop().unwrap();
    let called = servers.resource.requests().pop().unwrap();
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    assert_ne!(called.header("user-agent"), Some("mine/1"));

    let both = configured().http_client(own()).token_http_client(own());
    assert_eq!(both.build().unwrap_err().setting(), "configure_http");
    Ok(())
}

#[test]
fn p3_headers_of_an_own_token_client_are_on_token_requests() -> Outcome {
    let servers = Servers::start();
    let config = surf::Config::new().set_http_client(H1Client::new());
    let config = with_user_agent(config, "mine/1").add_header("Authorization", "Basic eDp5")?;
    let own = surf::Client::try_from(config)?;
    let client = builder(&servers).token_http_client(own).build()?;
    block_on(client.get(servers.url("/")).send())?;
    let asked = servers.authorization.requests().pop().unwrap();
    assert_eq!(asked.header_values("user-agent"), ["mine/1"]);
    // What alf sets stays.
    assert_eq!(asked.header_values("authorization").len(), 1);
    assert_ne!(asked.header("authorization"), Some("Basic eDp5"));
    Ok(())
}

/// Token requests go through it, whatever the client for requests is.
#[test]
fn p3_token_transport_sends_the_token_requests() -> Outcome {
    let servers = Servers::start();
    let endpoint = Endpoint::default();
    let with = || builder(&servers).token_transport(endpoint.clone());
    let own = || surf::Client::with_http_client(H1Client::new());
    let configured = || with().configure_http(|config| config);
    servers.resource.answer_always(Answer::status(200));
    for builder in [with(), with().http_client(own()), configured()] {
        let client = builder.build()?;
        block_on(client.get(servers.url("/")).send())?;
    }
    assert_eq!(endpoint.asked.load(Ordering::SeqCst), 3);
    assert_eq!(servers.authorization.token_requests(), 0);
    with().build_tokens()?;

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
    Ok(())
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

fn with_user_agent(config: surf::Config, value: &str) -> surf::Config {
    match config.add_header("User-Agent", value) {
        Ok(config) => config,
        Err(_) => surf::Config::new(),
    }
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}
