//! reqwest, async: without a token store, and with one.

use alf_reqwest::reqwest::header::AUTHORIZATION;
use alf_reqwest::reqwest::redirect::Policy;
use alf_reqwest::{Client, ClientBuilder, SealingKey, reqwest};
use alf_testkit::MemoryStore;

use crate::Failure;
use crate::workload::{Variant, Workload};

pub(super) fn run(workload: &Workload) -> Result<(), Failure> {
    block_on_calls(workload, |builder| builder)
}

pub(super) fn run_with_store(workload: &Workload) -> Result<(), Failure> {
    block_on_calls(workload, |builder| {
        builder.store(
            MemoryStore::new(),
            SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
        )
    })
}

fn block_on_calls(
    workload: &Workload,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(calls(workload, set))
}

async fn calls(
    workload: &Workload,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<(), Failure> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()?;
    let builder = Client::builder(&workload.token_endpoint)
        .client_secret("client-id", "secret")
        .http_client(http.clone());
    let client = set(builder).build()?;
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
