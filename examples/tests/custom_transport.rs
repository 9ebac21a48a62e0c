//! Runs alf's conformance suite on a transport of your own.
//!
//! `cargo test -p examples --test custom_transport` runs each case as a separate test.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

#[expect(dead_code, reason = "the example uses more of it")]
#[path = "../src/bin/custom_transport/in_house.rs"]
mod in_house;
#[path = "../src/bin/custom_transport/transport.rs"]
mod transport;

use std::future::Future;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use alf_core::{Runtime, TokioRuntime};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};

use in_house::{Call, Content, HttpCaller, Reply};
use transport::InHouse;

struct InHouseSubject;

impl Subject for InHouseSubject {
    type Transport = InHouse;

    fn transport(_: &Setup) -> InHouse {
        InHouse::new(HttpCaller::new())
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn request(_: &InHouse, request: http::Request<Body>) -> Call {
        let (head, body) = request.into_parts();
        let content = match body.try_into_bytes() {
            Ok(bytes) => Content::Bytes(bytes),
            Err(stream) => Content::body(stream),
        };
        let mut call = Call::new(head.method, head.uri.to_string(), content);
        call.headers = head.headers;
        call
    }

    async fn read(mut reply: Reply, sink: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        while let Some(piece) = reply.next().await {
            sink.write_all(&piece?)?;
        }
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        // The library follows no redirects, has no TLS, and opens as many connections as it needs.
        vec![
            Capability::Redirects,
            Capability::Tls,
            Capability::ConnectionLimit,
        ]
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_testkit::conformance!(InHouseSubject);
