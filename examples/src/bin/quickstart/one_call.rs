//! One call of a real API, with a token of a real authorization server.

use std::error::Error;

use crate::arguments::{AuthorizationServer, OneCall};
use crate::library::AlfClient;

pub(crate) async fn run<C: AlfClient>(call: OneCall) -> Result<(), Box<dyn Error>> {
    let mut builder = match call.server {
        AuthorizationServer::Issuer(issuer) => C::discover(issuer),
        AuthorizationServer::TokenEndpoint(url) => C::builder(url),
    };
    builder = match call.client_secret {
        Some(secret) => builder.client_secret(call.client_id, secret),
        None => builder.no_client_authentication(call.client_id),
    };
    if let Some(scope) = call.scope {
        builder = builder.scope(scope);
    }
    let client = builder.build()?;
    // On standard error, because it may take 10 s (`acquire_timeout`) until there is a token or an error.
    eprintln!("Requesting a token, then sending GET {} ...", call.url);
    let response = client.get(&call.url).await;
    let response = response.map_err(|error| {
        if let alf_core::Error::Transport(error) = &error {
            with_sources(error) // the HTTP library's own error, whose sources say what happened
        } else {
            error.to_string()
        }
    })?;
    println!("{}", response.status);
    println!("{}", response.body);
    Ok(())
}

/// The text of an error, and that of its sources.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
