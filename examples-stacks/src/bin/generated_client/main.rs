//! A client that openapi-generator makes, with alf under it.
//!
//! `things_api.rs` has the shape of generated code: `openapi-generator generate -g rust` with `library=reqwest` and
//! `supportMiddleware=true`. It takes a `ClientWithMiddleware`, and alf makes one. Nothing that was generated is changed.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod things_api;

use std::error::Error;

use alf_reqwest::Client;
use alf_testkit::{Answer, Servers};

use things_api::{Configuration, NewThing};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let thing = Answer::json(200, r#"{"id":7,"name":"a thing"}"#);
    servers
        .resource
        .answer_at("/things/7", thing.if_authorized());
    let created = Answer::json(201, r#"{"id":8,"name":"another thing"}"#);
    servers
        .resource
        .answer_at("/things", created.if_authorized());

    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?
        .with_middleware(|stack| stack); // `stack.with(..)` adds middlewares of yours
    let configuration = Configuration {
        base_path: servers.url(""),
        client,
        // Leave these empty: alf sets the header.
        oauth_access_token: None,
        bearer_access_token: None,
        ..Configuration::default()
    };

    let thing = things_api::get_thing(&configuration, 7).await?;
    println!("thing {}: {}", thing.id, thing.name);

    // Replayed with its body.
    servers.revoke_all();
    let new = NewThing {
        name: "another thing".to_owned(),
    };
    let thing = things_api::create_thing(&configuration, new).await?;
    println!("thing {}: {}", thing.id, thing.name);

    let counts = (
        servers.resource.request_count(),
        servers.authorization.token_requests(),
    );
    if counts != (3, 2) {
        return Err(format!("unexpected counts: {counts:?}").into());
    }
    println!("Every count is as expected.");
    Ok(())
}
