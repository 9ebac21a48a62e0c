//! Stands for the HTTP library of a company. It has its own types for requests, replies and errors, and uses hyper-util.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Makes calls. It keeps connections open, and follows no redirects.
#[derive(Clone)]
pub(crate) struct HttpCaller {
    hyper: Hyper<HttpConnector, UnsyncBoxBody<Bytes, Failed>>,
}

/// A call to make.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
}

/// The body of a call.
pub(crate) enum Content {
    Bytes(Bytes),
    Stream(UnsyncBoxBody<Bytes, Failed>),
}

/// A reply whose body has not been read.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
}

/// Why there is no reply.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) connecting: bool,
    pub(crate) cause: Box<dyn std::error::Error + Send + Sync>,
}

impl HttpCaller {
    pub(crate) fn new() -> Self {
        Self {
            hyper: Hyper::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) async fn make(&self, call: Call) -> Result<Reply, Failed> {
        let content = match call.content {
            Content::Bytes(bytes) => Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync(),
            Content::Stream(stream) => stream,
        };
        let mut request = Request::new(content);
        *request.method_mut() = call.method;
        *request.uri_mut() = call.url.parse::<Uri>().map_err(Failed::sending)?;
        *request.headers_mut() = call.headers;
        let response = self.hyper.request(request).await.map_err(|error| Failed {
            connecting: error.is_connect(),
            cause: error.into(),
        })?;
        let (head, body) = response.into_parts();
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Content {
    /// A body of pieces that are made while it is sent.
    pub(crate) fn stream<P: Into<Bytes>>(pieces: impl Iterator<Item = P> + Send + 'static) -> Self {
        let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece.into())));
        Self::body(StreamBody::new(futures_util::stream::iter(frames)))
    }

    /// Any body of the crate `http-body`.
    pub(crate) fn body<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::Stream(body.map_err(Failed::sending).boxed_unsync())
    }
}

impl Call {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url, Content::Bytes(Bytes::new()))
    }

    pub(crate) fn post(url: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url, Content::Bytes(content.into()))
    }

    pub(crate) fn new(method: Method, url: impl Into<String>, content: Content) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            content,
        }
    }
}

impl Reply {
    pub(crate) async fn read(self) -> Result<Bytes, Failed> {
        let body = self.body.collect().await.map_err(Failed::sending)?;
        Ok(body.to_bytes())
    }

    /// The next piece of the body, or `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Failed>> {
        while !self.body.is_end_stream() {
            match self.body.frame().await?.map(Frame::into_data) {
                Ok(Ok(piece)) => return Some(Ok(piece)),
                // Trailers.
                Ok(Err(_)) => {}
                Err(error) => return Some(Err(Failed::sending(error))),
            }
        }
        None
    }
}

impl Failed {
    pub(crate) fn sending(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            connecting: false,
            cause: cause.into(),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.connecting {
            "could not connect"
        } else {
            "the call was interrupted"
        })
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}
