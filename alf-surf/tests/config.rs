//! A client from a [`ClientConfig`], without a type annotation.

#![cfg(feature = "config")]

use alf_surf::{Client, ClientConfig};
use alf_testkit::Servers;
use static_assertions::assert_impl_all;

assert_impl_all!(ClientConfig: Clone);

#[test]
fn client_is_built_from_a_config() {
    let servers = Servers::start();
    let config = config(&servers.token_endpoint());
    let client = Client::from_config(config).unwrap();
    client.tokens().token_blocking().unwrap();
    assert_eq!(servers.authorization.token_requests(), 1);

    let wrong = self::config("http://auth.example.com/token");
    let error = Client::from_config(wrong).unwrap_err();
    assert_eq!(error.setting(), "token_endpoint");
}

#[test]
fn client_from_the_environment_names_the_variable() {
    let error = Client::from_env("ALF_TEST_WITHOUT_").unwrap_err();
    assert_eq!(error.setting(), "ALF_TEST_WITHOUT_TOKEN_ENDPOINT");
}

#[cfg(test)]
fn config(token_endpoint: &str) -> ClientConfig {
    let config = serde_json::json!({
        "token_endpoint": token_endpoint,
        "client_id": "client-id",
        "client_secret": "secret",
    });
    serde_json::from_value(config).unwrap()
}
