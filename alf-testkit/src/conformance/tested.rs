//! A [`Subject`] and its client without their types, so that cases are plain functions.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use alf_core::{
    Client, ClientBuilder, ConfigError, CustomTransport, Origin, TokenManager, TokenTransport,
    Transport,
};
use http::{HeaderName, Method, Request, Uri};

use crate::runtime::VirtualTime;

use super::body::Body;
use super::call::ThreadCall;
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
pub(super) trait TestedClient: fmt::Debug + Send + Sync {
    /// Sends a request on a thread of its own, and notifies `time` at the end.
    fn start(&self, request: Request<Body>, read: ReadBody, time: &VirtualTime) -> ThreadCall;

    fn tokens(&self) -> &TokenManager;
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
}

impl<S: Subject> fmt::Debug for ClientOf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
