//! Only tokens: alf obtains and renews them, your own code sends the requests.
//!
//! For protocols and libraries that alf does not support: gRPC metadata, a WebSocket handshake, an SDK that needs a bearer
//! token. A `Client` has a manager too: `client.tokens()`. Prints two statuses: before and after the token is revoked.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_reqwest::TokenManager;
use alf_testkit::Servers;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Response, StatusCode};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let tokens = alf_reqwest::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()?; // tokens.with_scope("write") has the tokens of another scope
    // Your own client. The servers are on this machine, so it uses no proxy.
    let http = Client::builder().no_proxy().build()?;

    let response = call(&http, &tokens, &servers.url("/things")).await?;
    println!("{}", response.status());

    servers.revoke_all();
    let response = call(&http, &tokens, &servers.url("/things")).await?;
    println!(
        "{}, after {} token requests",
        response.status(),
        servers.authorization.token_requests()
    );
    Ok(())
}

/// What alf's `Client` does for each call, in its simplest form.
async fn call(http: &Client, tokens: &TokenManager, url: &str) -> Result<Response, Box<dyn Error>> {
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    let response = request.send().await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    // If a thousand tasks reject the same token, it is renewed once.
    tokens.reject(&token);
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    Ok(request.send().await?)
}
