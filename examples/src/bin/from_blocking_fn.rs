//! A transport in one closure that blocks: alf over ureq, in a program without async.
//!
//! Works with any library that takes an `http::Request` and returns an `http::Response` whose body implements `Read`. Prints
//! the response of an API, before and after the token is revoked.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::read_to_string;
use std::time::Duration;

use alf_core::{Client, Redirects, from_blocking_fn};
use alf_testkit::Servers;
use bytes::Bytes;
use http::Request;
use ureq::Agent;

fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();

    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false) // alf handles a 401
        .max_redirects(0) // as `NotFollowed` promises
        .proxy(None) // the servers are on this machine
        .timeout_global(Some(Duration::from_secs(5))) // alf cannot interrupt a call that blocks
        .build()
        .into();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build(from_blocking_fn(
            Redirects::NotFollowed,
            move |request: Request<Bytes>| {
                let response = if request.body().is_empty() {
                    agent.run(request.map(drop))? // without `Content-Length: 0`
                } else {
                    agent.run(request.map(Vec::from))?
                };
                Ok::<_, ureq::Error>(response.map(ureq::Body::into_reader))
            },
        ))?;

    for occasion in ["no token yet", "the token is revoked"] {
        let request = Request::get(servers.url("/things")).body(Bytes::new())?;
        let response = client.send_blocking(request)?; // from any number of threads
        println!("{occasion}: {}", response.status());
        println!("  {}", read_to_string(response.into_body())?);
        servers.revoke_all();
    }
    Ok(())
}
