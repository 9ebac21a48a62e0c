//! Tokens that expire or are revoked.

use std::time::Duration;

use alf_core::TokioRuntime;
use alf_testkit::VirtualTime;
use futures_util::future::try_join_all;

use crate::api::Rejecting;
use crate::caller::{start, start_on, text};

#[tokio::test]
async fn e3_a_token_that_has_expired_is_renewed_before_the_call() {
    let time = VirtualTime::on(TokioRuntime::new());
    let (api, mut caller, _) = start_on(time.clone(), Rejecting::InHeaders).await;
    caller.unary("/api/unary", text("first")).await.unwrap();
    time.advance(Duration::from_secs(3600));
    api.issuer.revoke();
    caller.unary("/api/unary", text("second")).await.unwrap();
    assert_eq!((api.calls(), api.issuer.token_requests()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_two_hundred_calls_with_a_revoked_token_cause_one_renewal() {
    let (api, caller) = start(Rejecting::InHeaders).await;
    api.issuer.revoke();
    let calls = (0..200).map(|number| {
        let mut caller = caller.clone();
        async move {
            let message = format!("message {number}");
            let reply = caller.unary("/api/unary", text(&message)).await?;
            assert_eq!(reply, message);
            Ok::<_, tonic::Status>(())
        }
    });
    try_join_all(calls).await.unwrap();
    assert_eq!(api.issuer.token_requests(), 2);
}

#[tokio::test]
async fn r4_a_message_of_a_mebibyte_is_sent_once() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let message = "16 bytes of text".repeat(64 * 1024);
    let reply = caller.unary("/api/unary", text(&message)).await.unwrap();
    assert!(reply == message, "expected the message back");
    api.issuer.revoke();
    let status = caller
        .unary("/api/unary", text(&message))
        .await
        .unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    assert_eq!(api.calls(), 2);
    let reply = caller.unary("/api/unary", text(&message)).await.unwrap();
    assert!(reply == message, "expected the message back");
    assert_eq!((api.calls(), api.issuer.token_requests()), (3, 2));
}
