//! `configure_http`: settings for both of the HTTP clients that alf builds.

use std::time::Duration;

use alf_surf::surf;
use alf_surf::{Client, ClientBuilder, H1Client};
use alf_testkit::{Answer, Gate, Servers};
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

fn with_user_agent(config: surf::Config, value: &str) -> surf::Config {
    match config.add_header("User-Agent", value) {
        Ok(config) => config,
        Err(_) => surf::Config::new(),
    }
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}
