//! What can go wrong, and what to do about each.
//!
//! Makes each error happen against scripted servers, and prints what a service would do.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use alf_reqwest::{Client, ClientBuilder, ConfigError, Error, TokenErrorKind};
use alf_testkit::{Answer, Servers};

#[tokio::main]
async fn main() -> Result<(), ConfigError> {
    let servers = Servers::start();

    // The set-up is wrong: the error names the setting, and nothing was sent.
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

    // A 401 is no error: alf renewed, replayed, and this is what the API said to the replay.
    servers.resource.answer_always(Answer::unauthorized());
    report(builder(&servers), &servers).await
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

async fn report(builder: ClientBuilder, servers: &Servers) -> Result<(), ConfigError> {
    let client = builder.build()?;
    match client.get(servers.url("/things")).send().await {
        Ok(response) => println!("an answer: {}", response.status()),
        Err(error) => println!("{}: {error}", advice(&error)),
    }
    Ok(())
}

fn advice(error: &Error) -> &'static str {
    match error {
        // Someone has to mend something: the secret, the scope, the registration.
        Error::Token(e) if e.kind() == TokenErrorKind::Refused && !e.is_transient() => {
            "page someone"
        }
        // Others are asking already; `e.retry_at()` says when alf will ask again.
        Error::Token(e) if e.is_transient() => "answer 503, and try later",
        Error::Token(_) => "read it: the token endpoint is not what it should be",
        // The request was not sent, because the token must not go there.
        Error::NotAllowed(_) => "a bug, or somebody else's URL",
        // reqwest's own error, untouched.
        Error::Transport(e) if e.is_timeout() => "do what you do without alf on a time-out",
        Error::Transport(_) => "do what you do without alf",
        _ => "report it",
    }
}
