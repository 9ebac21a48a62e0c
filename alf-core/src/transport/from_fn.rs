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

/// What a closure does with redirects. It is a promise of the user: alf cannot check it (X4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirects {
    /// The closure follows no redirects. The response to a request comes from the request's own URL.
    NotFollowed,
}

/// Returns a transport that sends requests with a closure. The closure takes an `http::Request<Bytes>`
/// and resolves to an `http::Response` with any body.
///
/// The closure sends both the user's requests and the token requests. It must not follow redirects,
/// because a redirect could take the token to another server (X4). `redirects` states that promise.
///
/// If the closure needs an async runtime, set it on the builder. A closure on tokio needs
/// `TokioRuntime` (feature `tokio`).
///
/// To keep the client in a struct, see [`FnTransport`].
///
/// # Examples
///
// Tested in the crate `examples`, which has hyper-util.
#[cfg_attr(not(doctest), doc = include_str!("from_fn/hyper_util.md"))]
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

/// The transport that [`from_fn`] returns.
///
/// # A client in a struct
///
/// The type of a closure has no name. A struct that keeps the client can be generic:
///
/// ```
/// use alf_core::{Client, Transport};
///
/// struct App<T: Transport> {
///     client: Client<T>,
/// }
/// ```
///
/// Or put the closure and its future in boxes, which have a type that can be written. It costs one
/// allocation for each request.
///
/// ```
/// use std::pin::Pin;
///
/// use alf_core::{Client, ConfigError, FnTransport, Redirects, from_fn};
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
///
/// type Answer = Result<Response<Full<Bytes>>, std::io::Error>; // of your library
/// type Sending = Pin<Box<dyn Future<Output = Answer> + Send>>;
/// type SendRequest = dyn Fn(Request<Bytes>) -> Sending + Send + Sync;
///
/// struct App {
///     client: Client<FnTransport<Box<SendRequest>>>,
/// }
///
/// # async fn my_library(_: Request<Bytes>) -> Answer {
/// #     Ok(Response::new(Full::default()))
/// # }
/// fn app() -> Result<App, ConfigError> {
///     let send: Box<SendRequest> = Box::new(|request| Box::pin(my_library(request)));
///     let client = Client::builder("https://auth.example.com/token")
///         .client_secret("client-id", "secret")
///         .build(from_fn(Redirects::NotFollowed, send))?;
///     Ok(App { client })
/// }
/// # let app = app().unwrap();
/// # let call = async move { app.client.send(Request::new(Bytes::new())).await.is_ok() };
/// # fn spawn(_: impl Future + Send + 'static) {}
/// # spawn(call);
/// ```
#[derive(Clone)]
pub struct FnTransport<F> {
    send: F,
}

/// The closure's own error.
///
/// Its `Display` and its `source()` are those of the closure's error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct FnError(Box<dyn StdError + Send + Sync>);

impl FnError {
    pub(super) fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Returns the closure's error, which can be downcast.
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
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
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
        let _ = read(response, &remainder).await;
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
        let response = (self.send)(request).await.map_err(broken)?;
        read(response, options).await
    }
}

/// Reads a body to its end, or as far as `options` allows.
async fn read<B>(
    response: Response<B>,
    options: &ExchangeOptions,
) -> Result<Response<Bytes>, ExchangeError>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (head, body) = response.into_parts();
    let mut body = pin!(body);
    let mut answer = AnswerBody::new(head.status, options);
    'read: while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(mut data) = frame.map_err(broken)?.into_data() else {
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

/// A closure's error does not show whether the connection failed or broke later.
pub(super) fn broken(error: impl Into<Box<dyn StdError + Send + Sync>>) -> ExchangeError {
    ExchangeError::new(ExchangeErrorKind::Exchange, error)
}

impl<F> std::fmt::Debug for FnTransport<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnTransport").finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
pub(super) const DRAINED: usize = 64 * 1024;

#[cfg(test)]
mod tests;
