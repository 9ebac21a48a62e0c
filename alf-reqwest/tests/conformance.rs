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
        let mut client =
            Client::builder("https://auth.example.com/token").client_secret("id", "secret");
        if let Some(pem) = &setup.root_certificate {
            let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
            let trusting = || reqwest::Client::builder().add_root_certificate(root.clone());
            let calls = trusting().redirect(guard_redirects(Policy::default()));
            let tokens = trusting().redirect(Policy::none());
            client = client
                .http_client(calls.build().unwrap())
                .token_http_client(tokens.build().unwrap());
        }
        client.build().unwrap().core().transport().clone()
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
        // reqwest bounds idle connections, and no others.
        let all = Capabilities::all().without(Capability::ConnectionLimit);
        if cfg!(any(feature = "rustls", feature = "native-tls")) {
            all
        } else {
            all.without(Capability::Tls)
        }
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_testkit::conformance!(Reqwest);
