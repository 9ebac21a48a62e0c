//! Only tokens: alf obtains and renews them, and other code sends the requests.
//!
//! Shows two ways to use a `TokenManager`. Your own code asks for the token before each request, and tells alf of a 401. Or
//! an SDK keeps a token itself, and gets each new one with the time when it expires.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;
use std::time::SystemTime;

use alf_reqwest::TokenManager;
use alf_testkit::Servers;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, StatusCode};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let tokens = alf_reqwest::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()?; // a client has a manager too: client.tokens()
    tokens.ready().await?; // at the start: an error if the secret is wrong

    let http = Client::builder().no_proxy().build()?; // the servers are on this machine
    let url = servers.url("/things");
    println!("first call: {}", call(&http, &tokens, &url).await?);

    servers.revoke_all();
    println!("after a revocation: {}", call(&http, &tokens, &url).await?);

    // A token for another audience, from the same authorization server.
    let billing = tokens.with_audience("https://billing.example.com");
    println!("another audience: {}", call(&http, &billing, &url).await?);

    let (sdk, mut updates) = unbounded_channel(); // stands for the SDK
    tokio::spawn(supply(tokens.clone(), sdk));
    print(updates.recv().await);
    tokens.renew().await?; // alf does this by itself when the token is due
    print(updates.recv().await);
    Ok(())
}

/// What alf's `Client` does for each call, in its simplest form.
async fn call(
    http: &Client,
    tokens: &TokenManager,
    url: &str,
) -> Result<StatusCode, Box<dyn Error>> {
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    let response = request.send().await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response.status());
    }
    tokens.reject(&token); // if a thousand tasks reject the same token, alf renews it once
    let token = tokens.token().await?;
    let request = http.get(url).header(AUTHORIZATION, token.header_value());
    Ok(request.send().await?.status())
}

/// Gives the SDK each new token, with the time when it expires.
async fn supply(tokens: TokenManager, sdk: UnboundedSender<SdkToken>) {
    let mut watch = tokens.watch();
    loop {
        match watch.next().await {
            Ok(token) => {
                let access_token = token.expose_access_token().to_owned();
                let expires_at = token.expires_at();
                if sdk.send((access_token, expires_at)).is_err() {
                    return; // the SDK is no longer there
                }
            }
            // `next` then waits until alf asks the authorization server again.
            Err(error) => eprintln!("no new token for the SDK: {error}"),
        }
    }
}

/// The access token, and when it expires if the authorization server says so.
type SdkToken = (String, Option<SystemTime>);

fn print(update: Option<SdkToken>) {
    if let Some((access_token, Some(expires_at))) = update {
        let lifetime = expires_at.duration_since(SystemTime::now());
        let seconds = lifetime.unwrap_or_default().as_secs();
        let length = access_token.len(); // the token itself is a secret
        println!("the SDK got a token of {length} bytes, which expires in {seconds} s");
    }
}
