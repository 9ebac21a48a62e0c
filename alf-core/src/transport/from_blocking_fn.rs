//! A closure that blocks, as a whole transport.

use std::error::Error as StdError;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{
    AnswerBody, BlockingTransport, ExchangeError, ExchangeErrorKind, ExchangeOptions, FnError,
    Redirects, Runtime, ThreadRuntime, TokenTransport, Transport,
};

use super::over_http_types::over_http_types;

/// [`from_fn`](crate::from_fn) for a library that blocks: a closure that sends an
/// `http::Request<Bytes>` and returns an `http::Response` whose body is read like a file.
///
/// The same closure sends the user's requests and the token requests. `redirects` is a promise:
/// the closure follows none, or the token would be carried along (X4).
///
/// An `Err` is for a request that has no response: a library that makes one of a status (a 401, a
/// 503) must be configured not to.
///
/// # Time-outs
///
/// A closure that blocks cannot be cancelled, so it needs time-outs of its own: for the connection,
/// for the response, and for each read of a body. They are needed for the end of its threads;
/// a caller that waits for a token gets an answer in time without them (S5):
///
/// - A caller's own request takes as long as the closure does, as it would without alf.
/// - A token request that does not end keeps the thread of its acquisition. Later acquisitions get others,
///   but no more than 16 wait so at once: beyond that, token requests fail as timed out, without
///   the closure being called, until one of those ends.
///
/// # Examples
///
/// ```
/// use std::io::Cursor;
///
/// use alf_core::{Client, Redirects, from_blocking_fn};
/// use bytes::Bytes;
///
/// # struct MyStack;
/// # impl MyStack {
/// #     fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Cursor<Bytes>>, std::io::Error> {
/// #         Ok(http::Response::new(Cursor::new(Bytes::new())))
/// #     }
/// # }
/// # let stack = MyStack;
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .build(from_blocking_fn(Redirects::NotFollowed, move |request| stack.send(request)))?;
/// # let _ = client;
/// # Ok::<(), alf_core::ConfigError>(())
/// ```
pub fn from_blocking_fn<F, R, E>(redirects: Redirects, send: F) -> BlockingFnTransport<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<R>, E> + Send + Sync + 'static,
    R: Read + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    match redirects {
        Redirects::NotFollowed => BlockingFnTransport::new(send),
    }
}

/// A closure that blocks, as a transport: see [`from_blocking_fn`].
pub struct BlockingFnTransport<F> {
    send: F,
    /// Has one more reference for each token request that has not ended.
    exchanges: Arc<()>,
}

impl<F> BlockingFnTransport<F> {
    fn new(send: F) -> Self {
        Self {
            send,
            exchanges: Arc::default(),
        }
    }
}

impl<F, R, E> Transport for BlockingFnTransport<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<R>, E> + Send + Sync + 'static,
    R: Read + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    type Request = Request<Bytes>;
    type Response = Response<R>;
    type Error = FnError;

    async fn send(&self, request: Self::Request) -> Result<Self::Response, FnError> {
        (self.send)(request).map_err(FnError::new)
    }

    over_http_types!();

    async fn discard(&self, response: Self::Response) {
        // A blocking read cannot be cancelled, so this ends by itself after a second and a read. Whether
        // it was read to its end does not matter; dropping the body is the library's to deal with.
        let ends_at = ThreadRuntime.now() + DRAIN_TIME;
        let remainder = ExchangeOptions::new(DRAINED, DRAIN_TIME);
        let remainder = AnswerBody::new(response.status(), &remainder);
        let body = response.into_body().take(DRAINED as u64);
        let _ = remainder.read_from(body, ends_at, broken);
    }
}

impl<F> BlockingTransport for BlockingFnTransport<F> where Self: Transport {}

#[async_trait]
impl<F, R, E> TokenTransport for BlockingFnTransport<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<R>, E> + Send + Sync + 'static,
    R: Read + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let ends_at = ThreadRuntime.now() + options.timeout();
        // X5: threads that hang in a closure without time-outs do not pile up.
        let exchange = Arc::clone(&self.exchanges);
        if Arc::strong_count(&exchange) > MOST_EXCHANGES + 1 {
            return Err(ExchangeError::new(ExchangeErrorKind::Timeout, HANGING));
        }
        let response = (self.send)(request).map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = AnswerBody::new(head.status, options).read_from(body, ends_at, broken)?;
        Ok(Response::from_parts(head, body))
    }
}

/// A closure's error does not show whether the connection failed or broke later.
fn broken(error: impl Into<Box<dyn StdError + Send + Sync>>) -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::Exchange, error)
}

/// What hangs in one does not hang in its clone.
impl<F: Clone> Clone for BlockingFnTransport<F> {
    fn clone(&self) -> Self {
        Self::new(self.send.clone())
    }
}

impl<F> std::fmt::Debug for BlockingFnTransport<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingFnTransport")
            .finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: usize = 64 * 1024;

/// How long that may take, as far as the library lets go.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// One is under way for a client (S1), and others only past their time.
const MOST_EXCHANGES: usize = 16;
const HANGING: &str = "16 earlier token requests have not ended: \
                       what sends them blocks without a time-out of its own";

#[cfg(test)]
mod tests;
