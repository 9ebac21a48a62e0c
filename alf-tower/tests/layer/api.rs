//! An API as a service, and the tokens that it accepts.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use alf_testkit::VirtualTime;
use alf_tower::{AuthorizationLayer, BoxError};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::Service;

use crate::issuer::Issuer;

/// An API that accepts every token that is not revoked. Clones are one API.
#[derive(Default)]
pub(crate) struct Api {
    pub(crate) issuer: Issuer,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Whether this clone was polled ready.
    is_ready: bool,
    pub(crate) rejects_all: bool,
    /// It answers before it has read the body.
    pub(crate) reads_no_body: bool,
}

/// A request that the API received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) token: String,
    pub(crate) body: Option<Bytes>,
}

/// A clone is not ready.
impl Clone for Api {
    fn clone(&self) -> Self {
        Self {
            issuer: self.issuer.clone(),
            seen: Arc::clone(&self.seen),
            is_ready: false,
            ..*self
        }
    }
}

impl Api {
    pub(crate) fn layer(&self) -> AuthorizationLayer {
        AuthorizationLayer::new(self.issuer.tokens(VirtualTime::new()))
    }

    /// Takes the requests that were received since the last call.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// Takes the tokens of these requests.
    pub(crate) fn take_seen_tokens(&self) -> Vec<String> {
        let seen = self.take_seen().into_iter();
        seen.map(|request| request.token).collect()
    }

    async fn answer<B>(self, request: Request<B>) -> Result<Response<Full<Bytes>>, BoxError>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        if head.uri.path() == "/broken" {
            return Err(Box::new(Broken));
        }
        let token = head.headers.get(AUTHORIZATION).unwrap();
        let token = token.to_str().unwrap().to_owned();
        let accepted = !self.rejects_all && self.issuer.accepts(&token);
        let body = if self.reads_no_body {
            None
        } else {
            Some(body.collect().await.map_err(Into::into)?.to_bytes())
        };
        self.seen.lock().unwrap().push(Seen { token, body });
        let mut response = Response::new(Full::new(Bytes::from_static(b"the answer")));
        if !accepted {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok(response)
    }
}

/// The error of the API for `/broken`.
#[derive(Debug, thiserror::Error)]
#[error("the connection broke")]
pub(crate) struct Broken;

impl<B> Service<Request<B>> for Api
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Full<Bytes>>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(
            self.is_ready,
            "a service is called that was not polled ready"
        );
        self.is_ready = false;
        Box::pin(self.clone().answer(request))
    }
}

pub(crate) fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

pub(crate) fn post<B>(body: B) -> Request<B> {
    Request::post(URL).body(body).unwrap()
}

pub(crate) const URL: &str = "https://api.example.com/things";
