//! A download and an upload on reqwest.

use std::error::Error;

use alf_reqwest::Client;
use alf_reqwest::reqwest::Body;

use super::Length;
use crate::pattern::Pattern;

pub(crate) async fn download(token_endpoint: String, url: String) -> Length {
    let mut response = client(token_endpoint)?.get(url).send().await?;
    let mut length = 0;
    while let Some(piece) = response.chunk().await? {
        length += piece.len() as u64;
    }
    Ok(length)
}

pub(crate) async fn upload(
    token_endpoint: String,
    url: String,
    length: u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let body = Body::wrap(Pattern::of(length));
    let response = client(token_endpoint)?.post(url).body(body).send().await?;
    response.error_for_status()?;
    Ok(())
}

fn client(token_endpoint: String) -> Result<Client, alf_reqwest::ConfigError> {
    let builder = Client::builder(token_endpoint);
    builder.client_secret("client-id", "secret").build()
}
