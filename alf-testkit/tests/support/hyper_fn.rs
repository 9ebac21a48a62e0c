//! A `Subject`: `from_fn` over hyper-util's client.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use alf_core::{FnTransport, Redirects, Runtime, TokioRuntime, from_fn};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

pub(crate) struct HyperFn;

pub(crate) type Send = Box<dyn Fn(http::Request<Bytes>) -> Sending + std::marker::Send + Sync>;
type Sending =
    Pin<Box<dyn Future<Output = Result<http::Response<Incoming>, Error>> + std::marker::Send>>;

impl Subject for HyperFn {
    type Transport = FnTransport<Send>;

    fn transport(_: &Setup) -> Self::Transport {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        from_fn(
            Redirects::NotFollowed,
            Box::new(move |request| Box::pin(client.request(request.map(Full::new)))),
        )
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn request(_: &Self::Transport, request: http::Request<Body>) -> http::Request<Bytes> {
        request.map(Body::into_bytes)
    }

    async fn read(
        response: http::Response<Incoming>,
        sink: &mut (dyn Write + std::marker::Send),
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
            Capability::StreamingRequests,
            Capability::Redirects,
            Capability::ErrorKinds,
            Capability::Tls,
            Capability::ConnectionLimit,
        ]
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
