//! alf's conformance suite on reqwest.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

mod support;

use std::future::Future;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use alf_reqwest::reqwest::{Body, ClientBuilder, Request, Response};
use alf_reqwest::{Client, ReqwestTransport, Runtime, TokioRuntime};
use alf_testkit::conformance::{self, Capability, ReadError, Setup, Subject};

struct Reqwest;

support::trusting!(ClientBuilder);

impl Subject for Reqwest {
    type Transport = ReqwestTransport;

    fn transport(setup: &Setup) -> ReqwestTransport {
        let builder =
            Client::builder("https://auth.example.com/token").client_secret("id", "secret");
        let builder = builder.token_header(setup.token_header.unwrap_or("authorization"));
        let builder = match setup.root_certificate.clone() {
            Some(root) => builder.configure_http(move |client| trusting(client, &root)),
            None => builder,
        };
        builder.build().unwrap().core().transport().clone()
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn request(_: &ReqwestTransport, request: http::Request<conformance::Body>) -> Request {
        let request = request.map(|body| match body.try_into_bytes() {
            Ok(bytes) => Body::from(bytes),
            Err(stream) => Body::wrap(stream),
        });
        Request::try_from(request).unwrap()
    }

    async fn read(mut response: Response, sink: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        while let Some(chunk) = response.chunk().await? {
            sink.write_all(&chunk)?;
        }
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        support::lacks()
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_testkit::conformance!(Reqwest);
