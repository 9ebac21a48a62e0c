//! isahc, async.

use alf_isahc::Client;
use alf_isahc::isahc::config::Configurable as _;
use alf_isahc::isahc::http::header::AUTHORIZATION;
use alf_isahc::isahc::{AsyncBody, AsyncReadResponseExt as _, HttpClient, Request, Response};

use crate::Failure;
use crate::workload::{Variant, Workload};

pub(super) fn run(workload: &Workload) -> Result<(), Failure> {
    pollster::block_on(calls(workload))
}

async fn calls(workload: &Workload) -> Result<(), Failure> {
    let http = HttpClient::builder().proxy(None).build()?;
    let client = Client::builder(&workload.token_endpoint)
        .client_secret("client-id", "secret")
        .http_client(http.clone())
        .build()?;
    let token = client.tokens().token().await?;
    let bare = async || {
        let request = Request::get(&workload.url).header(AUTHORIZATION, token.header_value());
        read(http.send_async(request.body(())?).await?).await
    };
    let alf = async || read(client.get_async(&workload.url).await?).await;
    match workload.variant {
        Variant::Bare => workload.repeat(bare).await,
        Variant::Alf => workload.repeat(alf).await,
    }
}

async fn read(mut response: Response<AsyncBody>) -> Result<(), Failure> {
    if !response.status().is_success() {
        return Err(format!("status {}", response.status()).into());
    }
    response.bytes().await?;
    Ok(())
}
