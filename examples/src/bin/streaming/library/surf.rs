//! A download and an upload on surf.

use std::error::Error;

use alf_surf::Client;
use alf_surf::surf::Body;
use futures_util::AsyncReadExt as _;

use super::Length;
use crate::pattern::Pattern;

pub(crate) async fn download(token_endpoint: String, url: String) -> Length {
    let mut response = client(token_endpoint)?.get(url).await?;
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        match response.read(&mut buffer).await? {
            0 => return Ok(length),
            read => length += read as u64,
        }
    }
}

pub(crate) async fn upload(
    token_endpoint: String,
    url: String,
    length: u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let body = Body::from_reader(Pattern::of(length), None);
    let response = client(token_endpoint)?.post(url).body(body).await?;
    match u16::from(response.status()) {
        200 => Ok(()),
        status => Err(format!("status {status}").into()),
    }
}

fn client(token_endpoint: String) -> Result<Client, alf_surf::ConfigError> {
    let builder = Client::builder(token_endpoint);
    builder.client_secret("client-id", "secret").build()
}
