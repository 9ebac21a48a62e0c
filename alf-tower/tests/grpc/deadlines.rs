//! The caller's deadline, and a caller that is dropped.

use std::time::Duration;

use alf_core::{ExchangeError, ExchangeOptions, TokenTransport};
use alf_tower::AuthorizationLayer;
use async_trait::async_trait;
use bytes::Bytes;
use tonic::Code;

use crate::api::{Api, Rejecting};
use crate::caller::{Caller, start, text};

struct NoAnswer;

#[async_trait]
impl TokenTransport for NoAnswer {
    async fn exchange(
        &self,
        _: http::Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        std::future::pending().await
    }
}

fn with_timeout(timeout: Duration) -> tonic::Request<String> {
    let mut request = text("a message");
    request.set_timeout(timeout);
    request
}

#[tokio::test]
async fn s5_the_wait_for_a_token_ends_at_the_deadline_of_the_call() {
    let (api, uri) = Api::start(Rejecting::InHeaders);
    let tokens = AuthorizationLayer::builder("https://auth.example.com/token")
        .client_secret("client-id", "secret")
        .build_tokens(NoAnswer)
        .unwrap();
    let mut caller = Caller::new(tokens, uri);
    let status = caller
        .unary("/api/unary", with_timeout(Duration::from_millis(50)))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "Timeout expired")
    );
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn p3_a_call_ends_at_its_deadline_and_the_server_knows_it() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let status = caller
        .unary("/api/slow", with_timeout(Duration::from_secs(1)))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "Timeout expired")
    );
    let [metadata] = &api.take_metadata()[..] else {
        panic!("expected one call");
    };
    assert_eq!(metadata["grpc-timeout"], "1000000u");
    api.slow_call.dropped.notified().await;
}

#[tokio::test]
async fn p3_a_call_that_is_dropped_is_dropped_at_the_server() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let call = tokio::spawn(async move { caller.unary("/api/slow", text("a message")).await });
    api.slow_call.arrived.notified().await;
    call.abort();
    api.slow_call.dropped.notified().await;
}
