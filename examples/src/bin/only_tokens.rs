//! Only tokens: alf gets and renews them, your own code sends the requests.
//!
//! For protocols and libraries that alf does not send: gRPC metadata, a WebSocket handshake, an SDK
//! that asks for a bearer token. A `Client` has a manager too: `client.tokens()`. Prints two
//! statuses: before and after the token was revoked.

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
        .build_tokens()?; // tokens.with_scope("write") is one for the tokens of that scope
    // Your own client; the servers are on this machine, where a proxy has no part in it.
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

/// What a `Client` of alf does for you, in its simplest form.
async fn call(http: &Client, tokens: &TokenManager, url: &str) -> Result<Response, Box<dyn Error>> {
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    let response = request.send().await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    // Of a thousand tasks that come here with the same token, one causes a renewal.
    tokens.reject(&token);
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    Ok(request.send().await?)
}
