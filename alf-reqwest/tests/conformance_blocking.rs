//! alf's conformance suite on `reqwest::blocking`.

#![cfg(feature = "blocking")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

mod support;

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use alf_reqwest::blocking::{Client, ReqwestTransport};
use alf_reqwest::reqwest::blocking::{self, Body, Request, Response};
use alf_reqwest::{Runtime, ThreadRuntime};
use alf_testkit::conformance::{self, Capability, ReadError, Setup, Subject};

struct Blocking;

support::trusting!(blocking::ClientBuilder);

impl Subject for Blocking {
    type Transport = ReqwestTransport;

    fn transport(setup: &Setup) -> ReqwestTransport {
        let root = setup.root_certificate.clone();
        let configure = move |builder: blocking::ClientBuilder| {
            let builder = builder.no_proxy().timeout(TIMEOUT);
            match &root {
                Some(root) => trusting(builder, root),
                None => builder,
            }
        };
        let client = Client::builder("https://auth.example.com/token")
            .client_secret("id", "secret")
            .configure_http(configure)
            .token_header(setup.token_header.unwrap_or("authorization"));
        client.build().unwrap().core().transport().clone()
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn request(_: &ReqwestTransport, request: http::Request<conformance::Body>) -> Request {
        let (head, body) = request.into_parts();
        let (body, timeout) = match body.try_into_bytes() {
            Ok(bytes) => (Body::from(bytes), None),
            // Until all of it was sent.
            Err(stream) => (Body::new(stream), Some(AMPLE)),
        };
        let request = http::Request::from_parts(head, body);
        let mut request = Request::try_from(request).unwrap();
        *request.timeout_mut() = timeout;
        request
    }

    async fn read(mut response: Response, sink: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        io::copy(&mut response, sink)?;
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        let mut lacks = support::lacks();
        lacks.push(Capability::Cancellation);
        // The error of a token client of the user may be about its body, not about the connection.
        lacks.push(Capability::ErrorKinds);
        lacks
    }
}

/// Until a response begins, and of each read: what blocks cannot be dropped.
const TIMEOUT: Duration = Duration::from_secs(5);
const AMPLE: Duration = Duration::from_secs(30);

alf_testkit::conformance!(Blocking);
