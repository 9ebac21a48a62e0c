//! Token requests by a service of tower.

use std::future::poll_fn;

use alf_core::{Redirects, TokenTransport, from_fn};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::error::BoxError;

/// Returns a transport that sends token requests with this service, such as an HTTP client.
///
/// The service must not follow redirects, because a redirect may carry the client's secret to another server. If the service under the
/// layer limits concurrency, do not use it here: requests that wait for a token may use up the limit.
///
/// Every failure of the service counts as a broken connection, and alf retries it until
/// [`acquire_timeout`](alf_core::ClientBuilder::acquire_timeout). So an invalid certificate is reported only after that time. The
/// adapters, such as alf-reqwest, report it at once.
pub fn token_service<S, R>(service: S) -> impl TokenTransport
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError> + 'static,
    S::Future: Send,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Into<BoxError>,
{
    from_fn(Redirects::NotFollowed, move |request: Request<Bytes>| {
        let mut service = service.clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request.map(Full::new)).await
        }
    })
}
