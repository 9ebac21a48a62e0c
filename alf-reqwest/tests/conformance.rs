//! alf's conformance suite on reqwest.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use alf_reqwest::reqwest::redirect::Policy;
use alf_reqwest::reqwest::{self, Body, Request, Response};
use alf_reqwest::{Client, ReqwestTransport, Runtime, TokioRuntime, guard_redirects};
use alf_testkit::conformance::{self, Capabilities, Capability, ReadError, Setup, Subject};

struct Reqwest;

impl Subject for Reqwest {
    type Transport = ReqwestTransport;

    fn transport(setup: &Setup) -> ReqwestTransport {
        let builder =
            Client::builder("https://auth.example.com/token").client_secret("id", "secret");
        let builder = match &setup.root_certificate {
            Some(pem) => builder
                .http_client(trusting(pem, guard_redirects(Policy::default())))
                .token_http_client(trusting(pem, Policy::none())),
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

    fn capabilities() -> Capabilities {
        let capabilities = Capabilities::all().without(Capability::ConnectionLimit);
        if TLS {
            capabilities
        } else {
            capabilities.without(Capability::Tls)
        }
    }
}

/// A client that trusts nothing but that certificate.
#[cfg(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
fn trusting(pem: &str, policy: Policy) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let builder = reqwest::Client::builder().no_proxy().redirect(policy);
    builder.tls_certs_only([root]).build().unwrap()
}

/// Nobody asks for it.
#[cfg(not(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
)))]
fn trusting(_: &str, policy: Policy) -> reqwest::Client {
    reqwest::Client::builder().redirect(policy).build().unwrap()
}

const TLS: bool = cfg!(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
));

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_testkit::conformance!(Reqwest);
