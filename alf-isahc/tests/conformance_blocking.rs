//! alf's conformance suite on the blocking face of isahc.
//!
//! What a blocking call adds to an async one is that its bodies are blocking ones: here every body,
//! of a request and of a response, goes through what converts the one into the other.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

#[path = "../src/body.rs"]
#[expect(dead_code, reason = "all of it is the library's")]
mod body;
mod support;

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;

use alf_isahc::isahc::{self, AsyncBody, Request, Response};
use alf_isahc::{IsahcTransport, Runtime, ThreadRuntime};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};

struct Blocking;

impl Subject for Blocking {
    type Transport = IsahcTransport;

    fn transport(setup: &Setup) -> IsahcTransport {
        support::transport(setup)
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    #[expect(unused_qualifications, reason = "isahc's http may be another one")]
    fn request(_: &IsahcTransport, request: http::Request<Body>) -> Request<AsyncBody> {
        let (head, body) = request.into_parts();
        let body = match body.try_into_bytes() {
            Ok(bytes) if bytes.is_empty() => isahc::Body::empty(),
            Ok(bytes) => isahc::Body::from(&*bytes),
            Err(stream) => isahc::Body::from_reader(stream),
        };
        support::request(&head, body::into_async(body))
    }

    async fn read(
        response: Response<AsyncBody>,
        sink: &mut (dyn Write + Send),
    ) -> Result<(), ReadError> {
        io::copy(&mut body::into_sync(response.into_body()), sink)?;
        Ok(())
    }

    /// As [`alf_core::Client::send_blocking`] does.
    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        support::lacks()
    }

    fn known_failures() -> Vec<(&'static str, &'static str)> {
        support::known_failures()
    }
}

alf_testkit::conformance!(Blocking);
