//! [`Subject`]: what the suite needs to know about a transport, and what that transport can do.

use std::error::Error;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use alf_core::{Client, Runtime, TokenTransport, Transport};

use super::body::Body;

/// A transport to test: how to make it, how to make its requests, how to read its responses.
///
/// The documentation of [alf-testkit](crate) has an example.
pub trait Subject: 'static {
    /// The transport under test.
    type Transport: Transport + TokenTransport;

    /// Returns a transport as a user would make it, with a connection pool of its own, and with what
    /// `setup` asks for. Called once for each case, outside of [`block_on`](Self::block_on).
    ///
    /// A library that blocks needs timeouts of its own, here of some seconds: what it does cannot be
    /// dropped.
    fn transport(setup: &Setup) -> Self::Transport;

    /// Returns the runtime for a client on this transport.
    fn runtime() -> Arc<dyn Runtime>;

    /// Returns the library's request with this method, URL, headers (every value of each) and body.
    fn request(
        transport: &Self::Transport,
        request: http::Request<Body>,
    ) -> <Self::Transport as Transport>::Request;

    /// Sends a request with a token of this client. Default: [`Client::send`].
    ///
    /// To test a middleware, send the request through the middleware, with the client's token manager.
    fn send(
        client: &Client<Self::Transport>,
        request: <Self::Transport as Transport>::Request,
    ) -> impl Future<Output = Sent<Self::Transport>> {
        client.send(request)
    }

    /// Reads the body of a response into `sink`, piece by piece as it arrives.
    ///
    /// If `sink` fails, return its error and read no more.
    fn read(
        response: <Self::Transport as Transport>::Response,
        sink: &mut (dyn Write + Send),
    ) -> impl Future<Output = Result<(), ReadError>>;

    /// Runs a future to its end. Many threads call this at once, and the connections of one must
    /// outlive its call: if the library needs a runtime, keep one in a `static`.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Returns what the transport cannot do. A case that needs one of these is reported as not
    /// applicable.
    fn lacks() -> Vec<Capability>;

    /// Returns the cases that are known to fail, each with the reason: the issue that tracks it. None by
    /// default.
    ///
    /// Such a case runs, and passes if it fails. Once it no longer fails, it fails: remove it from here.
    /// So the suite can run in CI before every flaw is mended, and no flaw is forgotten. A case that finds a
    /// leak can be marked too: the transport is not safe to use until its mark is gone.
    fn known_failures() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
}

/// What a case needs of its transport.
///
/// Each field is set only if the transport has the [`Capability`] of its name.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Setup {
    /// [`Tls`](Capability::Tls): the certificate that signed those of the servers, as PEM. Trust it
    /// for requests and token requests.
    pub root_certificate: Option<String>,
    /// [`ConnectionLimit`](Capability::ConnectionLimit): the most connections to one host at once,
    /// for the user's requests.
    pub max_connections: Option<usize>,
    /// [`TokenHeader`](Capability::TokenHeader): the header that has the token, in place of `Authorization`. A transport that
    /// decides about redirects when it is built must not carry this one to another origin.
    pub token_header: Option<&'static str>,
}

/// The result of [`send`](Subject::send).
pub type Sent<T> = Result<<T as Transport>::Response, alf_core::Error<<T as Transport>::Error>>;

/// Why a body could not be read: the library's error, or that of the sink.
pub type ReadError = Box<dyn Error + Send + Sync>;

/// What some transports can do and others cannot.
///
/// None of these excuses a leak: the cases that search for a token or a secret run on every
/// transport, except the one that reads what is logged, and those of a token in another header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// A request body can be made while it is sent.
    StreamingRequests,
    /// A response can be read while it arrives, and dropped in the middle.
    StreamingResponses,
    /// Redirects within one origin are followed.
    Redirects,
    /// Connections are kept and reused.
    ConnectionReuse,
    /// The error of a token request has a kind: no connection, an invalid certificate, timed out, broken off.
    ErrorKinds,
    /// A future that waits for the network can be dropped, and nothing of it continues. A library
    /// that blocks its thread cannot do that.
    Cancellation,
    /// `https` is supported, with a certificate of the suite.
    Tls,
    /// The number of connections to one host can be bounded. A request waits until one is free.
    ConnectionLimit,
    /// A response is returned when its head has arrived, before the first byte of its body.
    EarlyHeads,
    /// A response that arrives while the request body is being sent is returned, although the server reads no more of the
    /// body. A library that blocks its thread may send the whole body first.
    EarlyAnswers,
    /// What the library logs, by `log` or by `tracing`, contains no header and no body at any level.
    /// An adapter without this must tell its users which lines to exclude.
    DiscreetLogs,
    /// The token may be in another header than `Authorization`
    /// ([`token_header`](alf_core::ClientBuilder::token_header)). A transport without this must tell its users not to set it.
    TokenHeader,
    /// Discarding a response frees its connection at once, or its slot in the pool; not only when
    /// the server continues or a timeout ends.
    PromptDiscard,
}
