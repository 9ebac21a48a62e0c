//! A closure as a whole transport.

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;

use crate::{
    AnswerBody, ExchangeError, ExchangeErrorKind, ExchangeOptions, TokenTransport, Transport,
};

use super::over_http_types::over_http_types;

/// What a closure does with redirects: the promise that X4 needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirects {
    /// It follows none: the response to a request is the one that its own URL gave.
    NotFollowed,
}

/// Both ports in one line: a closure that sends an `http::Request<Bytes>` and resolves to an
/// `http::Response` with any body.
///
/// The same closure sends the user's requests and the token requests. `redirects` is a promise:
/// the closure follows none, or the token would be carried along (X4).
///
/// If the closure needs an async runtime, give it to the builder: a transport on tokio needs
/// [`TokioRuntime`](crate::TokioRuntime).
///
/// # Examples
///
/// A closure that owns what it needs clones it for every call (`async move |request|` with
/// captured state is not an `Fn`):
///
/// ```
/// use alf_core::{Client, Redirects, from_fn};
/// use bytes::Bytes;
/// use http_body_util::Full;
///
/// # type Answer = Result<http::Response<Full<Bytes>>, std::io::Error>;
/// # #[derive(Clone)]
/// # struct MyStack;
/// # impl MyStack {
/// #     async fn send(&self, _: http::Request<Bytes>) -> Answer {
/// #         Ok(http::Response::new(Full::default()))
/// #     }
/// # }
/// # let stack = MyStack;
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .build(from_fn(Redirects::NotFollowed, move |request| {
///         let stack = stack.clone();
///         async move { stack.send(request).await }
///     }))?;
/// # let _ = client;
/// # Ok::<(), alf_core::ConfigError>(())
/// ```
pub fn from_fn<F, Fut, B, E>(redirects: Redirects, send: F) -> FnTransport<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    match redirects {
        Redirects::NotFollowed => FnTransport { send },
    }
}

/// A closure as a transport: see [`from_fn`].
#[derive(Clone)]
pub struct FnTransport<F> {
    send: F,
}

/// The closure's own error.
///
/// `Display` and `source` are those of the error within.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct FnError(Box<dyn StdError + Send + Sync>);

impl FnError {
    pub(super) fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// The closure's error, to be downcast.
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}

impl<F, Fut, B, E> Transport for FnTransport<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    type Request = Request<Bytes>;
    type Response = Response<B>;
    type Error = FnError;

    async fn send(&self, request: Self::Request) -> Result<Self::Response, FnError> {
        (self.send)(request).await.map_err(FnError::new)
    }

    over_http_types!();

    async fn discard(&self, response: Self::Response) {
        // Of a long remainder no more is read: the library closes the connection when the body is dropped.
        let remainder = ExchangeOptions::new(DRAINED, Duration::MAX);
        let _ = read(response, &remainder, |_| ExchangeErrorKind::Exchange.into()).await;
    }
}

#[async_trait]
impl<F, Fut, B, E> TokenTransport for FnTransport<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        // A closure's error does not show whether the connection failed or broke later.
        let response = (self.send)(request)
            .await
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Exchange, error))?;
        let broken = |error| ExchangeError::new(ExchangeErrorKind::Exchange, error);
        read(response, options, broken).await
    }
}

/// Reads a body to its end, or as far as `options` allows.
async fn read<B: Body>(
    response: Response<B>,
    options: &ExchangeOptions,
    failure: impl Fn(B::Error) -> ExchangeError,
) -> Result<Response<Bytes>, ExchangeError> {
    let (head, body) = response.into_parts();
    let mut body = pin!(body);
    let mut answer = AnswerBody::new(head.status, options);
    'read: while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(mut data) = frame.map_err(&failure)?.into_data() else {
            continue; // trailers
        };
        while data.has_remaining() {
            let piece = data.chunk();
            let length = piece.len();
            if answer.push(piece)?.is_break() {
                break 'read;
            }
            data.advance(length);
        }
    }
    Ok(Response::from_parts(head, answer.into_bytes()))
}

impl<F> std::fmt::Debug for FnTransport<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnTransport").finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: usize = 64 * 1024;

#[cfg(test)]
mod tests;
