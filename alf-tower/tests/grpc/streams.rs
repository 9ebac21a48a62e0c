//! Streams in each direction.

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::api::Rejecting;
use crate::caller::{start, text};

fn messages() -> impl stream::Stream<Item = String> + Send {
    stream::iter(["one, ", "two, ", "three"]).map(str::to_owned)
}

#[tokio::test]
async fn p3_the_layer_adds_only_the_token_to_a_call() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let mut untouched = text("a message");
    let token = "Bearer token-1".parse().unwrap();
    untouched.metadata_mut().insert("authorization", token);
    for request in [untouched, text("a message")] {
        caller.unary("/api/unary", request).await.unwrap();
    }
    let [untouched, layered] = &api.take_metadata()[..] else {
        panic!("expected two calls");
    };
    assert_eq!(layered, untouched);
}

#[tokio::test]
async fn p3_messages_of_the_client_arrive() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let reply = caller.client_streaming(messages()).await.unwrap();
    assert_eq!(reply, "one, two, three");
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn r4_a_client_stream_that_has_not_ended_is_not_replayed() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    api.issuer.revoke();
    let (sender, receiver) = mpsc::channel(1);
    sender.send("one".to_owned()).await.unwrap();
    let status = caller
        .client_streaming(ReceiverStream::new(receiver))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(api.calls(), 1);
    let reply = caller.client_streaming(messages()).await.unwrap();
    assert_eq!(reply, "one, two, three");
    assert_eq!((api.calls(), api.issuer.token_requests()), (2, 2));
}

#[tokio::test]
async fn r4_the_call_of_a_server_stream_is_replayed() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    api.issuer.revoke();
    let stream = caller.server_streaming("number").await.unwrap();
    let messages: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(messages, ["number 0", "number 1", "number 2"]);
    assert_eq!((api.calls(), api.issuer.token_requests()), (2, 2));
}

#[tokio::test]
async fn p3_the_server_answers_before_the_client_ends() {
    let (api, mut caller) = start(Rejecting::InHeaders).await;
    let (sender, receiver) = mpsc::channel(1);
    let mut replies = caller
        .streaming(ReceiverStream::new(receiver))
        .await
        .unwrap();
    for message in ["one", "two", "three"] {
        // The next message is sent after the reply to this one.
        sender.send(message.to_owned()).await.unwrap();
        assert_eq!(replies.message().await.unwrap().unwrap(), message);
    }
    drop(sender);
    assert_eq!(replies.message().await.unwrap(), None);
    assert_eq!(api.calls(), 1);
}
