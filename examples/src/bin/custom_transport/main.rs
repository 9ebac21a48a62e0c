//! `impl Transport` for an HTTP library with types of its own.
//!
//! `in_house.rs` is such a library, as many companies have one. `transport.rs` connects it to alf, and
//! `tests/custom_transport.rs` runs the conformance suite on it. The example prints what the API answers before and after
//! the token is revoked, and to a stream.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod in_house;
mod transport;

use std::error::Error;

use alf_core::{Client, TokioRuntime};
use alf_testkit::Servers;
use http::Method;

use in_house::{Call, Content, Failed, HttpCaller, Reply};
use transport::InHouse;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .runtime(TokioRuntime::new()) // the library needs tokio's reactor
        .build(InHouse::new(HttpCaller::new()))?;

    let reply = client.send(Call::get(servers.url("/things"))).await?;
    print(reply).await?;

    servers.revoke_all();
    let call = Call::post(servers.url("/echo"), "an order");
    let reply = client.send(call).await?; // sent, rejected, sent once more
    print(reply).await?;

    servers.revoke_all();
    let orders = Content::stream(["one order, ", "another"].into_iter());
    let call = Call::new(Method::POST, servers.url("/echo"), orders);
    let reply = client.send(call).await?; // a stream cannot be sent again: its 401 is returned
    print(reply).await?;
    Ok(())
}

async fn print(reply: Reply) -> Result<(), Failed> {
    println!("{}", reply.status);
    println!("{}", String::from_utf8_lossy(&reply.read().await?));
    Ok(())
}
