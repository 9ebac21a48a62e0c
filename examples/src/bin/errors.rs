//! The errors of a call, and what a service does about each.
//!
//! Causes each error with scripted servers. Prints the situation, the error, and what to do.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use alf_reqwest::{Client, ClientBuilder, ConfigError, Error, TokenErrorKind};
use alf_testkit::{Answer, Servers};

#[tokio::main]
async fn main() -> Result<(), ConfigError> {
    let servers = Servers::start();

    // A mistake in the configuration is an error of `build`: it names the setting, and nothing was sent.
    if let Err(error) = Client::builder("http://auth.example.com/token")
        .client_secret("client-id", "secret")
        .build()
    {
        println!("The token endpoint is not https:\n  {error}\n  -> correct the configuration");
    }

    println!("The secret is wrong:");
    let builder = Client::builder(servers.token_endpoint()).client_secret("client-id", "wrong");
    call(builder, &servers).await?;

    println!("The authorization server is down:");
    servers.authorization.answer_always(Answer::status(503));
    let builder = correct(&servers).acquire_timeout(Duration::from_millis(500));
    call(builder, &servers).await?;

    println!("The token endpoint is something else:");
    let page = Answer::status(200).body("<html>Log in</html>");
    servers.authorization.answer_always(page);
    call(correct(&servers), &servers).await?;
    servers.authorization.answer_normally();

    println!("The token must not go to this API:");
    let builder = correct(&servers).allowed_origins(["https://api.example.com"]);
    call(builder, &servers).await?;

    println!("The API closes the connection:");
    servers.resource.answer_always(Answer::hang_up());
    call(correct(&servers), &servers).await?;

    println!("The API answers 401, also after alf has renewed the token and replayed the request:");
    servers.resource.answer_always(Answer::unauthorized());
    call(correct(&servers), &servers).await
}

fn correct(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

async fn call(builder: ClientBuilder, servers: &Servers) -> Result<(), ConfigError> {
    let client = builder.build()?;
    match client.get(servers.url("/things")).send().await {
        // A response of any status is not an error.
        Ok(response) => println!("  {}\n  -> handle it as without alf", response.status()),
        Err(error) => println!("  {error}\n  -> {}", advice(&error)),
    }
    Ok(())
}

fn advice(error: &Error) -> &'static str {
    match error {
        // `e.retry_at()` is when alf will ask the authorization server again.
        Error::Token(e) if e.is_transient() => "answer 503, and retry later",
        Error::Token(e) if e.kind() == TokenErrorKind::Refused => {
            "alert somebody: the secret, the scope or the registration must be corrected"
        }
        Error::Token(_) => "alert somebody: something is wrong with the token endpoint",
        Error::NotAllowed(_) => "look for a bug or an attack: the request was not sent",
        // reqwest's own error, unchanged.
        Error::Transport(e) if e.is_timeout() => "handle the timeout as without alf",
        Error::Transport(_) => "handle it as without alf",
        _ => "report it",
    }
}
