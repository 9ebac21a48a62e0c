//! A transport in one closure: alf over hyper-util's client.
//!
//! Works with any library that takes an `http::Request` and returns an `http::Response`. Prints the response of an API.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_core::{Client, Redirects, TokioRuntime, from_fn};
use alf_testkit::Servers;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();

    // hyper-util follows no redirects.
    let hyper = Hyper::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .runtime(TokioRuntime::new()) // hyper-util needs tokio's reactor
        .build(from_fn(
            Redirects::NotFollowed,
            move |request: Request<Bytes>| {
                let hyper = hyper.clone();
                async move { hyper.request(request.map(Full::new)).await }
            },
        ))?;

    let request = Request::get(servers.url("/things")).body(Bytes::new())?;
    let response = client.send(request).await?; // a Response<hyper::body::Incoming>, which streams
    println!("{}", response.status());
    let body = response.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&body));
    Ok(())
}
