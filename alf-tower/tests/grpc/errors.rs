//! alf's errors as statuses.

use std::error::Error;

use alf_core::{NotAllowed, TokenError, TokenErrorKind};
use alf_tower::{AuthorizationLayer, token_service};
use bytes::Bytes;
use http_body_util::Full;
use tonic::{Code, Status};
use tower::service_fn;

use crate::api::{Api, Rejecting};
use crate::caller::{Caller, start, text};

/// The status of a call whose authorization server answers with this.
async fn status_after(answer: u16) -> Status {
    let (api, uri) = Api::start(Rejecting::InHeaders);
    let answer = service_fn(move |_: http::Request<Full<Bytes>>| async move {
        let response = http::Response::builder().status(answer);
        // Longer than a caller waits: the acquisition ends.
        let response = response.header("retry-after", "3600");
        response.body(Full::<Bytes>::default())
    });
    let tokens = AuthorizationLayer::builder("https://auth.example.com/token")
        .client_secret("client-id", "wrong")
        .build_tokens(token_service(answer))
        .unwrap();
    let mut caller = Caller::new(tokens, uri);
    let status = caller
        .unary("/api/unary", text("a message"))
        .await
        .unwrap_err();
    assert_eq!(api.calls(), 0);
    status
}

#[tokio::test]
async fn f4_a_token_error_is_a_status_with_its_source() {
    for (answer, code) in [(401, Code::Unauthenticated), (503, Code::Unavailable)] {
        let status = status_after(answer).await;
        assert_eq!(status.code(), code, "{status:?}");
        let error = status
            .source()
            .unwrap()
            .downcast_ref::<TokenError>()
            .unwrap();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.status().unwrap().as_u16(), answer);
        assert_eq!(status.message(), error.to_string());
    }
}

#[tokio::test]
async fn x2_a_call_over_plain_http_is_not_sent() {
    let (api, _) = start(Rejecting::InHeaders).await;
    let tokens = api.issuer.tokens(alf_core::TokioRuntime::new());
    let mut caller = Caller::new(tokens, "http://api.example.com".parse().unwrap());
    let status = caller
        .unary("/api/unary", text("a message"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.source().unwrap().is::<NotAllowed>());
}

#[tokio::test]
async fn p3_an_error_of_the_channel_is_the_status_that_tonic_makes_of_it() {
    let (api, _) = start(Rejecting::InHeaders).await;
    let tokens = api.issuer.tokens(alf_core::TokioRuntime::new());
    // Nothing listens there.
    let uri: http::Uri = "http://127.0.0.1:1".parse().unwrap();
    let mut caller = Caller::new(tokens, uri);
    let status = caller
        .unary("/api/unary", text("a message"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.source().unwrap().is::<tonic::transport::Error>());
}
