//! The two ports to an HTTP library: [`Transport`] sends the user's requests, [`TokenTransport`]
//! sends token requests.

mod answer_body;
mod error;
mod from_blocking_fn;
mod from_fn;
mod over_http_types;

pub use answer_body::AnswerBody;
pub use error::{ExchangeError, ExchangeErrorKind};
pub use from_blocking_fn::{BlockingFnTransport, from_blocking_fn};
pub use from_fn::{FnError, FnTransport, Redirects, from_fn};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, StatusCode, Uri};

use crate::OriginRef;

/// An HTTP library, as alf sees it: its own requests and responses, untouched.
///
/// For a library that speaks `http::Request` and `http::Response`, [`from_fn`] is enough; this
/// trait is for libraries with types of their own. Run the conformance suite of `alf-testkit`
/// against an implementation: it catches each of the mistakes named below.
///
/// # Order of calls
///
/// For each request of a user: [`origin`](Self::origin), [`try_clone`](Self::try_clone) (unless
/// the user disabled replays), [`insert_header`](Self::insert_header), [`send`](Self::send),
/// [`status`](Self::status). If the status is one that rejects, also
/// [`response_origin`](Self::response_origin) and [`header_values`](Self::header_values); and, before
/// a replay, [`discard`](Self::discard), then `insert_header` and `send` with the copy.
///
/// # No defaults
///
/// No method has a default: a wrapper that forgets to forward one would silently lose what the
/// inner transport does.
pub trait Transport: Send + Sync + 'static {
    /// The library's request.
    type Request: Send + 'static;
    /// The library's response, its body unread.
    type Response: Send + 'static;
    /// The library's error; users get it untouched.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Sends a request and returns its response, whatever its status, once its headers have arrived.
    ///
    /// An implementation may be an `async fn`. A panic of the library should become an error, if the
    /// library lets others make its errors. A redirect that the library follows must not carry the
    /// `Authorization` header to another origin (X4).
    fn send(
        &self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Self::Error>> + Send;

    /// Returns the origin that the request goes to, or [`OriginRef::NOWHERE`] if it is not known. The
    /// copy of a request has the same origin.
    ///
    /// A wrong answer sends tokens to servers that must not have them.
    fn origin<'r>(&self, request: &'r Self::Request) -> OriginRef<'r>;

    /// Returns the method and the URI of the request: for presentations that sign them (`DPoP`).
    fn head(&self, request: &Self::Request) -> (Method, Uri);

    /// Sets a header, in place of *every* value of that name.
    ///
    /// A transport that appends instead sends two `Authorization` headers. `value` is marked
    /// sensitive; a library that can keep that mark must.
    fn insert_header(&self, request: &mut Self::Request, name: &HeaderName, value: &HeaderValue);

    /// Returns a copy that sends the same, body included, or `None` if the body cannot be sent twice.
    ///
    /// A copy with an empty body in place of a stream is the worst answer: the replay would
    /// succeed with the wrong content (R4). The copy is made before the first send.
    fn try_clone(&self, request: &mut Self::Request) -> Option<Self::Request>;

    /// Returns the status of a response.
    fn status(&self, response: &Self::Response) -> StatusCode;

    /// Returns every value of a header of a response, in order. Values that are not valid in an
    /// `http::HeaderValue` are left out.
    fn header_values(&self, response: &Self::Response, name: &HeaderName) -> Vec<HeaderValue>;

    /// Returns the origin that the response came from, after redirects.
    ///
    /// `None` is a *promise*: that the response comes from the origin of its request, because
    /// this transport follows no redirect to another one (X4).
    fn response_origin<'r>(&self, response: &'r Self::Response) -> Option<OriginRef<'r>>;

    /// Gives up a response whose body is not read, and leaves the connection pool safe (R8).
    ///
    /// The unread part of the body must never become the start of the next response. It is good to
    /// read a short remainder, so that the connection can be reused; a long one may cost the
    /// connection. The future is dropped after a second.
    fn discard(&self, response: Self::Response) -> impl Future<Output = ()> + Send;
}

/// A [`Transport`] whose callers may block their thread: it promises that its futures need nothing
/// of the thread that waits for them.
///
/// That is so where a library blocks (its futures are ready at once) and where it works on threads
/// of its own (isahc). It is not so of a library that needs the caller's async runtime, such as
/// tokio's: a thread of that runtime that blocks would wait for itself.
///
/// It gives a client [`send_blocking`](crate::Client::send_blocking). Such a transport is built on
/// [`ThreadRuntime`](crate::ThreadRuntime), the default, whose acquisitions and timers have
/// threads of their own too; so whatever a blocked caller waits for goes on without it.
pub trait BlockingTransport: Transport {}

/// Sends token requests. Object-safe and small, so that it is easy to mock.
///
/// An HTTP library's adapter implements it beside [`Transport`], usually on another client of the
/// library, so that nothing that the user's client adds (middleware, cookies, a redirect policy)
/// touches the client's secret.
#[async_trait]
pub trait TokenTransport: Send + Sync + 'static {
    /// Sends one token request and returns the answer, its body read.
    ///
    /// - No redirect is followed: a 307 would carry the secret elsewhere. A 3xx is returned as it
    ///   is, or is an error of kind [`Redirected`](ExchangeErrorKind::Redirected) (T7).
    /// - At most [`max_bytes`](ExchangeOptions::max_bytes) of the body, decoded, are read. More is
    ///   an error of kind [`TooLarge`](ExchangeErrorKind::TooLarge) where the status is a 2xx; of
    ///   every other answer the body is cut there, and what was read is returned: its status shows
    ///   whether it may pass (B1).
    /// - The future is dropped when its time is over. A library that blocks, and so cannot be
    ///   dropped, ends by itself within [`timeout`](ExchangeOptions::timeout), also where the body
    ///   comes byte by byte ([`AnswerBody::read_from`]). An exchange that does not end delays no caller, but it
    ///   keeps its thread, and the next acquisition gets another one.
    /// - A panic ends the acquisition, which counts as aborted (S4).
    ///
    /// # Errors
    ///
    /// Every failure of the transport, with its kind; all but `Redirected` and `TooLarge` are
    /// tried again (B1). The error's source must not show a URL's query, nor a header.
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError>;
}

/// One endpoint, shared. Of a `Box<dyn TokenTransport>` `Arc::from` makes one.
#[async_trait]
impl<E: TokenTransport + ?Sized> TokenTransport for Arc<E> {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        (**self).exchange(request, options).await
    }
}

/// The bounds of one token request.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeOptions {
    max_bytes: usize,
    timeout: Duration,
}

impl ExchangeOptions {
    /// For tests of a transport; alf makes its own.
    pub fn new(max_bytes: usize, timeout: Duration) -> Self {
        Self { max_bytes, timeout }
    }

    /// How many bytes of the decoded body may be returned.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// After what time the caller gives up.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}
