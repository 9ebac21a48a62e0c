//! reqwest, async.

use alf_reqwest::reqwest::header::AUTHORIZATION;
use alf_reqwest::reqwest::redirect::Policy;
use alf_reqwest::{Client, reqwest};

use crate::Failure;
use crate::workload::{Variant, Workload};

pub(super) fn run(workload: &Workload) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(calls(workload))
}

async fn calls(workload: &Workload) -> Result<(), Failure> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()?;
    let client = Client::builder(&workload.token_endpoint)
        .client_secret("client-id", "secret")
        .http_client(http.clone())
        .build()?;
    let token = client.tokens().token().await?;
    let bare = async || {
        let request = http.get(&workload.url);
        let request = request.header(AUTHORIZATION, token.header_value());
        read(request.send().await?).await
    };
    let alf = async || read(client.get(&workload.url).send().await?).await;
    match workload.variant {
        Variant::Bare => workload.repeat(bare).await,
        Variant::Alf => workload.repeat(alf).await,
    }
}

async fn read(response: reqwest::Response) -> Result<(), Failure> {
    response.error_for_status()?.bytes().await?;
    Ok(())
}
