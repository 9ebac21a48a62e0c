//! The smallest real use: one call, on real servers.

use std::error::Error;

use alf_reqwest::Client;

use crate::arguments::OneCall;

pub(crate) async fn make(call: OneCall) -> Result<(), Box<dyn Error>> {
    let mut builder = Client::builder(call.token_endpoint);
    builder = match call.client_secret {
        Some(secret) => builder.client_secret(call.client_id, secret),
        None => builder.no_client_authentication(call.client_id),
    };
    if let Some(scope) = call.scope {
        builder = builder.scope(scope);
    }
    let client = builder.build()?;
    let response = client
        .get(&call.url)
        .send()
        .await
        .map_err(|error| with_sources(&error))?;
    println!("{}", response.status());
    println!("{}", response.text().await?);
    Ok(())
}

/// An error with what lies beneath it: `Display` alone does not repeat its source.
fn with_sources(error: &alf_reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(beneath) = source {
        text.push_str(": ");
        text.push_str(&beneath.to_string());
        source = beneath.source();
    }
    text
}
