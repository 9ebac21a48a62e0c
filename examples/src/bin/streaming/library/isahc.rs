//! A download and an upload on isahc.

use alf_isahc::Client;
use alf_isahc::isahc::AsyncBody;
use futures_util::{AsyncReadExt as _, TryStreamExt as _};

use super::AnyError;
use crate::pieces::pieces;

pub(crate) async fn download(token_endpoint: String, url: String) -> Result<u64, AnyError> {
    let response = client(token_endpoint)?.get_async(url).await?;
    let mut body = response.into_body();
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        match body.read(&mut buffer).await? {
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
    let body = AsyncBody::from_reader(pieces(megabytes).into_async_read());
    let response = client(token_endpoint)?.post_async(url, body).await?;
    match response.status().as_u16() {
        200 => Ok(()),
        status => Err(format!("status {status}").into()),
    }
}

fn client(token_endpoint: String) -> Result<Client, alf_isahc::ConfigError> {
    let builder = Client::builder(token_endpoint);
    builder.client_secret("client-id", "secret").build()
}
