//! A function that returns alf's error uses `?` on what reqwest returns.

use alf_reqwest::reqwest;
use alf_reqwest::{Client, Error, NotAllowed, TokenError};
use alf_testkit::{Answer, Servers};
use static_assertions::assert_impl_all;

assert_impl_all!(Error: From<reqwest::Error>, From<TokenError>, From<NotAllowed>);
assert_impl_all!(Error: From<alf_core::Error<reqwest::Error>>);
assert_impl_all!(alf_core::Error<reqwest::Error>: From<Error>);

async fn text(client: &Client, url: &str) -> Result<String, Error> {
    let response = client.get(url).send().await?;
    Ok(response.error_for_status()?.text().await?)
}

#[cfg(feature = "json")]
async fn json(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
    Ok(client.get(url).send().await?.json().await?)
}

#[cfg(feature = "blocking")]
fn text_blocking(client: &alf_reqwest::blocking::Client, url: &str) -> Result<String, Error> {
    Ok(client.get(url).send()?.error_for_status()?.text()?)
}

#[tokio::test]
async fn p3_errors_of_reqwest_are_converted_by_a_question_mark() {
    let servers = Servers::start();
    let client = client(&servers, "secret");
    let url = servers.url("/things");
    text(&client, &url).await.unwrap();

    servers.resource.answer_next(Answer::status(503));
    let Err(Error::Transport(error)) = text(&client, &url).await else {
        panic!("no error")
    };
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    let half = Answer::status(200).body_of_length(100).hang_up_in_body();
    servers.resource.answer_next(half);
    let Err(Error::Transport(error)) = text(&client, &url).await else {
        panic!("no error")
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
}

#[cfg(feature = "json")]
#[tokio::test]
async fn p3_json_that_is_none_is_an_error_of_reqwest() {
    let servers = Servers::start();
    servers
        .resource
        .answer_always(Answer::status(200).body("<"));
    let client = client(&servers, "secret");
    let Err(Error::Transport(error)) = json(&client, &servers.url("/")).await else {
        panic!("no error")
    };
    assert!(error.is_decode());
}

#[cfg(feature = "blocking")]
#[test]
fn p3_errors_of_blocking_reqwest_are_converted_by_a_question_mark() {
    let servers = Servers::start();
    let client = alf_reqwest::blocking::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap();
    let url = servers.url("/things");
    text_blocking(&client, &url).unwrap();
    servers.resource.answer_next(Answer::status(503));
    let Err(Error::Transport(error)) = text_blocking(&client, &url) else {
        panic!("no error")
    };
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
}

/// The error of an adapter and that of alf-core show the same.
#[tokio::test]
async fn adapters_error_shows_what_is_in_it() {
    let servers = Servers::start();
    let refused = client(&servers, "wrong");
    let not_allowed = servers.url("/").replace("127.0.0.1", "192.0.2.1");
    for (client, url) in [
        (&refused, servers.url("/")),
        (&refused, not_allowed),
        (&client(&servers, "secret"), String::from("no URL")),
    ] {
        let error = text(client, &url).await.unwrap_err();
        let shown = shown(&error);
        let core = alf_core::Error::from(error);
        assert_eq!(self::shown(&core), shown);
        assert_eq!(self::shown(&Error::from(core)), shown);
    }
}

/// `Display`, and that of each source.
fn shown(error: &dyn std::error::Error) -> Vec<String> {
    let mut shown = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        shown.push(error.to_string());
        source = error.source();
    }
    shown
}

// A helper may panic as tests may: clippy wants to be told that it is one.
#[cfg(test)]
fn client(servers: &Servers, secret: &str) -> Client {
    Client::builder(servers.token_endpoint())
        .client_secret("client-id", secret)
        .build()
        .unwrap()
}
