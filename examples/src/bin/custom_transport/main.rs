//! `impl Transport` for an HTTP library with types of its own.
//!
//! `house.rs` is such a library: the one that every company has. `transport.rs` is what alf needs
//! to know of it. `tests/custom_transport.rs` is the page that runs the conformance suite against
//! it. Prints what the API answers before and after the token was revoked, and to a stream.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod house;
mod transport;

use std::error::Error;

use alf_core::{Client, TokioRuntime};
use alf_testkit::Servers;
use http::Method;

use house::{Call, Caller, Content, Failed, Reply};
use transport::House;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .runtime(TokioRuntime::new()) // the library needs tokio's reactor
        .build(House::new(Caller::new()))?;

    let reply = client.send(Call::get(servers.url("/things"))).await?;
    print(reply).await?;

    servers.revoke_all();
    let call = Call::post(servers.url("/echo"), "an order");
    let reply = client.send(call).await?; // sent, rejected, sent once more
    print(reply).await?;

    servers.revoke_all();
    let orders = Content::stream(["one order, ", "another"].into_iter());
    let call = Call::new(Method::POST, servers.url("/echo"), orders);
    let reply = client.send(call).await?; // a stream cannot be sent again: its 401 is handed back
    print(reply).await?;
    Ok(())
}

async fn print(reply: Reply) -> Result<(), Failed> {
    println!("{}", reply.status);
    println!("{}", String::from_utf8_lossy(&reply.read().await?));
    Ok(())
}
