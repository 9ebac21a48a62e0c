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

use crate::{Moment, OriginRef, Runtime, ThreadRuntime};

/// Sends the user's requests with an HTTP library, in the library's own types.
///
/// If the library has the types `http::Request` and `http::Response`, use [`from_fn`] or
/// [`from_blocking_fn`]. Implement this trait for a library that has its own types. A client also
/// needs a [`TokenTransport`] for token requests; one type can implement both.
///
/// Test an implementation with the conformance suite of `alf-testkit`. It finds each of the mistakes
/// that are named below.
///
/// # Order of calls
///
/// For each request of a user, a client calls
///
/// 1. [`origin`](Self::origin);
/// 2. [`try_clone`](Self::try_clone), unless the user disabled replays;
/// 3. [`insert_header`](Self::insert_header), [`send`](Self::send) and [`status`](Self::status);
/// 4. if the status rejects the token (by default a 401):
///    [`response_origin`](Self::response_origin) and [`header_values`](Self::header_values);
/// 5. to replay the request: `try_clone` of the copy. If there is one, [`discard`](Self::discard), and then
///    `insert_header`, `send` and `status` for the copy of the copy.
///
/// # No default methods
///
/// No method has a default. A wrapper that forgets to forward a method would otherwise lose what the
/// inner transport does, without an error.
///
/// # Examples
///
#[doc = include_str!("example.md")]
pub trait Transport: Send + Sync + 'static {
    /// The library's request.
    type Request: Send + 'static;
    /// The library's response. Its body has not been read.
    type Response: Send + 'static;
    /// The library's error. Users get it unchanged.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Sends a request. Returns its response, of any status, once the headers have arrived.
    ///
    /// An implementation may be an `async fn`. If the library follows a redirect to another origin, it
    /// must not send the header of [`insert_header`](Self::insert_header) there (X4): `Authorization`, or the user's
    /// [`token_header`](crate::ClientBuilder::token_header). If the library may panic, and its error type
    /// can be constructed, convert the panic to an error.
    ///
    /// # Errors
    ///
    /// If there is no response: the library's error.
    fn send(
        &self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Self::Error>> + Send;

    /// Returns the origin of the request's URL, or [`OriginRef::NOWHERE`] if it is not known. The copy of
    /// a request has the same origin.
    ///
    /// If this returns a wrong origin, alf may send a token to a server that must not get it.
    fn origin<'r>(&self, request: &'r Self::Request) -> OriginRef<'r>;

    /// Returns the method and the URI of the request, for token types whose proof covers them (`DPoP`).
    fn head(&self, request: &Self::Request) -> (Method, Uri);

    /// Sets a header. It replaces *all* values of that name.
    ///
    /// It is the header that has the token. A transport that only adds the value would send two of them. `value` is marked as
    /// sensitive. Keep that mark if the library can.
    fn insert_header(&self, request: &mut Self::Request, name: &HeaderName, value: &HeaderValue);

    /// Returns a copy of the request with the same body, or `None` if the body cannot be sent twice.
    ///
    /// Never return a copy with an empty body in place of a stream: the replay would succeed with the
    /// wrong content (R4). alf makes a copy before it sends the request. To replay the request, it makes a copy of that copy
    /// and sends it. If the transport keeps the body while it sends it, and has not kept all of it by then, return `None` for the
    /// second copy: alf returns the 401.
    fn try_clone(&self, request: &mut Self::Request) -> Option<Self::Request>;

    /// Returns the status of a response.
    fn status(&self, response: &Self::Response) -> StatusCode;

    /// Returns all values of a header of a response, in their order. Leave out a value that
    /// `http::HeaderValue` does not allow.
    fn header_values(&self, response: &Self::Response, name: &HeaderName) -> Vec<HeaderValue>;

    /// Returns the origin that sent the response, after redirects.
    ///
    /// `None` is a *promise*: the response comes from the origin of its request, because this transport
    /// follows no redirect to another origin (X4).
    fn response_origin<'r>(&self, response: &'r Self::Response) -> Option<OriginRef<'r>>;

    /// Discards a response whose body has not been read, and leaves the connection pool in a safe state
    /// (R8).
    ///
    /// The unread part of the body must never become the start of the next response. Read a short
    /// remainder, so that the connection can be reused. If the remainder is long, close the connection.
    /// alf drops the future after one second.
    fn discard(&self, response: Self::Response) -> impl Future<Output = ()> + Send;
}

/// A [`Transport`] for callers that block their thread. It promises that its futures do not need the
/// thread that waits for them.
///
/// This holds if the library blocks (its futures are ready at once), or if it works on its own threads
/// (isahc). It does not hold if the library needs the caller's async runtime, such as tokio: a blocked
/// thread of that runtime would wait for itself.
///
/// If the library blocks, add `impl BlockingTransport for MyTransport {}`.
///
/// With such a transport, a client has [`send_blocking`](crate::Client::send_blocking). The client
/// uses [`ThreadRuntime`](crate::ThreadRuntime), the default. Its acquisitions and timers have their
/// own threads, so they do not need the blocked thread either.
pub trait BlockingTransport: Transport {}

/// Sends token requests. The trait is object-safe and has one method, so it is easy to mock.
///
/// An adapter implements it and [`Transport`]. It usually sends token requests with a second client of
/// the HTTP library, so that what the user's client adds (middleware, cookies, a redirect policy) has no
/// effect on them.
///
/// To implement it, use the crate `async-trait`: write `#[async_trait]` over the `impl`, and `exchange`
/// as an `async fn`, as in the example. This page shows the signature that the macro generates.
///
/// # Examples
///
/// For a test, a transport that answers every token request with the same token:
///
/// ```
/// use alf_core::{ExchangeError, ExchangeOptions, TokenTransport};
/// use async_trait::async_trait;
/// use bytes::Bytes;
///
/// struct SameToken;
///
/// #[async_trait]
/// impl TokenTransport for SameToken {
///     async fn exchange(
///         &self,
///         _request: http::Request<Bytes>,
///         _options: &ExchangeOptions,
///     ) -> Result<http::Response<Bytes>, ExchangeError> {
///         let body = r#"{"access_token":"for-tests","expires_in":3600}"#;
///         Ok(http::Response::new(Bytes::from(body)))
///     }
/// }
///
/// # fn main() -> Result<(), alf_core::ConfigError> {
/// let tokens = alf_core::Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .build_tokens(SameToken)?;
/// # assert_eq!(tokens.token_blocking().unwrap().expose_access_token(), "for-tests");
/// # Ok(())
/// # }
/// ```
///
/// [`Transport`] has an example with an HTTP library.
#[async_trait]
pub trait TokenTransport: Send + Sync + 'static {
    /// Sends one token request, reads the whole answer, and returns it.
    ///
    /// - *Redirects*: do not follow them. A 307 would send the client's secret to another server. Return a
    ///   3xx as it is, or an error of kind [`Redirected`](ExchangeErrorKind::Redirected) (T7).
    /// - *Size*: read at most [`max_bytes`](ExchangeOptions::max_bytes) of the decoded body. If a 2xx has
    ///   more, return an error of kind [`TooLarge`](ExchangeErrorKind::TooLarge). If an answer of another
    ///   status has more, return what was read: alf needs its status (B1). [`AnswerBody`] does this.
    /// - *Time*: alf drops the future when [`timeout`](ExchangeOptions::timeout) has passed. A library
    ///   that blocks its thread cannot be dropped. It must return within that time, even if the body
    ///   arrives byte by byte ([`AnswerBody::read_from`] does this). If it does not return, it keeps its
    ///   thread; callers do not wait for it, and the next acquisition uses another thread.
    /// - *Panics*: a panic ends the acquisition, which counts as aborted (S4).
    /// - *`User-Agent`*: the request has [`USER_AGENT`](crate::USER_AGENT), or what the user set on the
    ///   builder. If your HTTP client has a `User-Agent` of its own, it may replace the former.
    ///
    /// # Errors
    ///
    /// Every failure of the transport, with its kind. alf retries all kinds except `Certificate`, `Redirected` and
    /// `TooLarge` (B1). The source of the error must not show the query of a URL, or a header.
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError>;
}

/// Forwards to the shared token transport. `Arc::from` converts a `Box<dyn TokenTransport>`.
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

/// The limits of one token request.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeOptions {
    max_bytes: usize,
    timeout: Duration,
    /// By the clock of [`ThreadRuntime`].
    ends_at: Moment,
}

impl ExchangeOptions {
    /// Returns options with these limits, for the tests of a transport. alf sets its own. The timeout counts from now.
    pub fn new(max_bytes: usize, timeout: Duration) -> Self {
        Self {
            max_bytes,
            timeout,
            ends_at: ThreadRuntime.now() + timeout,
        }
    }

    /// Returns how many bytes of the decoded body may be returned.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Returns the time after which alf no longer waits for the answer.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}
