//! The service that the layer makes: what happens to one request.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::clone_service::CloneService;
use crate::error::{BoxError, unchanged};
use crate::outgoing::Outgoing;
use crate::replay_body::ReplayBody;
use crate::settings::Settings;
use crate::transport::{Protocol, ServiceTransport};

/// The service that [`AuthorizationLayer`](crate::AuthorizationLayer) makes.
///
/// # Errors
///
/// The error of a call is a box that contains one of these. Use `downcast_ref` to find its type.
///
/// - [`TokenError`](alf_core::TokenError) if no token could be obtained.
/// - [`NotAllowed`](alf_core::NotAllowed) if the token must not be sent to the origin of the request.
/// - The error of the service under the layer, unchanged.
///
/// # Cancel safety
///
/// Dropping the future of a call drops the call of the service under the layer. It does not cancel a renewal: other calls may
/// wait for it.
#[derive(Clone)]
pub struct Authorization<S> {
    inner: S,
    settings: Arc<Settings>,
}

/// The future of a call of [`Authorization`].
pub type ResponseFuture<R> = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

impl<S> Authorization<S> {
    pub(crate) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for Authorization<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>> + CloneService + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    R: Body + Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<R> {
        // The clone is not ready.
        let next = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, next);
        let request = request.map(ReplayBody::new);
        if self.settings.has_token(request.headers()) {
            let response = ready.call(request);
            return Box::pin(async move { response.await.map_err(Into::into) });
        }
        let transport = ServiceTransport::new(ready, http());
        let settings = Arc::clone(&self.settings);
        Box::pin(async move {
            let outgoing = Outgoing::new(request, Arc::clone(&settings));
            let sent = settings.tokens.send_by(&transport, outgoing).await;
            let (response, _) = sent.map_err(unchanged)?;
            Ok(response)
        })
    }
}

fn http<B>() -> Protocol<B, ReplayBody<B>> {
    Protocol {
        body: |body| body,
        status: |status, _| status,
    }
}

impl<S> fmt::Debug for Authorization<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
