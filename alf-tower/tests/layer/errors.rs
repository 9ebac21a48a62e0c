//! The errors of the layer, and what its types promise.

use alf_core::{TokenError, TokenErrorKind, TokenManager};
use alf_testkit::VirtualTime;
use alf_tower::{Authorization, AuthorizationLayer, ReplayBody, ResponseFuture, token_service};
use bytes::Bytes;
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use crate::api::{Api, Broken, URL, get};

static_assertions::assert_impl_all!(AuthorizationLayer: Clone, Send, Sync);
static_assertions::assert_impl_all!(Authorization<Api>: Clone, Send, Sync);
static_assertions::assert_impl_all!(ReplayBody<Full<Bytes>>: Send, Sync);
static_assertions::assert_impl_all!(ResponseFuture<Full<Bytes>>: Send, Unpin);

/// The token manager of an authorization server that always answers with this.
fn tokens(status: u16, body: &'static str) -> TokenManager {
    let answer = service_fn(move |_: http::Request<Full<Bytes>>| async move {
        let response = http::Response::builder().status(status);
        response.body(Full::new(Bytes::from_static(body.as_bytes())))
    });
    AuthorizationLayer::builder("https://auth.example.com/token")
        .client_secret("client-id", "wrong")
        .runtime(VirtualTime::new())
        .build_tokens(token_service(answer))
        .unwrap()
}

#[test]
fn p3_the_error_of_the_service_is_unchanged() {
    let api = Api::default();
    let sent = api
        .layer()
        .layer(api)
        .oneshot(get("https://api.example.com/broken"));
    assert!(pollster::block_on(sent).unwrap_err().is::<Broken>());
}

#[test]
fn f4_a_token_error_is_in_the_box() {
    let layer = AuthorizationLayer::new(tokens(401, r#"{"error":"invalid_client"}"#));
    let api = Api::default();
    let error = pollster::block_on(layer.layer(api.clone()).oneshot(get(URL))).unwrap_err();
    let error = error.downcast::<TokenError>().unwrap();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert!(api.take_seen().is_empty());
}

#[test]
fn f1_a_token_comes_from_a_service() {
    let layer = AuthorizationLayer::new(tokens(200, r#"{"access_token":"token-1"}"#));
    let api = Api::default();
    let response = pollster::block_on(layer.layer(api.clone()).oneshot(get(URL))).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(api.take_seen_tokens(), ["Bearer token-1"]);
}
