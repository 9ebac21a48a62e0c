//! surf behind alf's two ports.

use std::fmt;
use std::panic::AssertUnwindSafe;

use alf_core::{
    AnswerBody, ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef, TokenTransport,
    Transport,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::io::AsyncReadExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use surf::http::headers::{
    CONTENT_ENCODING, CONTENT_LENGTH, HeaderName as SurfHeaderName, HeaderValue as SurfHeaderValue,
    TRANSFER_ENCODING,
};
use surf::http::mime::FORM;
use surf::http::{self as surf_http, Extensions, Url};
use surf::{Request, Response};
use zeroize::Zeroizing;

use crate::SurfError;
use crate::body;
use crate::discard::discard;
use crate::guard::{CameFrom, Guard, LedElsewhere, ShownAt, origin};

/// surf as alf's transport: one client for your requests, and another one for token requests.
///
/// Made by [`Client`](crate::Client).
#[derive(Clone)]
pub struct SurfTransport {
    calls: surf::Client,
    tokens: surf::Client,
}

impl SurfTransport {
    pub(crate) fn new(calls: surf::Client, tokens: surf::Client) -> Self {
        Self { calls, tokens }
    }

    /// The client on which the user's requests are made.
    pub(crate) fn calls(&self) -> &surf::Client {
        &self.calls
    }
}

impl Transport for SurfTransport {
    type Request = Request;
    type Response = Response;
    type Error = SurfError;

    async fn send(&self, mut request: Request) -> Result<Response, SurfError> {
        if let Some(guard) = extensions(&mut request).remove::<Guard>() {
            request.middleware(guard);
        }
        without_panics(self.calls.send(request)).await
    }

    fn origin<'r>(&self, request: &'r Request) -> OriginRef<'r> {
        origin(request.url())
    }

    fn head(&self, request: &Request) -> (Method, Uri) {
        let method = request.method().to_string().parse().unwrap_or_default();
        // A URL that is not a URI is refused by the back end before anything is sent.
        let uri = request.url().as_str().parse().unwrap_or_default();
        (method, uri)
    }

    /// It is put on at the last moment: see `guard`.
    fn insert_header(&self, request: &mut Request, name: &HeaderName, value: &HeaderValue) {
        request.remove_header(name.as_str());
        let (Some(name), Some(value)) = (surf_name(name), surf_value(value)) else {
            // T4: a token fits. What does not is not sent, and the server will say so.
            return;
        };
        let origin = origin(request.url()).to_origin();
        let guard = extensions(request).remove::<Guard>();
        let mut guard = guard.unwrap_or_else(|| Guard::new(ShownAt::Origin(origin)));
        guard.show(name, value);
        request.set_ext(guard);
    }

    fn try_clone(&self, request: &mut Request) -> Option<Request> {
        body::copy(request)
    }

    fn status(&self, response: &Response) -> StatusCode {
        status(response.status())
    }

    fn header_values(&self, response: &Response, name: &HeaderName) -> Vec<HeaderValue> {
        let values = response.header(name.as_str());
        let values = values.into_iter().flat_map(|values| values.iter());
        values.filter_map(http_value).collect()
    }

    fn response_origin<'r>(&self, response: &'r Response) -> Option<OriginRef<'r>> {
        let came_from = response.ext::<CameFrom>().filter(|from| from.shown);
        // The token was not shown, or a middleware of the user's made the response or got it past
        // the guard: it is from nowhere that could reject the token.
        Some(came_from.map_or(OriginRef::NOWHERE, |from| from.origin.as_ref()))
    }

    async fn discard(&self, response: Response) {
        discard(response).await;
    }
}

#[async_trait]
impl TokenTransport for SurfTransport {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        let (mut request, guard) = token_request(request).map_err(failure)?;
        // surf puts them only on requests that it builds itself.
        for (name, values) in &self.tokens.config().headers {
            request.insert_header(name, values);
        }
        // T7: whatever that client does with a redirect.
        request.middleware(guard);
        let sent = without_panics(self.tokens.send(request)).await;
        let mut response = sent.map_err(failure)?;
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = status(response.status());
        *answer.headers_mut() = headers(&response);
        *answer.body_mut() = read(&mut response, answer.status(), options).await?;
        Ok(answer)
    }
}

/// As surf has it: all but the headers, which the guard puts on.
fn token_request(request: http::Request<Bytes>) -> Result<(Request, Guard), SurfError> {
    let (head, content) = request.into_parts();
    let url: Url = head.uri.to_string().parse().map_err(SurfError::new)?;
    let mut guard = Guard::new(ShownAt::Url(url.clone()));
    for (name, value) in &head.headers {
        let (Some(name), Some(value)) = (surf_name(name), surf_value(value)) else {
            return Err(failed("a header of the token request is not ASCII"));
        };
        guard.show(name, value);
    }
    let method = head.method.as_str().parse().map_err(SurfError::new)?;
    let mut request = Request::new(method, url);
    request.set_body(body::in_memory(content, FORM));
    Ok((request, guard))
}

/// T7: no more than may be read.
async fn read(
    response: &mut Response,
    status: StatusCode,
    options: &ExchangeOptions,
) -> Result<Bytes, ExchangeError> {
    let promised = promised_length(response);
    let mut body = AnswerBody::new(status, options);
    // X1: it may hold a token.
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    let mut read: u64 = 0;
    loop {
        let length = response.read(&mut piece).await.map_err(SurfError::new);
        let piece = piece.get(..length.map_err(failure)?).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        read += piece.len() as u64;
        if body.push(piece)?.is_break() {
            return Ok(body.into_bytes());
        }
    }
    // B1: both back ends take a body that broke off for one that has ended, and curl takes a head
    // that did for a whole one: of a 200 that has neither a body nor its length, something is
    // missing.
    let broke_off = match promised {
        Some(promised) => read < promised,
        None => read == 0 && status == StatusCode::OK && !is_chunked(response),
    };
    if broke_off {
        return Err(failure(failed("the answer broke off")));
    }
    Ok(body.into_bytes())
}

/// How long the body is, as it will be read.
fn promised_length(response: &Response) -> Option<u64> {
    // curl unpacks, and leaves the length of what was packed.
    if response.header(CONTENT_ENCODING).is_some() {
        return None;
    }
    response
        .header(CONTENT_LENGTH)?
        .last()
        .as_str()
        .parse()
        .ok()
}

fn is_chunked(response: &Response) -> bool {
    response.header(TRANSFER_ENCODING).is_some()
}

/// X5: both back ends panic where a header of the answer is not ASCII, curl also where the status
/// is one that surf does not know.
async fn without_panics(
    sent: impl Future<Output = surf::Result<Response>> + Send,
) -> Result<Response, SurfError> {
    match AssertUnwindSafe(sent).catch_unwind().await {
        Ok(sent) => sent.map_err(SurfError::new),
        Err(_) => Err(failed("surf panicked over the answer, or over the request")),
    }
}

/// X1: surf's errors show neither a URL nor a header.
fn failure(error: SurfError) -> ExchangeError {
    if error.get_ref().downcast_ref::<LedElsewhere>().is_some() {
        return ExchangeErrorKind::Redirected.into();
    }
    ExchangeError::new(error.kind(), error)
}

fn failed(what: &'static str) -> SurfError {
    SurfError::new(surf::Error::from_str(500, what))
}

fn extensions(request: &mut Request) -> &mut Extensions {
    AsMut::<surf_http::Request>::as_mut(request).ext_mut()
}

fn status(status: surf::StatusCode) -> StatusCode {
    // Every status that surf knows is one.
    StatusCode::from_u16(status.into()).unwrap_or_default()
}

fn headers(response: &Response) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in response.iter() {
        let Ok(name) = HeaderName::from_bytes(name.as_str().as_bytes()) else {
            continue;
        };
        for value in values.iter().filter_map(http_value) {
            headers.append(&name, value);
        }
    }
    headers
}

/// `None` where it does not fit: h1 makes up a `Date` with a line end in it.
fn http_value(value: &SurfHeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_str(value.as_str()).ok()
}

fn surf_name(name: &HeaderName) -> Option<SurfHeaderName> {
    name.as_str().parse().ok()
}

fn surf_value(value: &HeaderValue) -> Option<SurfHeaderValue> {
    value.to_str().ok()?.parse().ok()
}

/// A surf client may hold headers.
impl fmt::Debug for SurfTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SurfTransport").finish_non_exhaustive()
    }
}

const PIECE: usize = 8 * 1024;
