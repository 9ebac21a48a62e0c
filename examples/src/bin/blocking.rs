//! Without async: `alf_reqwest::blocking`, and threads that share a client.
//!
//! Four threads call an API at the same time: first when there is no token yet, then after it has been revoked. Prints the
//! statuses that they get, and how many token requests that took.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread;

use alf_reqwest::blocking::Client;
use alf_testkit::Servers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?;

    println!("No token yet:");
    call_from_four_threads(&client, &servers);

    println!("The token is revoked:");
    servers.revoke_all();
    call_from_four_threads(&client, &servers);
    Ok(())
}

fn call_from_four_threads(client: &Client, servers: &Servers) {
    servers.authorization.forget(); // count from zero
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| match client.get(servers.url("/things")).send() {
                Ok(response) => println!("  {}", response.status()), // reqwest's own type
                Err(error) => println!("  {error}"),
            });
        }
    });
    let token_requests = servers.authorization.token_requests();
    println!("  token requests: {token_requests}");
}
