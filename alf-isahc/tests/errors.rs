//! A function that returns alf's error uses `?` on what isahc returns.

use std::time::Duration;

use alf_isahc::isahc::config::Configurable;
use alf_isahc::isahc::error::ErrorKind;
use alf_isahc::isahc::{self, AsyncReadResponseExt, HttpClient, ReadResponseExt, Request};
use alf_isahc::{Client, Error, NotAllowed, TokenError};
use alf_testkit::{Answer, Servers};
use pollster::block_on;
use static_assertions::assert_impl_all;

assert_impl_all!(Error: From<isahc::Error>, From<TokenError>, From<NotAllowed>);
assert_impl_all!(Error: From<alf_core::Error<isahc::Error>>);
assert_impl_all!(alf_core::Error<isahc::Error>: From<Error>);

fn bytes(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
    let request = Request::get(url).body(())?;
    Ok(client.send(request)?.bytes()?)
}

async fn bytes_async(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
    Ok(client.get_async(url).await?.bytes().await?)
}

#[test]
fn p3_errors_of_isahc_are_converted_by_a_question_mark() {
    let servers = Servers::start();
    let client = client(&servers);
    let url = servers.url("/things");
    bytes(&client, &url).unwrap();
    block_on(bytes_async(&client, &url)).unwrap();

    let Err(Error::Transport(error)) = bytes(&client, "no URL") else {
        panic!("no error")
    };
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let half = || Answer::status(200).body_of_length(100).hang_up_in_body();
    servers.resource.answer_next_n(2, half());
    for result in [bytes(&client, &url), block_on(bytes_async(&client, &url))] {
        assert!(matches!(result, Err(Error::Transport(_))), "{result:?}");
    }
}

/// isahc puts its own error into a `std::io::Error`.
#[test]
fn p3_time_out_of_a_body_is_a_time_out() {
    let servers = Servers::start();
    let impatient = HttpClient::builder().timeout(Duration::from_millis(300));
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .http_client(impatient.build().unwrap())
        .build()
        .unwrap();
    let endless = Answer::status(200).endless_body();
    servers.resource.answer_always(endless);
    let Err(Error::Transport(error)) = bytes(&client, &servers.url("/")) else {
        panic!("no error")
    };
    assert!(error.is_timeout(), "{error:?}");
}

#[cfg(feature = "json")]
#[test]
fn p3_json_that_is_none_is_its_own_error() {
    fn json(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
        Ok(client.get(url)?.json()?)
    }
    let servers = Servers::start();
    let client = client(&servers);
    let url = servers.url("/");
    servers.resource.answer_next(Answer::status(200).body("<"));
    let Err(Error::Json(error)) = json(&client, &url) else {
        panic!("no error")
    };
    assert!(error.is_syntax());
}

#[cfg(test)]
fn client(servers: &Servers) -> Client {
    Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap()
}
