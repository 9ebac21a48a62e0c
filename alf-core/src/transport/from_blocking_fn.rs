//! A closure that blocks, as a whole transport.

use std::error::Error as StdError;
use std::io::{self, Read};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use zeroize::Zeroizing;

use crate::{
    AnswerBody, BlockingTransport, ExchangeOptions, FnError, Origin, Redirects, TokenEndpoint,
    Transport, TransportError, TransportErrorKind,
};

/// [`from_fn`](crate::from_fn) for a library that blocks: a closure that sends an
/// `http::Request<Bytes>` and returns an `http::Response` whose body is read like a file.
///
/// The same closure sends the user's requests and the token requests. `redirects` is a promise:
/// the closure follows none, or the token would be carried along (X4).
///
/// Nobody can drop what such a closure does, so it needs time-outs of its own, for the connection
/// and for each read: without one, a server that goes silent holds a caller's thread for ever, and
/// a thread for each token request. An `Err` is for a request that has no response: a library that
/// makes one of a status (a 401, a 503) must be told not to.
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
        Redirects::NotFollowed => BlockingFnTransport { send },
    }
}

/// A closure that blocks, as a transport: see [`from_blocking_fn`].
#[derive(Clone)]
pub struct BlockingFnTransport<F> {
    send: F,
}

#[async_trait]
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

    fn origin(&self, request: &Self::Request) -> Origin {
        // A request without scheme and host goes nowhere that alf knows: no origin is allowed.
        Origin::of(request.uri()).unwrap_or_else(|| Origin::new("", "", None))
    }

    fn head(&self, request: &Self::Request) -> (Method, Uri) {
        (request.method().clone(), request.uri().clone())
    }

    fn insert_header(&self, request: &mut Self::Request, name: &HeaderName, value: &HeaderValue) {
        request.headers_mut().insert(name.clone(), value.clone());
    }

    fn try_clone(&self, request: &mut Self::Request) -> Option<Self::Request> {
        Some(request.clone())
    }

    fn status(&self, response: &Self::Response) -> StatusCode {
        response.status()
    }

    fn header_values(&self, response: &Self::Response, name: &HeaderName) -> Vec<HeaderValue> {
        response.headers().get_all(name).iter().cloned().collect()
    }

    fn landed_at(&self, _response: &Self::Response) -> Option<Origin> {
        // `Redirects::NotFollowed` promised it.
        None
    }

    async fn discard(&self, response: Self::Response) {
        // A long rest is not read; dropping the body is the library's to deal with. That this was
        // read, or not, is nobody's concern.
        let _ = io::copy(&mut response.into_body().take(DRAINED), &mut io::sink());
    }
}

impl<F> BlockingTransport for BlockingFnTransport<F> where Self: Transport {}

#[async_trait]
impl<F, R, E> TokenEndpoint for BlockingFnTransport<F>
where
    F: Fn(Request<Bytes>) -> Result<Response<R>, E> + Send + Sync + 'static,
    R: Read + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, TransportError> {
        // Whether no connection was made or a made one broke, a closure's error does not tell.
        let response = (self.send)(request)
            .map_err(|error| TransportError::new(TransportErrorKind::Exchange, error))?;
        let (head, mut body) = response.into_parts();
        let mut answer = AnswerBody::new(head.status, options);
        let mut buffer = Zeroizing::new(vec![0; PIECE]);
        loop {
            let piece = match body.read(&mut buffer) {
                Ok(0) => break,
                // Never more than the buffer has.
                Ok(length) => buffer.get(..length).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(TransportError::new(TransportErrorKind::Exchange, error)),
            };
            if answer.push(piece)?.is_break() {
                break;
            }
        }
        Ok(Response::from_parts(head, answer.into_bytes()))
    }
}

impl<F> std::fmt::Debug for BlockingFnTransport<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingFnTransport")
            .finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: u64 = 64 * 1024;

/// How much of a token's answer is read at once.
const PIECE: usize = 8 * 1024;
