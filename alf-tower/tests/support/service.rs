//! A service that answers at once, and what is sent to it.

use std::future::{Ready, poll_fn, ready};
use std::task::{Context, Poll};

use alf_core::{ExchangeError, Redirects, TokenManager, from_fn};
use alf_tower::AuthorizationLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tower::Service;

#[derive(Clone)]
pub(crate) struct Answer;

impl<B> Service<Request<B>> for Answer {
    type Response = Response<Empty<Bytes>>;
    type Error = ExchangeError;
    type Future = Ready<Result<Response<Empty<Bytes>>, ExchangeError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ExchangeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Empty::new())))
    }
}

pub(crate) async fn call<S: Service<Request<Empty<Bytes>>>>(
    service: &mut S,
    request: Request<Empty<Bytes>>,
) -> Result<S::Response, S::Error> {
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(request).await
}

/// A request as programs send it.
pub(crate) fn get() -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = http::Uri::from_static("https://api.example.com/things");
    let headers = request.headers_mut();
    headers.insert("accept", http::HeaderValue::from_static("application/json"));
    headers.insert(
        "user-agent",
        http::HeaderValue::from_static("a-service/1.0"),
    );
    request
}

/// Tokens of an authorization server that answers at once.
#[expect(clippy::unwrap_used, reason = "the settings are right")]
pub(crate) fn tokens() -> TokenManager {
    let answer = from_fn(Redirects::NotFollowed, |_| async {
        let body = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","expires_in":86400}"#;
        Ok::<_, ExchangeError>(Response::new(Full::<Bytes>::from(body)))
    });
    AuthorizationLayer::builder("https://auth.example.com/token")
        .client_secret("client-id", "secret")
        .build_tokens(answer)
        .unwrap()
}
