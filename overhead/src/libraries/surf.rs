//! surf, on the HTTP/1.1 back end that alf brings.

use alf_surf::surf::http::headers::AUTHORIZATION;
use alf_surf::{Client, H1Client, surf};

use crate::Failure;
use crate::workload::{Variant, Workload};

pub(super) fn run(workload: &Workload) -> Result<(), Failure> {
    pollster::block_on(calls(workload))
}

async fn calls(workload: &Workload) -> Result<(), Failure> {
    let http = surf::Client::with_http_client(H1Client::new());
    let client = Client::builder(&workload.token_endpoint)
        .client_secret("client-id", "secret")
        .http_client(http.clone())
        .build()?;
    let token = client.tokens().token().await?;
    let authorization = token.header_value().to_str()?;
    let bare = async || {
        let request = http.get(&workload.url);
        read(request.header(AUTHORIZATION, authorization).await?).await
    };
    let alf = async || read(client.get(&workload.url).await?).await;
    match workload.variant {
        Variant::Bare => workload.repeat(bare).await,
        Variant::Alf => workload.repeat(alf).await,
    }
}

async fn read(mut response: surf::Response) -> Result<(), Failure> {
    if !response.status().is_success() {
        return Err(format!("status {}", response.status()).into());
    }
    response.body_bytes().await?;
    Ok(())
}
