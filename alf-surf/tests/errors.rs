//! A function that returns alf's error uses `?` on what surf returns.

use alf_surf::surf;
use alf_surf::{Client, Error, NotAllowed, SurfError, TokenError};
use alf_testkit::{Answer, Servers};
use pollster::block_on;
use static_assertions::assert_impl_all;

assert_impl_all!(Error: From<surf::Error>, From<SurfError>, From<TokenError>, From<NotAllowed>);
assert_impl_all!(Error: From<alf_core::Error<SurfError>>);
assert_impl_all!(alf_core::Error<SurfError>: From<Error>);

async fn json(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
    Ok(client.get(url).await?.body_json().await?)
}

#[test]
fn p3_errors_of_surf_are_converted_by_a_question_mark() {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap();
    for (body, succeeds) in [("[1]", true), ("<", false)] {
        servers.resource.answer_next(Answer::status(200).body(body));
        match block_on(json(&client, &servers.url("/"))) {
            Ok(numbers) => assert!(succeeds && numbers == [1]),
            Err(error) => assert!(!succeeds && matches!(error, Error::Transport(_))),
        }
    }
}
