//! The service that the layer makes: what happens to one call.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tonic::Status;
use tower_service::Service;

use crate::clone_service::CloneService;
use crate::error::{BoxError, ServiceError};
use crate::outgoing::Outgoing;
use crate::replay_body::ReplayBody;
use crate::settings::Settings;
use crate::transport::{Protocol, ServiceTransport};

use super::body::{GrpcBody, SentToken};
use super::deadline;
use super::status::{FailedCall, http_status};

/// The service that [`GrpcAuthorizationLayer`](crate::GrpcAuthorizationLayer) makes. Give it to a tonic client in place of a
/// channel.
#[derive(Clone)]
pub struct GrpcAuthorization<S> {
    inner: S,
    settings: Arc<Settings>,
}

/// The future of a call of [`GrpcAuthorization`].
pub type GrpcResponseFuture<R> =
    Pin<Box<dyn Future<Output = Result<Response<GrpcBody<R>>, Status>> + Send>>;

impl<S> GrpcAuthorization<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for GrpcAuthorization<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<R>> + CloneService + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    R: Body + Send + 'static,
{
    type Response = Response<GrpcBody<R>>;
    type Error = Status;
    type Future = GrpcResponseFuture<R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let ready = self.inner.poll_ready(context);
        ready.map_err(|error| FailedCall::from(ServiceError(error.into())).into_status())
    }

    fn call(&mut self, request: Request<B>) -> GrpcResponseFuture<R> {
        // The clone is not ready.
        let next = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, next);
        let request = request.map(ReplayBody::new);
        if self.settings.has_token(request.headers()) {
            let response = ready.call(request.map(tonic::body::Body::new));
            return Box::pin(async move {
                let response = response
                    .await
                    .map_err(|error| Status::from_error(error.into()))?;
                Ok(response.map(|body| GrpcBody::new(body, None)))
            });
        }
        let timeout = deadline::timeout(request.headers());
        let settings = Arc::clone(&self.settings);
        Box::pin(deadline::within(timeout, send(ready, settings, request)))
    }
}

async fn send<S, B, R>(
    ready: S,
    settings: Arc<Settings>,
    request: Request<ReplayBody<B>>,
) -> Result<Response<GrpcBody<R>>, Status>
where
    S: Service<Request<tonic::body::Body>, Response = Response<R>> + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    R: Body + Send + 'static,
{
    let transport = ServiceTransport::new(
        ready,
        Protocol {
            body: tonic::body::Body::new,
            status: http_status,
        },
    );
    let uri = request.uri().clone();
    let outgoing = Outgoing::new(request, Arc::clone(&settings));
    let sent = settings.tokens.send_by(&transport, outgoing).await;
    let (response, token) = sent.map_err(|error| error.convert::<FailedCall>().into_status())?;
    let sent = SentToken {
        settings,
        token,
        uri,
    };
    Ok(response.map(|body| GrpcBody::new(body, Some(sent))))
}

impl<S> fmt::Debug for GrpcAuthorization<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcAuthorization")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
