//! Without async: `alf_reqwest::blocking`, and threads that share a client.
//!
//! Prints the statuses that four threads get, how many token requests that takes, and the same after all tokens have been
//! revoked.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::thread;

use alf_reqwest::Error;
use alf_reqwest::blocking::Client;
use alf_testkit::Servers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?;

    let call = || -> Result<String, Error> {
        let request = client.get(servers.url("/things"));
        let response = request.send()?; // reqwest's own type
        Ok(response.status().to_string())
    };
    for occasion in ["at first", "after a revocation"] {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| match call() {
                    Ok(status) => println!("{occasion}: {status}"),
                    Err(error) => println!("{occasion}: {error}"),
                });
            }
        });
        println!("token requests: {}", servers.authorization.token_requests());
        servers.revoke_all();
    }
    Ok(())
}
