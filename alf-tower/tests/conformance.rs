//! alf's conformance suite on hyper-util's client under the layer.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use alf_core::{
    Error, ExchangeError, ExchangeOptions, OriginRef, Runtime, TokenTransport, TokioRuntime,
    Transport,
};
use alf_testkit::conformance::{self, BodyStream, Capability, ReadError, Sent, Setup, Subject};
use alf_tower::{AuthorizationLayer, BoxError, ReplayBody, token_service};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as HyperError};
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};

struct HyperUnderLayer;

/// hyper-util's client. It is a transport only in name: [`Subject::send`] sends by the layer.
struct Hyper {
    http: Client<HttpConnector, ReplayBody<Body>>,
    tokens: Box<dyn TokenTransport>,
}

type Body = Either<Full<Bytes>, BodyStream>;

impl Subject for HyperUnderLayer {
    type Transport = Hyper;

    fn transport(_: &Setup) -> Hyper {
        let builder = Client::builder(TokioExecutor::new());
        Hyper {
            http: builder.build_http(),
            tokens: Box::new(token_service(builder.build_http())),
        }
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn request(_: &Hyper, request: Request<conformance::Body>) -> Request<Body> {
        request.map(|body| match body.try_into_bytes() {
            Ok(bytes) => Either::Left(Full::new(bytes)),
            Err(stream) => Either::Right(stream),
        })
    }

    async fn send(client: &alf_core::Client<Hyper>, request: Request<Body>) -> Sent<Hyper> {
        // The suite expects that every body in memory is replayed, and no stream.
        let limit = match request.body() {
            Either::Left(_) => usize::MAX,
            Either::Right(_) => 0,
        };
        let layer = AuthorizationLayer::new(client.tokens().clone()).replay_limit(limit);
        let service = layer.layer(client.transport().http.clone());
        service.oneshot(request).await.map_err(typed)
    }

    async fn read(
        response: Response<Incoming>,
        sink: &mut (dyn Write + Send),
    ) -> Result<(), ReadError> {
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            sink.write_all(frame?.data_ref().map_or(&[], |data| &data[..]))?;
        }
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        vec![
            // The service under the layer must follow none.
            Capability::Redirects,
            // `token_service` cannot tell what an error of a service means.
            Capability::ErrorKinds,
            // The layer has no connections of its own.
            Capability::Tls,
            Capability::ConnectionLimit,
        ]
    }
}

/// The error of the layer is in a box.
fn typed(error: BoxError) -> Error<HyperError> {
    let error = match error.downcast() {
        Ok(error) => return Error::Token(*error),
        Err(error) => error,
    };
    match error.downcast() {
        Ok(error) => Error::NotAllowed(*error),
        Err(error) => Error::Transport(*error.downcast().unwrap()),
    }
}

impl Transport for Hyper {
    type Request = Request<Body>;
    type Response = Response<Incoming>;
    type Error = HyperError;

    async fn send(&self, _: Request<Body>) -> Result<Response<Incoming>, HyperError> {
        unreachable!("the layer sends all requests")
    }

    fn origin<'r>(&self, request: &'r Request<Body>) -> OriginRef<'r> {
        OriginRef::of(request.uri()).unwrap_or(OriginRef::NOWHERE)
    }

    fn head(&self, request: &Request<Body>) -> (Method, Uri) {
        (request.method().clone(), request.uri().clone())
    }

    fn insert_header(&self, _: &mut Request<Body>, _: &HeaderName, _: &HeaderValue) {}

    fn try_clone(&self, _: &mut Request<Body>) -> Option<Request<Body>> {
        None
    }

    fn status(&self, response: &Response<Incoming>) -> StatusCode {
        response.status()
    }

    fn header_values(&self, response: &Response<Incoming>, name: &HeaderName) -> Vec<HeaderValue> {
        response.headers().get_all(name).iter().cloned().collect()
    }

    fn response_origin<'r>(&self, _: &'r Response<Incoming>) -> Option<OriginRef<'r>> {
        None
    }

    async fn discard(&self, _: Response<Incoming>) {}
}

#[async_trait]
impl TokenTransport for Hyper {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        self.tokens.exchange(request, options).await
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_testkit::conformance!(HyperUnderLayer);
