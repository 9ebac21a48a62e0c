//! A download and an upload on surf.

use alf_surf::Client;
use alf_surf::surf::Body;
use futures_util::{AsyncReadExt as _, TryStreamExt as _};

use super::AnyError;
use crate::pieces::pieces;

pub(crate) async fn download(token_endpoint: String, url: String) -> Result<u64, AnyError> {
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
    megabytes: u64,
) -> Result<(), AnyError> {
    let body = Body::from_reader(pieces(megabytes).into_async_read(), None);
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
