//! [`Subject`]: what the suite needs to know of a transport, and what that transport can do.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use alf_core::{Runtime, TokenTransport, Transport};

use super::Body;

/// A transport on trial: how to make it, how to make its requests, how to read its responses.
///
/// # Examples
///
/// All that the suite needs to try `from_fn` over an async stack of yours:
///
/// ```
/// use std::future::Future;
/// use std::io::Write;
/// use std::sync::Arc;
///
/// use alf_core::{FnTransport, Redirects, Runtime, ThreadRuntime, from_fn};
/// use alf_testkit::conformance::{Body, Capabilities, Capability, ReadError, Setup, Subject};
/// use bytes::Bytes;
/// use futures_util::future::{BoxFuture, FutureExt};
/// use http_body_util::{BodyExt, Full};
///
/// type Answer = Result<http::Response<Full<Bytes>>, std::io::Error>;
/// # async fn my_stack(_: http::Request<Bytes>) -> Answer {
/// #     Ok(http::Response::new(Full::default()))
/// # }
///
/// struct MySubject;
///
/// impl Subject for MySubject {
///     type Transport = FnTransport<fn(http::Request<Bytes>) -> BoxFuture<'static, Answer>>;
///
///     fn transport(_: &Setup) -> Self::Transport {
///         from_fn(Redirects::NotFollowed, |request| my_stack(request).boxed())
///     }
///
///     fn runtime() -> Arc<dyn Runtime> {
///         Arc::new(ThreadRuntime::new())
///     }
///
///     fn request(_: &Self::Transport, request: http::Request<Body>) -> http::Request<Bytes> {
///         request.map(Body::into_bytes)
///     }
///
///     async fn read(
///         response: http::Response<Full<Bytes>>,
///         sink: &mut (dyn Write + Send),
///     ) -> Result<(), ReadError> {
///         let mut body = response.into_body();
///         while let Some(frame) = body.frame().await {
///             if let Ok(data) = frame?.into_data() {
///                 sink.write_all(&data)?;
///             }
///         }
///         Ok(())
///     }
///
///     fn block_on<F: Future>(future: F) -> F::Output {
///         pollster::block_on(future)
///     }
///
///     fn capabilities() -> Capabilities {
///         Capabilities::all()
///             .without(Capability::StreamingRequests)
///             .without(Capability::Redirects)
///             .without(Capability::ErrorKinds)
///             .without(Capability::Tls)
///             .without(Capability::ConnectionLimit)
///     }
/// }
/// ```
pub trait Subject: 'static {
    /// What is tried.
    type Transport: Transport + TokenTransport;

    /// A transport as a user would have it, with a connection pool of its own, and what `setup`
    /// asks for beside. Called once for each case, outside of [`block_on`](Self::block_on).
    ///
    /// A library that blocks needs time-outs of its own, here of some seconds: nobody can drop
    /// what it does.
    fn transport(setup: &Setup) -> Self::Transport;

    /// The runtime that a client on this transport is built with.
    fn runtime() -> Arc<dyn Runtime>;

    /// The library's request: with this method, URL, headers (every value of each) and body.
    fn request(
        transport: &Self::Transport,
        request: http::Request<Body>,
    ) -> <Self::Transport as Transport>::Request;

    /// Reads the body of a response into `sink`, piece by piece as it arrives.
    ///
    /// Where `sink` fails, nothing more is read: pass its error on.
    fn read(
        response: <Self::Transport as Transport>::Response,
        sink: &mut (dyn Write + Send),
    ) -> impl Future<Output = Result<(), ReadError>>;

    /// Runs a future to its end. Many threads call this at once, and the connections of one must
    /// outlive its call: where the library needs a runtime, keep one in a `static`.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// What the transport can do. A case that needs more is reported as not applicable.
    fn capabilities() -> Capabilities;
}

/// What a case needs of its transport beyond the usual.
///
/// Each is asked for only where the [`Capability`] of its name is declared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Setup {
    /// [`Tls`](Capability::Tls): the certificate that the servers' own was signed with, as PEM;
    /// to be trusted for requests and token requests, beside or in place of the usual ones.
    pub root_certificate: Option<String>,
    /// [`ConnectionLimit`](Capability::ConnectionLimit): at most so many connections to a host at
    /// once, for the user's requests.
    pub max_connections: Option<usize>,
}

/// Why a body could not be read: the library's error, or that of the sink.
pub type ReadError = Box<dyn Error + Send + Sync>;

/// What some transports can do and others cannot.
///
/// None of these excuses a leak: the cases that follow a token or a secret around run on every
/// transport, but for the one that reads what is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// A request body can be made while it is sent.
    StreamingRequests,
    /// A response can be read while it arrives, and given up in the middle.
    StreamingResponses,
    /// Redirects that stay at their origin are followed.
    Redirects,
    /// Connections are kept and used again.
    ConnectionReuse,
    /// A token request that fails tells how: without a connection, timed out, broken off.
    ErrorKinds,
    /// A future that waits for the network can be dropped, and nothing of it goes on. A library
    /// that blocks its thread cannot do that.
    Cancellation,
    /// `https` is spoken, with a certificate of the suite's own.
    Tls,
    /// The number of connections to one host can be bounded; whoever finds them all taken waits.
    ConnectionLimit,
    /// A response is handed over when its head is there, not only with the first byte of its body.
    EarlyHeads,
    /// What the library logs, by `log` or by `tracing`, shows no header and no body at any level.
    /// One that lacks this must tell its users which lines to keep out.
    DiscreetLogs,
    /// What is left of a discarded response is broken off, and its connection or its place in the
    /// pool is free at once; not only when the server goes on, or a time-out ends it.
    PromptDiscard,
}

/// Which of the [`Capability`]s a transport has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    bits: u32,
}

impl Capabilities {
    /// All of them, those that later versions add included.
    pub const fn all() -> Self {
        Self { bits: u32::MAX }
    }

    /// All of these but one.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self {
            bits: self.bits & !capability.bit(),
        }
    }

    /// Whether it is one of these.
    pub const fn contains(self, capability: Capability) -> bool {
        self.bits & capability.bit() != 0
    }
}

impl Capability {
    /// All that there are.
    pub const ALL: &[Self] = &[
        Self::StreamingRequests,
        Self::StreamingResponses,
        Self::Redirects,
        Self::ConnectionReuse,
        Self::ErrorKinds,
        Self::Cancellation,
        Self::Tls,
        Self::ConnectionLimit,
        Self::EarlyHeads,
        Self::DiscreetLogs,
        Self::PromptDiscard,
    ];

    /// What is so of a transport that is without it.
    pub(super) const fn lack(self) -> &'static str {
        match self {
            Self::StreamingRequests => "a request body is in memory before it is sent",
            Self::StreamingResponses => "a response is gathered before it is handed over",
            Self::Redirects => "it follows no redirects",
            Self::ConnectionReuse => "each request has a connection of its own",
            Self::ErrorKinds => "an error does not tell whether there was a connection",
            Self::Cancellation => "what waits for the network cannot be dropped",
            Self::Tls => "it speaks no https, or trusts no certificate of the suite's",
            Self::ConnectionLimit => "it makes as many connections as it needs",
            Self::EarlyHeads => "a response comes with the first byte of its body",
            Self::DiscreetLogs => "it logs headers, of which its users must be told",
            Self::PromptDiscard => "a discarded response keeps its connection while it stalls",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let had = Capability::ALL.iter().filter(|one| self.contains(**one));
        f.debug_set().entries(had).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_taken_away_one_by_one() {
        let some = Capabilities::all()
            .without(Capability::Redirects)
            .without(Capability::Cancellation);
        assert!(!some.contains(Capability::Redirects));
        assert!(!some.contains(Capability::Cancellation));
        assert!(some.contains(Capability::ConnectionReuse));
        assert_eq!(
            format!("{some:?}"),
            "{StreamingRequests, StreamingResponses, ConnectionReuse, ErrorKinds, Tls, \
             ConnectionLimit, EarlyHeads, DiscreetLogs, \
             PromptDiscard}"
        );
    }
}
