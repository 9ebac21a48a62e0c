//! Runs alf's conformance suite on ureq, in a closure that blocks.
//!
//! `cargo test -p examples --test ureq` runs each case as a separate test.

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use alf_core::{BlockingFnTransport, Redirects, Runtime, ThreadRuntime, from_blocking_fn};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};
use bytes::Bytes;
use http::{Request, Response};
use ureq::{Agent, BodyReader};

struct UreqSubject;

type Closure = Box<dyn Fn(Request<Bytes>) -> UreqResult + Send + Sync>;
type UreqResult = Result<Response<BodyReader<'static>>, ureq::Error>;

impl Subject for UreqSubject {
    type Transport = BlockingFnTransport<Closure>;

    fn transport(_: &Setup) -> Self::Transport {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(TIMEOUT))
            .timeout_per_write(Some(TIMEOUT))
            .timeout_recv_response(Some(TIMEOUT))
            .timeout_per_read(Some(TIMEOUT))
            .build()
            .into();
        let send = move |request: Request<Bytes>| {
            let response = match request.body().len() {
                0 => agent.run(request.map(drop))?,
                _ => agent.run(request.map(Vec::from))?,
            };
            Ok(response.map(ureq::Body::into_reader))
        };
        from_blocking_fn(Redirects::NotFollowed, Box::new(send))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn request(_: &Self::Transport, request: Request<Body>) -> Request<Bytes> {
        request.map(Body::into_bytes)
    }

    async fn read(
        response: Response<BodyReader<'static>>,
        sink: &mut (dyn Write + Send),
    ) -> Result<(), ReadError> {
        io::copy(&mut response.into_body(), sink)?;
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        vec![
            // The closure takes request bodies from memory.
            Capability::StreamingRequests,
            // It follows none, as it promises.
            Capability::Redirects,
            // A closure's error has no kind.
            Capability::ErrorKinds,
            // A call that blocks cannot be dropped.
            Capability::Cancellation,
            // It is built without TLS.
            Capability::Tls,
            // ureq limits only idle connections.
            Capability::ConnectionLimit,
            // ureq sends a whole request before it reads.
            Capability::EarlyAnswers,
        ]
    }
}

/// Of each step of a call, since a call that blocks cannot be dropped.
const TIMEOUT: Duration = Duration::from_secs(5);

alf_testkit::conformance!(UreqSubject);
