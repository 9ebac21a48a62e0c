//! The service under the layer, as a transport of alf-core: for one request and its replay.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alf_core::{OriginRef, Transport};
use bytes::Buf;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::error::{BoxError, ServiceError};
use crate::replay_body::ReplayBody;
use crate::settings::Settings;

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

/// A request on its way to the service, or its copy.
pub(crate) struct Outgoing<B> {
    pub(crate) request: Request<ReplayBody<B>>,
    pub(crate) settings: Arc<Settings>,
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
    W: Send + 'static,
    R: Body + Send + 'static,
{
    type Request = Outgoing<B>;
    type Response = Response<R>;
    type Error = ServiceError;

    async fn send(&self, outgoing: Outgoing<B>) -> Result<Response<R>, ServiceError> {
        let service = self.service().take();
        let Some(mut service) = service else {
            return Err(ServiceError("the service is in use".into()));
        };
        // Of a service that is ready, this is so at once. Before a replay it may wait.
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        ready.map_err(|error| ServiceError(error.into()))?;
        let response = service.call(outgoing.request.map(self.protocol.body));
        *self.service() = Some(service);
        response.await.map_err(|error| ServiceError(error.into()))
    }

    fn origin<'r>(&self, outgoing: &'r Outgoing<B>) -> OriginRef<'r> {
        let uri = outgoing.settings.checked_uri(outgoing.request.uri());
        OriginRef::of(uri).unwrap_or(OriginRef::NOWHERE)
    }

    fn head(&self, Outgoing { request, .. }: &Outgoing<B>) -> (Method, Uri) {
        (request.method().clone(), request.uri().clone())
    }

    fn insert_header(&self, outgoing: &mut Outgoing<B>, name: &HeaderName, value: &HeaderValue) {
        let headers = outgoing.request.headers_mut();
        headers.insert(name.clone(), value.clone());
    }

    fn try_clone(&self, outgoing: &mut Outgoing<B>) -> Option<Outgoing<B>> {
        let Outgoing { request, settings } = outgoing;
        let mut copy = Request::new(request.body_mut().try_clone(settings.replay_limit)?);
        copy.method_mut().clone_from(request.method());
        copy.uri_mut().clone_from(request.uri());
        copy.headers_mut().clone_from(request.headers());
        copy.extensions_mut().clone_from(request.extensions());
        *copy.version_mut() = request.version();
        Some(Outgoing {
            request: copy,
            settings: Arc::clone(settings),
        })
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
