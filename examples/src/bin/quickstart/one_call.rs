//! The smallest real use: one call, on real servers.

use std::error::Error;

use crate::arguments::{OneCall, Server};
use crate::library::{Act, Library};

pub(crate) struct MakeOneCall(pub(crate) OneCall);

impl Act for MakeOneCall {
    async fn on<L: Library>(self) -> Result<(), Box<dyn Error>> {
        let Self(call) = self;
        let mut builder = match call.server {
            Server::Issuer(issuer) => L::discover(issuer),
            Server::TokenEndpoint(url) => L::builder(url),
        };
        builder = match call.client_secret {
            Some(secret) => builder.client_secret(call.client_id, secret),
            None => builder.no_client_authentication(call.client_id),
        };
        if let Some(scope) = call.scope {
            builder = builder.scope(scope);
        }
        let client = builder.build()?;
        let answer = client.get(&call.url).await;
        let answer = answer.map_err(|error| with_sources(&error))?;
        println!("{}", answer.status);
        println!("{}", answer.body);
        Ok(())
    }
}

/// An error with what lies beneath it: `Display` alone does not repeat its source.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(beneath) = source {
        text.push_str(": ");
        text.push_str(&beneath.to_string());
        source = beneath.source();
    }
    text
}
