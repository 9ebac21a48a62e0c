//! isahc behind alf's two ports.

#![expect(unused_qualifications, reason = "isahc's http may be another one")]

use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use alf_core::{
    AnswerBody, BlockingTransport, ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef,
    TokenTransport, Transport,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{AsyncReadExt, FutureExt};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderValue, Method, StatusCode, Uri};
use isahc::config::{Configurable, RedirectPolicy};
use isahc::error::ErrorKind;
use isahc::http::Version;
use isahc::{AsyncBody, Request, Response, ResponseExt};
use zeroize::Zeroizing;

use crate::route::{Owner, Route};
use crate::{convert, request};

/// isahc as alf's transport: one client for your requests, and another one for token requests.
///
/// If alf made them, requests to loopback do not use the proxy of the environment.
///
/// Made by [`Client`](crate::Client).
#[derive(Clone)]
pub struct IsahcTransport {
    calls: Route,
    tokens: Route,
}

impl IsahcTransport {
    pub(crate) fn new(calls: Route, tokens: Route) -> Self {
        Self { calls, tokens }
    }
}

impl Transport for IsahcTransport {
    type Request = Request<AsyncBody>;
    type Response = Response<AsyncBody>;
    type Error = isahc::Error;

    async fn send(&self, request: Self::Request) -> Result<Self::Response, isahc::Error> {
        let sent = AssertUnwindSafe(self.calls.send(request)).catch_unwind();
        // X5: isahc panics where a header's value is not ASCII, and where its thread is gone.
        sent.await.unwrap_or_else(|_| Err(panicked()))
    }

    fn origin<'r>(&self, request: &'r Self::Request) -> OriginRef<'r> {
        convert::origin(request.uri())
    }

    fn head(&self, request: &Self::Request) -> (Method, Uri) {
        (
            convert::method(request.method()),
            convert::uri(request.uri()),
        )
    }

    fn insert_header(&self, request: &mut Self::Request, name: &HeaderName, value: &HeaderValue) {
        convert::insert_header(request, name, value);
        if *name != AUTHORIZATION {
            // X4: in a redirect to another origin, isahc removes no other header.
            request::configure(request, |request| {
                request.redirect_policy(RedirectPolicy::None)
            });
        }
    }

    fn try_clone(&self, request: &mut Self::Request) -> Option<Self::Request> {
        request::try_clone(request)
    }

    fn status(&self, response: &Self::Response) -> StatusCode {
        convert::status(response.status())
    }

    fn header_values(&self, response: &Self::Response, name: &HeaderName) -> Vec<HeaderValue> {
        convert::header_values(response, name)
    }

    fn response_origin<'r>(&self, response: &'r Self::Response) -> Option<OriginRef<'r>> {
        // isahc always sets it. Without it, a 401 must not reject the token (X4).
        let uri = response.effective_uri();
        Some(uri.map_or(OriginRef::NOWHERE, convert::origin))
    }

    async fn discard(&self, response: Self::Response) {
        let mut body = response.into_body();
        let mut buffer = vec![0; PIECE];
        let mut read = 0;
        while let Ok(length @ 1..) = body.read(&mut buffer).await {
            read += length;
            if read > DRAINED {
                // curl closes a connection whose body was not read to its end.
                return;
            }
        }
    }
}

/// isahc works on threads of its own: nothing that a blocked caller waits for needs its thread.
impl BlockingTransport for IsahcTransport {}

#[async_trait]
impl TokenTransport for IsahcTransport {
    async fn exchange(
        &self,
        mut request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        let has_known_settings = self.tokens.owner == Owner::Alf;
        // T1: a client that may have a `User-Agent` of the user's adds it if there is none, or isahc's.
        let is_alfs = |value: &HeaderValue| value == alf_core::USER_AGENT;
        if !has_known_settings && request.headers().get(USER_AGENT).is_some_and(is_alfs) {
            request.headers_mut().remove(USER_AGENT);
        }
        let mut request = convert::token_request(&request)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Exchange, error))?;
        request::configure(&mut request, |request| {
            // T7: on the user's own client too, which may follow redirects.
            let request = request.redirect_policy(RedirectPolicy::None);
            // Dropping this future does not stop the transfer: curl goes on until
            // the server sends something.
            let late = options.timeout().saturating_add(GRACE);
            if has_known_settings {
                request.timeout(late)
            } else {
                // The user may have set a timeout, which this leaves alone.
                request.low_speed_timeout(1, late)
            }
        });
        let mut response = self.tokens.send(request).await.map_err(failure)?;
        let mut body = AnswerBody::new(convert::status(response.status()), options);
        let mut buffer = Zeroizing::new(vec![0; PIECE]);
        let mut is_empty = true;
        loop {
            let length = response.body_mut().read(&mut buffer).await;
            // Never more than the buffer has.
            let piece = match length.map_err(|error| failure(error.into()))? {
                0 => break,
                length => buffer.get(..length).unwrap_or_default(),
            };
            is_empty = false;
            if body.push(piece)?.is_break() {
                break;
            }
        }
        let answer = convert::token_answer(&response, body.into_bytes());
        if is_empty && may_be_half_a_head(&answer, response.version()) {
            return Err(ExchangeErrorKind::Exchange.into());
        }
        Ok(answer)
    }
}

/// B1: where a connection breaks off within the head, curl takes what came of it for all of it. A
/// server that sends a 200 without a body states its length.
fn may_be_half_a_head(answer: &http::Response<Bytes>, version: Version) -> bool {
    answer.status() == StatusCode::OK
        && version <= Version::HTTP_11
        && !answer.headers().contains_key(CONTENT_LENGTH)
        && !answer.headers().contains_key(TRANSFER_ENCODING)
}

/// What isahc and curl say shows no URL and no header (X1): a test looks.
fn failure(error: isahc::Error) -> ExchangeError {
    let unconnected = [
        ErrorKind::ConnectionFailed,
        ErrorKind::NameResolution,
        ErrorKind::BadClientCertificate,
        ErrorKind::InvalidTlsConfiguration,
        ErrorKind::TlsEngine,
    ];
    let kind = if error.is_timeout() {
        ExchangeErrorKind::Timeout
    } else if error.kind() == ErrorKind::BadServerCertificate {
        ExchangeErrorKind::Certificate
    } else if unconnected.contains(error.kind()) {
        ExchangeErrorKind::Connect
    } else {
        ExchangeErrorKind::Exchange
    };
    ExchangeError::new(kind, error)
}

fn panicked() -> isahc::Error {
    io::Error::other(
        "isahc panicked: a header of the request has a value that is not ASCII, or the thread of \
         the HTTP client is gone",
    )
    .into()
}

/// The `Debug` of isahc's clients may show the values of default headers.
impl std::fmt::Debug for IsahcTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IsahcTransport").finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: usize = 64 * 1024;

/// How much longer than alf a transfer may wait, so that alf reports the timeout.
const GRACE: Duration = Duration::from_secs(1);

/// How much is read at once.
const PIECE: usize = 16 * 1024;

#[cfg(test)]
mod tests;
