//! The errors of a call, and what to do about each.
//!
//! Causes each error with scripted servers, and prints what a service would do.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use alf_reqwest::{Client, ClientBuilder, ConfigError, Error, TokenErrorKind};
use alf_testkit::{Answer, Servers};

#[tokio::main]
async fn main() -> Result<(), ConfigError> {
    let servers = Servers::start();

    // The configuration is wrong: the error names the setting, and nothing was sent.
    if let Err(error) = Client::builder("http://auth.example.com/token")
        .client_secret("client-id", "secret")
        .build()
    {
        println!("at start: {error}");
    }

    let wrong = Client::builder(servers.token_endpoint()).client_secret("client-id", "wrong");
    report(wrong, &servers).await?;

    servers.authorization.answer_always(Answer::status(503));
    let down = builder(&servers).acquire_timeout(Duration::from_millis(500));
    report(down, &servers).await?;

    servers
        .authorization
        .answer_always(Answer::status(200).body("<html>Log in</html>"));
    report(builder(&servers), &servers).await?;

    servers.authorization.answer_normally();
    let elsewhere = builder(&servers).allowed_origins(["https://api.example.com"]);
    report(elsewhere, &servers).await?;

    servers.resource.answer_always(Answer::hang_up());
    report(builder(&servers), &servers).await?;

    // A 401 is not an error: alf has renewed the token and replayed the request, and this is the response to the replay.
    servers.resource.answer_always(Answer::unauthorized());
    report(builder(&servers), &servers).await
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

async fn report(builder: ClientBuilder, servers: &Servers) -> Result<(), ConfigError> {
    let client = builder.build()?;
    match client.get(servers.url("/things")).send().await {
        Ok(response) => println!("response: {}", response.status()),
        Err(error) => println!("{}: {error}", advice(&error)),
    }
    Ok(())
}

fn advice(error: &Error) -> &'static str {
    match error {
        // Something has to be corrected: the secret, the scope, or the registration.
        Error::Token(e) if e.kind() == TokenErrorKind::Refused && !e.is_transient() => {
            "alert the on-call engineer"
        }
        // `e.retry_at()` is when alf will try again.
        Error::Token(e) if e.is_transient() => "answer 503, and retry later",
        Error::Token(_) => "report it: something is wrong with the token endpoint",
        // The request was not sent, because the token must not go there.
        Error::NotAllowed(_) => "report it: a URL that is not allowed",
        // reqwest's own error, untouched.
        Error::Transport(e) if e.is_timeout() => "handle the timeout as without alf",
        Error::Transport(_) => "handle it as without alf",
        _ => "report it",
    }
}
