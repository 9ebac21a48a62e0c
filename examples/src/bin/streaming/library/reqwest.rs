//! A download and an upload on reqwest.

use alf_reqwest::Client;
use alf_reqwest::reqwest::Body;

use super::AnyError;
use crate::pieces::pieces;

pub(crate) async fn download(token_endpoint: String, url: String) -> Result<u64, AnyError> {
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
    megabytes: u64,
) -> Result<(), AnyError> {
    let body = Body::wrap_stream(pieces(megabytes)); // alf-reqwest's feature `stream`
    let response = client(token_endpoint)?.post(url).body(body).send().await?;
    response.error_for_status()?;
    Ok(())
}

fn client(token_endpoint: String) -> Result<Client, alf_reqwest::ConfigError> {
    let builder = Client::builder(token_endpoint);
    builder.client_secret("client-id", "secret").build()
}
