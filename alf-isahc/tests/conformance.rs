//! alf's conformance suite on isahc.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "code of tests, outside of their functions"
)]

mod support;

use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use alf_isahc::isahc::{AsyncBody, Request, Response};
use alf_isahc::{IsahcTransport, Runtime, ThreadRuntime};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};
use futures_util::AsyncReadExt;
use futures_util::io::AllowStdIo;

struct Isahc;

impl Subject for Isahc {
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
            Ok(bytes) if bytes.is_empty() => AsyncBody::empty(),
            Ok(bytes) => AsyncBody::from(&*bytes),
            Err(stream) => AsyncBody::from_reader(AllowStdIo::new(stream)),
        };
        support::request(&head, body)
    }

    async fn read(
        mut response: Response<AsyncBody>,
        sink: &mut (dyn Write + Send),
    ) -> Result<(), ReadError> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match response.body_mut().read(&mut buffer).await? {
                0 => return Ok(()),
                length => sink.write_all(&buffer[..length])?,
            }
        }
    }

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

alf_testkit::conformance!(Isahc);
