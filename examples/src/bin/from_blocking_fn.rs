//! A transport in one closure that blocks: alf over ureq, in a program without async.
//!
//! Any library works that takes an `http::Request` and returns an `http::Response` whose body implements `Read`. Prints
//! the statuses that four threads get, how many token requests that takes, the same after all tokens have been revoked,
//! and the response of the API.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::read_to_string;
use std::thread;
use std::time::Duration;

use alf_core::{Client, Redirects, from_blocking_fn};
use alf_testkit::Servers;
use bytes::Bytes;
use http::Request;
use ureq::Agent;

fn main() -> Result<(), AnyError> {
    let servers = Servers::start();

    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false) // alf handles a 401
        .max_redirects(0) // as `NotFollowed` promises
        .proxy(None) // the servers are on this machine
        .timeout_global(Some(Duration::from_secs(5))) // a call that blocks cannot be dropped
        .build()
        .into();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build(from_blocking_fn(
            Redirects::NotFollowed,
            move |request: Request<Bytes>| {
                let response = match request.body().len() {
                    0 => agent.run(request.map(drop))?,
                    _ => agent.run(request.map(Vec::from))?, // with `Content-Length`
                };
                Ok::<_, ureq::Error>(response.map(ureq::Body::into_reader))
            },
        ))?;

    let call = || {
        let request = Request::get(servers.url("/things")).body(Bytes::new())?;
        client.send_blocking(request).map_err(AnyError::from)
    };
    for occasion in ["at first", "after a revocation"] {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| match call() {
                    Ok(response) => println!("{occasion}: {}", response.status()),
                    Err(error) => println!("{occasion}: {error}"),
                });
            }
        });
        println!("token requests: {}", servers.authorization.token_requests());
        servers.revoke_all();
    }

    let response = call()?;
    println!("{}", read_to_string(response.into_body())?);
    Ok(())
}

type AnyError = Box<dyn Error + Send + Sync>;
