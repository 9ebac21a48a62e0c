//! The service under the layer, as a transport of alf-core: for one request and its replay.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use alf_core::{OriginRef, Transport};
use bytes::Buf;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::error::{BoxError, ServiceError};
use crate::outgoing::Outgoing;
use crate::replay_body::ReplayBody;

/// A service that was polled ready. It takes requests with the body `W`, which is made of the caller's body `B`.
pub(crate) struct ServiceTransport<S, B, W> {
    /// `None` while it is waited for.
    service: Mutex<Option<S>>,
    protocol: Protocol<B, W>,
}

/// What differs between HTTP and gRPC.
pub(crate) struct Protocol<B, W> {
    /// Makes the body that the service takes.
    pub(crate) body: fn(ReplayBody<B>) -> W,
    /// Returns the status of a response as one of HTTP.
    pub(crate) status: fn(StatusCode, &HeaderMap) -> StatusCode,
}

impl<S, B, W> ServiceTransport<S, B, W> {
    pub(crate) fn new(service: S, protocol: Protocol<B, W>) -> Self {
        Self {
            service: Mutex::new(Some(service)),
            protocol,
        }
    }

    fn service(&self) -> MutexGuard<'_, Option<S>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, B, W, R> Transport for ServiceTransport<S, B, W>
where
    S: Service<Request<W>, Response = Response<R>> + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    W: Send + 'static,
    R: Body + Send + 'static,
{
    type Request = Outgoing<B>;
    type Response = Response<R>;
    type Error = ServiceError;

    async fn send(&self, outgoing: Outgoing<B>) -> Result<Response<R>, ServiceError> {
        let service = self.service().take();
        // Neither is `None`: alf-core sends one request at a time, and no copy whose body was not kept.
        let (Some(mut service), Some(request)) = (service, outgoing.into_request()) else {
            return Err(ServiceError("the request cannot be sent again".into()));
        };
        // Of a service that is ready, this is so at once. Before a replay it may wait.
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        ready.map_err(|error| ServiceError(error.into()))?;
        let response = service.call(request.map(self.protocol.body));
        *self.service() = Some(service);
        response.await.map_err(|error| ServiceError(error.into()))
    }

    fn origin<'r>(&self, outgoing: &'r Outgoing<B>) -> OriginRef<'r> {
        outgoing.origin()
    }

    fn head(&self, outgoing: &Outgoing<B>) -> (Method, Uri) {
        (outgoing.method().clone(), outgoing.uri().clone())
    }

    fn insert_header(&self, outgoing: &mut Outgoing<B>, name: &HeaderName, value: &HeaderValue) {
        outgoing.insert_header(name, value);
    }

    fn try_clone(&self, outgoing: &mut Outgoing<B>) -> Option<Outgoing<B>> {
        outgoing.try_clone()
    }

    fn status(&self, response: &Response<R>) -> StatusCode {
        (self.protocol.status)(response.status(), response.headers())
    }

    fn header_values(&self, response: &Response<R>, name: &HeaderName) -> Vec<HeaderValue> {
        response.headers().get_all(name).iter().cloned().collect()
    }

    fn response_origin<'r>(&self, _: &'r Response<R>) -> Option<OriginRef<'r>> {
        // The layer's documentation asks for a service that follows no redirects.
        None
    }

    async fn discard(&self, response: Response<R>) {
        let mut body = pin!(response.into_body());
        let mut left = DRAINED;
        // The library closes the connection of a longer one when the body is dropped.
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Buf::remaining);
            match left.checked_sub(length) {
                Some(less) => left = less,
                None => return,
            }
        }
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: usize = 64 * 1024;
