//! A `Subject` with types of its own: hyper-util's client with bodies that stream, and with one of the
//! flaws that transports have, if the test needs one.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::error::Error as _;
use std::future::Future;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use alf_core::{
    ExchangeError, ExchangeErrorKind, ExchangeOptions, Origin, OriginRef, Runtime, TokenTransport,
    TokioRuntime, Transport,
};
use alf_testkit::conformance::{Body, BodyStream, Capability, ReadError, Setup, Subject};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HeaderName, LOCATION, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, Error, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use connector::{Trust, connector};

pub(crate) use flaw::{Flaw, HasFlaw, Sound};

#[path = "connector.rs"]
mod connector;
#[path = "flaw.rs"]
mod flaw;

pub(crate) struct HyperOwn<F>(PhantomData<F>);

type Sent = Either<Full<Bytes>, BodyStream>;
type Received = Either<Incoming, Full<Bytes>>;

pub(crate) struct OwnTransport<F> {
    client: Client<HttpsConnector<HttpConnector>, Sent>,
    limit: Option<Arc<Semaphore>>,
    flaw: PhantomData<F>,
}

pub(crate) struct OwnResponse {
    response: Response<Received>,
    permit: Option<OwnedSemaphorePermit>,
    response_origin: Option<Origin>,
}

impl<F: HasFlaw> Subject for HyperOwn<F> {
    type Transport = OwnTransport<F>;

    fn transport(setup: &Setup) -> Self::Transport {
        let trust = match F::FLAW {
            Some(Flaw::TrustsAnyCertificate) => Trust::Everything,
            _ => Trust::RootOnly,
        };
        let root = setup.root_certificate.as_deref();
        let root = root.filter(|_| !F::has(Flaw::IgnoresTheRoot));
        let connector = connector(root, trust);
        let limit = setup.max_connections.map(Semaphore::new);
        let limit = limit.filter(|_| !F::has(Flaw::IgnoresTheLimit));
        OwnTransport {
            client: Client::builder(TokioExecutor::new()).build(connector),
            limit: limit.map(Arc::new),
            flaw: PhantomData,
        }
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn request(_: &Self::Transport, request: Request<Body>) -> Request<Sent> {
        request.map(|body| match body.try_into_bytes() {
            Err(stream) if F::has(Flaw::ReadsStreamsWhole) => {
                Either::Left(Full::new(Body::Stream(stream).into_bytes()))
            }
            Err(stream) => Either::Right(stream),
            Ok(bytes) => Either::Left(Full::new(bytes)),
        })
    }

    async fn read(response: OwnResponse, sink: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        let _until_it_is_read = response.permit;
        let mut body = response.response.into_body();
        while let Some(frame) = body.frame().await {
            sink.write_all(frame?.data_ref().map_or(&[], |data| &data[..]))?;
        }
        Ok(())
    }

    fn block_on<T: Future>(future: T) -> T::Output {
        RUNTIME.block_on(future)
    }

    fn known_failures() -> Vec<(&'static str, &'static str)> {
        F::KNOWN.to_vec()
    }

    fn lacks() -> Vec<Capability> {
        vec![Capability::Redirects]
    }
}

impl<F: HasFlaw> Transport for OwnTransport<F> {
    type Request = Request<Sent>;
    type Response = OwnResponse;
    type Error = io::Error;

    async fn send(&self, mut request: Request<Sent>) -> Result<OwnResponse, io::Error> {
        let follows = matches!(
            F::FLAW,
            Some(
                Flaw::FollowsRedirectsWithTheToken
                    | Flaw::HidesRedirects
                    | Flaw::IgnoresTheScheme
                    | Flaw::RestoresTheTokenOnTheSecondRedirect
            )
        );
        let permit = self.permit().await?;
        if F::has(Flaw::LogsTheToken) {
            let value = request.headers().get(AUTHORIZATION);
            log::trace!("> {}", value.unwrap().to_str().unwrap());
        }
        let requested_uri = request.uri().clone();
        let has_credentials = requested_uri
            .authority()
            .is_some_and(|a| a.as_str().contains('@'));
        if F::has(Flaw::SendsCredentialsOfTheUrl) && has_credentials {
            let basic = HeaderValue::from_static("Basic dXNlcjpwYXNz");
            request.headers_mut().append(AUTHORIZATION, basic);
        }
        let headers = request.headers().clone();
        let mut response = self
            .client
            .request(request)
            .await
            .map_err(io::Error::other)?;
        let mut uri = requested_uri.clone();
        for _ in 0..5 {
            let Some(next) = target(&uri, &response).filter(|_| follows) else {
                break;
            };
            let mut again = Request::get(&next).body(nothing()).unwrap();
            *again.headers_mut() = headers.clone();
            let keeps = match F::FLAW {
                Some(Flaw::FollowsRedirectsWithTheToken) => true,
                Some(Flaw::RestoresTheTokenOnTheSecondRedirect) => {
                    OriginRef::of(&next) == OriginRef::of(&uri)
                }
                Some(Flaw::IgnoresTheScheme) => next.authority() == requested_uri.authority(),
                _ => OriginRef::of(&next) == OriginRef::of(&requested_uri),
            };
            if !keeps {
                again.headers_mut().remove(AUTHORIZATION);
            }
            uri = next;
            response = self.client.request(again).await.map_err(io::Error::other)?;
        }
        if F::has(Flaw::MakesErrorsOfStatuses) && response.status().is_client_error() {
            return Err(io::Error::other("that status is an error"));
        }
        look_at_headers::<F>(&response);
        let (head, body) = response.into_parts();
        let body = match F::FLAW {
            Some(Flaw::ReadsResponsesWhole) => Either::Right(read_whole(body).await?),
            _ => Either::Left(body),
        };
        let returns_origin = follows && !F::has(Flaw::HidesRedirects);
        Ok(OwnResponse {
            response_origin: OriginRef::of(&uri)
                .filter(|_| returns_origin)
                .map(OriginRef::to_origin),
            permit,
            response: Response::from_parts(head, body),
        })
    }

    fn origin<'r>(&self, request: &'r Request<Sent>) -> OriginRef<'r> {
        if F::has(Flaw::ReturnsAWrongOrigin) {
            // The text before the `@` is not the host.
            let authority = request.uri().authority().unwrap().as_str();
            return OriginRef::new("https", authority.split(['@', ':']).next().unwrap(), None);
        }
        OriginRef::of(request.uri()).unwrap_or(OriginRef::NOWHERE)
    }

    fn head(&self, request: &Request<Sent>) -> (Method, Uri) {
        (request.method().clone(), request.uri().clone())
    }

    fn insert_header(&self, request: &mut Request<Sent>, name: &HeaderName, value: &HeaderValue) {
        if F::has(Flaw::AppendsHeaders) {
            request.headers_mut().append(name.clone(), value.clone());
        } else {
            request.headers_mut().insert(name.clone(), value.clone());
        }
    }

    fn try_clone(&self, request: &mut Request<Sent>) -> Option<Request<Sent>> {
        let body = match (F::FLAW, request.body()) {
            (Some(Flaw::NeverCopies), _) => return None,
            (Some(Flaw::CopiesNoBody), _)
            | (Some(Flaw::CopiesStreamsAsEmpty), Either::Right(_)) => nothing(),
            (Some(Flaw::CopiesShortBodies), Either::Left(body)) if is_long(body) => nothing(),
            (_, Either::Left(body)) => Either::Left(body.clone()),
            (_, Either::Right(_)) => return None,
        };
        let mut copy = Request::new(body);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        Some(copy)
    }

    fn status(&self, response: &OwnResponse) -> StatusCode {
        response.response.status()
    }

    fn header_values(&self, response: &OwnResponse, name: &HeaderName) -> Vec<HeaderValue> {
        let most = match F::FLAW {
            Some(Flaw::ReturnsOneValueOfAHeader) => 1,
            _ => usize::MAX,
        };
        let values = response.response.headers().get_all(name).iter();
        values.take(most).cloned().collect()
    }

    fn response_origin<'r>(&self, response: &'r OwnResponse) -> Option<OriginRef<'r>> {
        response.response_origin.as_ref().map(Origin::as_ref)
    }

    async fn discard(&self, response: OwnResponse) {
        if F::has(Flaw::KeepsRejectedResponses) {
            // Its connection never becomes free.
            std::mem::forget(response);
            return;
        }
        // A short remainder is read. hyper closes the connection of a long one.
        let _ = Limited::new(response.response.into_body(), 64 * 1024)
            .collect()
            .await;
    }
}

#[async_trait]
impl<F: HasFlaw> TokenTransport for OwnTransport<F> {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        assert!(!F::has(Flaw::Panics), "a flaw of this transport");
        if F::has(Flaw::TracesTheSecret) {
            tracing::trace!(body = ?request.body());
        }
        let sent = request.clone();
        let mut request = request.map(|body| Either::Left(Full::new(body)));
        if F::has(Flaw::ExchangeDropsHeaders) {
            request.headers_mut().remove(http::header::ACCEPT);
        }
        if F::has(Flaw::ExchangeSendsChunks) {
            let chunked = HeaderValue::from_static("chunked");
            request.headers_mut().insert(TRANSFER_ENCODING, chunked);
        }
        let mut response = self
            .client
            .request(request)
            .await
            .map_err(|error| failure::<F>(error, &sent))?;
        if F::has(Flaw::ExchangeFollowsRedirects)
            && let Some(next) = target(sent.uri(), &response)
        {
            let mut again = sent.clone().map(|body| Either::Left(Full::new(body)));
            *again.uri_mut() = next;
            response = self
                .client
                .request(again)
                .await
                .map_err(|error| failure::<F>(error, &sent))?;
        }
        look_at_headers::<F>(&response);
        let (head, mut body) = response.into_parts();
        let bound = match F::FLAW {
            Some(Flaw::ExchangeReadsWithoutBound) => usize::MAX,
            _ => options.max_bytes(),
        };
        let cuts_failures = !F::has(Flaw::ExchangeCallsLongFailuresTooLarge);
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| ExchangeError::new(ExchangeErrorKind::Exchange, error))?;
            read.extend_from_slice(&frame.into_data().unwrap_or_default());
            if read.len() > bound {
                if head.status.is_success() || !cuts_failures {
                    return Err(ExchangeErrorKind::TooLarge.into());
                }
                read.truncate(bound);
                break;
            }
        }
        Ok(Response::from_parts(head, read.freeze()))
    }
}

impl<F: HasFlaw> OwnTransport<F> {
    /// Waits for a free connection, but not long: a flaw keeps them forever.
    async fn permit(&self) -> io::Result<Option<OwnedSemaphorePermit>> {
        let Some(limit) = &self.limit else {
            return Ok(None);
        };
        let permit = Arc::clone(limit).acquire_owned();
        let permit = tokio::time::timeout(Duration::from_secs(5), permit).await;
        let permit = permit.map_err(|_| io::Error::other("no connection is free"))?;
        permit.map(Some).map_err(io::Error::other)
    }
}

fn look_at_headers<F: HasFlaw>(response: &Response<Incoming>) {
    if F::has(Flaw::PanicsOnUnusualHeaders) {
        for value in response.headers().values() {
            let _ = value.to_str().unwrap();
        }
    }
}

async fn read_whole(body: Incoming) -> io::Result<Full<Bytes>> {
    let read_whole = body.collect().await.map_err(io::Error::other)?;
    Ok(Full::new(read_whole.to_bytes()))
}

fn is_long(body: &Full<Bytes>) -> bool {
    use hyper::body::Body as _;
    body.size_hint().lower() > 64 * 1024
}

fn failure<F: HasFlaw>(error: Error, sent: &Request<Bytes>) -> ExchangeError {
    let kind = match F::FLAW {
        Some(Flaw::ExchangeCallsEveryFailureRedirected) => ExchangeErrorKind::Redirected,
        _ if is_bad_certificate(&error) => ExchangeErrorKind::Certificate,
        _ if error.is_connect() => ExchangeErrorKind::Connect,
        _ => ExchangeErrorKind::Exchange,
    };
    if F::has(Flaw::ExchangeErrorsShowTheRequest) {
        return ExchangeError::new(kind, format!("{} failed: {error}", sent.uri()));
    }
    ExchangeError::new(kind, error)
}

/// `source()` of an `io::Error` skips the error that it wraps.
fn is_bad_certificate(error: &Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if matches!(
            error.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        ) {
            return true;
        }
        let wrapped = error.downcast_ref::<io::Error>();
        next = match wrapped.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

/// Returns the URL that a redirect leads to.
fn target(from: &Uri, response: &Response<Incoming>) -> Option<Uri> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    if location.starts_with('/') {
        return format!("{}://{}{location}", from.scheme()?, from.authority()?)
            .parse()
            .ok();
    }
    location.parse().ok()
}

fn nothing() -> Sent {
    Either::Left(Full::default())
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
