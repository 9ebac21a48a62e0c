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
    Redirects, TokenTransport, Transport,
};

use super::from_fn::{DRAINED, broken};
use super::over_http_types::over_http_types;

/// Returns a transport that sends requests with a closure that blocks. The closure takes an
/// `http::Request<Bytes>` and returns an `http::Response` whose body implements [`Read`].
///
/// The closure sends both the user's requests and the token requests. It must not follow redirects,
/// because a redirect could take the token to another server (X4). `redirects` states that promise.
///
/// The closure must return a response of any status as `Ok`. If the library returns an error for a 401
/// or a 503, disable that.
///
/// # Timeouts
///
/// A closure that blocks cannot be cancelled, so set the library's own timeouts: for connecting, for the
/// response, and for each read of a body. Without timeouts,
///
/// - a user's request takes as long as the closure takes, as it would without alf;
/// - a caller that waits for a token still gets an error in time (S5);
/// - a token request that does not end keeps its thread. At most 16 threads wait in this way. After
///   that, token requests fail as timed out, without a call of the closure, until one of the 16 ends.
///
/// # Examples
///
// Tested in the crate `examples`, which has ureq.
#[cfg_attr(not(doctest), doc = include_str!("from_blocking_fn/ureq.md"))]
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

/// The transport that [`from_blocking_fn`] returns.
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
        let remainder = ExchangeOptions::new(DRAINED, DRAIN_TIME);
        let remainder = AnswerBody::new(response.status(), &remainder);
        let body = response.into_body().take(DRAINED as u64);
        let _ = remainder.read_from(body, broken);
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
        // X5: threads that hang in a closure without timeouts do not pile up.
        let exchange = Arc::clone(&self.exchanges);
        if Arc::strong_count(&exchange) > MOST_EXCHANGES + 1 {
            return Err(ExchangeError::new(ExchangeErrorKind::Timeout, HANGING));
        }
        let response = (self.send)(request).map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = AnswerBody::new(head.status, options).read_from(body, broken)?;
        Ok(Response::from_parts(head, body))
    }
}

/// A clone counts its own token requests that have not ended.
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

/// How long reading an unwanted body may take, as far as the library lets go.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// One is under way for a client (S1), and others only past their time.
const MOST_EXCHANGES: usize = 16;
const HANGING: &str = "16 earlier token requests have not ended; set timeouts in the HTTP library \
                       that the closure calls";

#[cfg(test)]
mod tests;
