//! A [`Subject`], its client and its calls without their types, so that cases are plain functions.

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alf_core::{
    Client, ClientBuilder, ConfigError, CustomTransport, Origin, TokenManager, TokenTransport,
    Transport,
};
use futures_util::future::{AbortHandle, Abortable, Aborted};
use http::{HeaderName, Method, Request, Uri};

use crate::runtime::VirtualTime;
use crate::suite::{caught, fail};
use crate::waiting::DEADLINE;

use super::body::Body;
use super::outcome::{CallError, CallOutcome, Reply};
use super::subject::{Setup, Subject};

/// The transport under test.
pub(super) trait TestedTransport {
    fn token_transport(&self) -> Arc<dyn TokenTransport>;

    fn client(
        &self,
        builder: ClientBuilder<CustomTransport>,
        tokens: Arc<dyn TokenTransport>,
    ) -> Result<Box<dyn TestedClient>, ConfigError>;

    /// Returns the origin of the request, and of its copy if it can be copied.
    fn origins(&self, request: Request<Body>) -> Vec<Origin>;

    fn head(&self, request: Request<Body>) -> (Method, Uri);
}

/// A client over the transport under test.
pub(super) trait TestedClient {
    /// Sends a request on a thread of its own, and notifies `time` at the end.
    fn start(&self, request: Request<Body>, read: ReadBody, time: &VirtualTime) -> ThreadCall;

    fn tokens(&self) -> &TokenManager;

    /// Returns what its `Debug` shows.
    fn shown(&self) -> String;
}

/// What a call does with the body of its response.
pub(super) enum ReadBody {
    Keep,
    WriteTo(Box<dyn Write + Send>),
    DropUnread,
}

pub(super) fn transport<S: Subject>(setup: &Setup) -> Box<dyn TestedTransport> {
    Box::new(TransportOf::<S>(Arc::new(S::transport(setup))))
}

struct TransportOf<S: Subject>(Arc<S::Transport>);

impl<S: Subject> TestedTransport for TransportOf<S> {
    fn token_transport(&self) -> Arc<dyn TokenTransport> {
        Arc::<S::Transport>::clone(&self.0)
    }

    fn client(
        &self,
        builder: ClientBuilder<CustomTransport>,
        tokens: Arc<dyn TokenTransport>,
    ) -> Result<Box<dyn TestedClient>, ConfigError> {
        let client = builder.build_with(Arc::clone(&self.0), tokens)?;
        Ok(Box::new(ClientOf::<S>(client)))
    }

    fn origins(&self, request: Request<Body>) -> Vec<Origin> {
        let mut request = S::request(&self.0, request);
        let copy = self.0.try_clone(&mut request);
        let requests = copy.iter().chain([&request]);
        requests
            .map(|request| self.0.origin(request).to_origin())
            .collect()
    }

    fn head(&self, request: Request<Body>) -> (Method, Uri) {
        self.0.head(&S::request(&self.0, request))
    }
}

struct ClientOf<S: Subject>(Client<S::Transport>);

impl<S: Subject> TestedClient for ClientOf<S> {
    fn start(&self, request: Request<Body>, read: ReadBody, time: &VirtualTime) -> ThreadCall {
        let client = self.0.clone();
        let request = S::request(client.transport(), request);
        ThreadCall::start::<S, _>(time, move || perform::<S>(client, request, read))
    }

    fn tokens(&self) -> &TokenManager {
        self.0.tokens()
    }

    fn shown(&self) -> String {
        format!("{:?} {:#?}", self.0, self.0)
    }
}

async fn perform<S: Subject>(
    client: Client<S::Transport>,
    request: <S::Transport as Transport>::Request,
    read: ReadBody,
) -> CallOutcome {
    let response = match S::send(&client, request).await {
        Ok(response) => response,
        Err(error) => return CallOutcome(Err(CallError::new(error))),
    };
    let status = client.transport().status(&response).as_u16();
    let headers = HEADERS_READ.iter().map(|name| {
        let values = client
            .transport()
            .header_values(&response, &HeaderName::from_static(name));
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
        (*name, values.iter().map(text).collect())
    });
    let headers = headers.collect();
    let mut body = BoundedBody(Vec::new());
    let read = match read {
        ReadBody::Keep => S::read(response, &mut body).await,
        ReadBody::WriteTo(mut sink) => S::read(response, &mut *sink).await,
        ReadBody::DropUnread => Ok(()),
    };
    CallOutcome(Ok(Reply {
        status,
        headers,
        body: body.0,
        broken: read.err().map(|error| error.to_string()),
    }))
}

/// A call that runs on a thread of its own, so that a library that blocks can be tested too.
pub(super) struct ThreadCall {
    thread: JoinHandle<Result<Result<CallOutcome, Aborted>, String>>,
    has_ended: Arc<AtomicBool>,
    cancel: AbortHandle,
    time: VirtualTime,
}

impl ThreadCall {
    /// Starts the call. When it has ended, `time` is notified.
    pub(super) fn start<S: Subject, F: Future<Output = CallOutcome>>(
        time: &VirtualTime,
        future: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (cancel, registration) = AbortHandle::new_pair();
        let has_ended = Arc::<AtomicBool>::default();
        let (ended, end_time) = (Arc::clone(&has_ended), time.clone());
        let run = move || S::block_on(Abortable::new(future(), registration));
        let thread = thread::spawn(move || {
            let outcome = caught(run);
            ended.store(true, Ordering::SeqCst);
            end_time.notify();
            outcome
        });
        Self {
            thread,
            has_ended,
            cancel,
            time: time.clone(),
        }
    }

    pub(super) fn wait(self) -> CallOutcome {
        if !self.ends_within(DEADLINE) {
            fail("a call to end, but after 30 s it has not");
        }
        match self.thread.join() {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(Aborted))) => fail("a call that was not dropped"),
            // X5: an error of the library is an outcome.
            Ok(Err(panic)) => fail(&format!(
                "a call to end with an answer or an error, but it panicked: {panic}"
            )),
            Err(_) => fail("a thread of a call to end"),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.time.holds_within(limit, || self.has_ended())
    }

    /// Drops the future, and waits until it is dropped. A library that blocks notices that when it is
    /// done.
    pub(super) fn abandon(self) {
        self.cancel.abort();
        if !self.ends_within(DEADLINE) {
            fail("a dropped call to end");
        }
    }
}

/// A body that a case can keep in memory.
struct BoundedBody(Vec<u8>);

impl Write for BoundedBody {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.0.len() + piece.len() > MOST_READ {
            return Err(io::Error::other("the case has read enough"));
        }
        self.0.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The headers that cases look at.
const HEADERS_READ: &[&str] = &["www-authenticate", "x-case", "content-type"];
const MOST_READ: usize = 32 * 1024 * 1024;
