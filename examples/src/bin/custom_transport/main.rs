//! `impl Transport` for an HTTP library with types of its own.
//!
//! `in_house.rs` is such a library, as many companies have one. `transport.rs` connects it to alf, and
//! `tests/custom_transport.rs` runs the conformance suite on it. The example makes four calls, and prints the replies of the
//! API.

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

    println!("1. A GET. alf obtains a token first.");
    print(client.send(Call::get(servers.url("/things"))).await?).await?;

    println!("2. The token is revoked. alf renews it, and replays the POST that was rejected.");
    servers.revoke_all();
    let call = Call::post(servers.url("/echo"), "an order");
    print(client.send(call).await?).await?;

    println!(
        "3. The token is revoked. The POST that is rejected has a stream as its body, which can"
    );
    println!("   be sent only once. alf returns the 401, and renews the token for the next call.");
    servers.revoke_all();
    let orders = Content::stream(["one order, ", "another"].into_iter());
    let call = Call::new(Method::POST, servers.url("/echo"), orders);
    print(client.send(call).await?).await?;

    println!("4. The program sends the stream again, from its start.");
    let orders = Content::stream(["one order, ", "another"].into_iter());
    let call = Call::new(Method::POST, servers.url("/echo"), orders);
    print(client.send(call).await?).await?;
    Ok(())
}

async fn print(reply: Reply) -> Result<(), Failed> {
    let status = reply.status;
    let body = reply.read().await?;
    println!("   {status} {}", String::from_utf8_lossy(&body));
    Ok(())
}
