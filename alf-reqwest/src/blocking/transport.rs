//! `reqwest::blocking` behind alf's two ports.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::thread::Builder;

use alf_core::{
    AnswerBody, BlockingTransport, ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef,
    TokenTransport, Transport,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, StatusCode, Uri};
use reqwest::blocking::{Body, Client, Request, Response};
use tokio::sync::{Semaphore, oneshot};

use super::outside_tokio::outside_tokio;
use crate::failure::failure;
use crate::route::Route;
use crate::url::{origin, uri};

/// `reqwest::blocking` as alf's transport: one client for your requests, and another one for token
/// requests.
///
/// If alf made them, requests to loopback do not use the proxy of the environment.
///
/// Made by [`Client`](super::Client).
#[derive(Clone)]
pub struct ReqwestTransport {
    calls: Route<Client>,
    tokens: Route<Client>,
    drains: Arc<Semaphore>,
}

impl ReqwestTransport {
    pub(super) fn new(calls: Route<Client>, tokens: Route<Client>) -> Self {
        Self {
            calls,
            tokens,
            drains: Arc::new(Semaphore::new(MOST_DRAINS)),
        }
    }

    /// The client on which the user's requests are made, whichever one sends them.
    pub(super) fn calls(&self) -> &Client {
        self.calls.usual()
    }
}

/// It blocks in `send` and `exchange`; what `discard` waits for has a thread of its own.
impl BlockingTransport for ReqwestTransport {}

impl Transport for ReqwestTransport {
    type Request = Request;
    type Response = Response;
    type Error = reqwest::Error;

    async fn send(&self, request: Request) -> Result<Response, reqwest::Error> {
        let client = self.calls.to(request.url())?;
        outside_tokio(|| client.execute(request))
    }

    fn origin<'r>(&self, request: &'r Request) -> OriginRef<'r> {
        origin(request.url())
    }

    fn head(&self, request: &Request) -> (Method, Uri) {
        (request.method().clone(), uri(request.url()))
    }

    fn insert_header(&self, request: &mut Request, name: &HeaderName, value: &HeaderValue) {
        request.headers_mut().insert(name, value.clone());
    }

    fn try_clone(&self, request: &mut Request) -> Option<Request> {
        // reqwest's own copy has a hash map, whether there is a timeout to keep in it or not.
        if request.timeout().is_some() || request.body().is_some() {
            return Request::try_clone(request);
        }
        let mut copy = Request::new(request.method().clone(), request.url().clone());
        copy.headers_mut().clone_from(request.headers());
        *copy.version_mut() = request.version();
        Some(copy)
    }

    fn status(&self, response: &Response) -> StatusCode {
        response.status()
    }

    fn header_values(&self, response: &Response, name: &HeaderName) -> Vec<HeaderValue> {
        response.headers().get_all(name).iter().cloned().collect()
    }

    fn response_origin<'r>(&self, response: &'r Response) -> Option<OriginRef<'r>> {
        Some(origin(response.url()))
    }

    async fn discard(&self, response: Response) {
        // A read of reqwest's blocks for as long as the server likes, 30 s without more, and
        // cannot be dropped. So another thread does it, while this one can be woken (R8).
        let Ok(place) = Arc::clone(&self.drains).try_acquire_owned() else {
            // X5: so many servers that keep a thread waiting are enough. hyper closes a connection
            // whose body was not read to its end.
            return;
        };
        let (finished, waiting) = oneshot::channel();
        let drain = move || {
            drain(response, &finished);
            drop(place);
            // The caller may have stopped waiting.
            let _ = finished.send(());
        };
        let started = Builder::new().name("alf-drain".to_owned()).spawn(drain);
        if started.is_ok() {
            let _ = waiting.await;
        }
    }
}

/// Reads a short remainder, so that its connection can be used again, as long as the caller waits for it.
fn drain(response: Response, finished: &oneshot::Sender<()>) {
    let mut body = response.take(DRAINED);
    let mut buffer = vec![0; PIECE];
    while !finished.is_closed() && matches!(body.read(&mut buffer), Ok(1..)) {}
}

#[async_trait]
impl TokenTransport for ReqwestTransport {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        let tokens = &self.tokens;
        let request = request.map(|body| token_body(tokens, body));
        let mut request = Request::try_from(request).map_err(failure)?;
        tokens.leave_user_agent_to_client(request.headers_mut());
        // Of a request, unlike of a client, this is the time for all of it, its body included.
        *request.timeout_mut() = Some(options.timeout());
        let asked = request.url().clone();
        let client = tokens.to(&asked).map_err(failure)?;
        outside_tokio(|| {
            let mut response = client.execute(request).map_err(failure)?;
            if *response.url() != asked {
                return Err(ExchangeErrorKind::Redirected.into());
            }
            let mut answer = http::Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            let body = AnswerBody::new(answer.status(), options);
            *answer.body_mut() = body.read_from(response, read_failure)?;
            Ok(answer)
        })
    }
}

/// T7: even a client that follows redirects hands a 307 or 308 back where the body is read
/// while it is sent. But where no connection is made, reqwest's error may then be about the
/// body: where no redirect is followed for certain, it is sent from memory.
fn token_body(tokens: &Route<Client>, body: Bytes) -> Body {
    if tokens.is_own() {
        return Body::from(body);
    }
    let length = body.len() as u64;
    Body::sized(Cursor::new(body), length)
}

/// In an error of reading is reqwest's own.
fn read_failure(error: io::Error) -> ExchangeError {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => failure(error),
        Err(error) => ExchangeError::new(ExchangeErrorKind::Exchange, error),
    }
}

/// The `Debug` of reqwest's clients may show the values of default headers.
impl std::fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: u64 = 64 * 1024;

/// How much of it is read at once.
const PIECE: usize = 8 * 1024;

/// How many threads do that at once.
const MOST_DRAINS: usize = 32;

#[cfg(test)]
mod tests;
