//! What rejects a token, and what does not.

use tonic::Code;

use crate::api::Rejecting;
use crate::caller::{start, text};

#[tokio::test]
async fn r1_unauthenticated_in_the_headers_is_replayed() {
    for rejecting in [Rejecting::InHeaders, Rejecting::ByProxy] {
        let (api, mut caller) = start(rejecting).await;
        api.issuer.revoke();
        let mut request = text("a message");
        request
            .metadata_mut()
            .insert("x-case", "kept".parse().unwrap());
        let reply = caller.unary("/api/unary", request).await.unwrap();
        assert_eq!(reply, "a message");
        let [rejected, replayed] = &api.take_metadata()[..] else {
            panic!("expected two calls, {rejecting:?}");
        };
        assert_eq!(rejected["authorization"], "Bearer token-1");
        assert_eq!(replayed["authorization"], "Bearer token-2");
        assert_eq!(replayed["x-case"], "kept");
        assert_eq!(replayed["te"], "trailers");
    }
}

#[tokio::test]
async fn r4_unauthenticated_in_the_trailers_renews_without_a_replay() {
    let (api, mut caller) = start(Rejecting::InTrailers).await;
    api.issuer.revoke();
    let status = caller.unary("/api/unary", text("first")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(api.calls(), 1);
    let reply = caller.unary("/api/unary", text("second")).await.unwrap();
    assert_eq!(reply, "second");
    assert_eq!((api.calls(), api.issuer.token_requests()), (2, 2));
}

#[tokio::test]
async fn r6_an_api_that_always_rejects_in_its_trailers_causes_no_load() {
    let (api, mut caller) = start(Rejecting::AllInTrailers).await;
    for _ in 0..50 {
        let status = caller
            .unary("/api/unary", text("a message"))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
    // Time stands still.
    let token_requests = api.issuer.token_requests();
    assert!(token_requests <= 3, "{token_requests} token requests");
}

#[tokio::test]
async fn r7_permission_denied_renews_nothing() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let status = caller
        .unary("/api/denied", text("a message"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!((api.calls(), api.issuer.token_requests()), (1, 1));
}
