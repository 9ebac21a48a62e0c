//! A server of tonic that accepts every token that is not revoked.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode, Uri};
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status, Streaming};
use tower::{Service, service_fn};

use crate::codec::Text;
use crate::issuer::Issuer;

/// How the server, or a proxy in front of it, rejects a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejecting {
    /// `grpc-status: 16` in the headers, and no message.
    InHeaders,
    /// `grpc-status: 16` in the trailers.
    InTrailers,
    /// The same, for every token.
    AllInTrailers,
    /// HTTP 401 with a page.
    ByProxy,
}

/// Clones are one server.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) issuer: Issuer,
    rejecting: Rejecting,
    calls: Arc<AtomicUsize>,
    metadata: Arc<Mutex<Vec<http::HeaderMap>>>,
    /// A call to `/slow` has arrived; it was dropped.
    pub(crate) slow_call: Arc<SlowCall>,
}

#[derive(Default)]
pub(crate) struct SlowCall {
    pub(crate) arrived: Notify,
    pub(crate) dropped: Notify,
}

type Messages = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

impl Api {
    /// Starts a server, which listens when this returns.
    pub(crate) fn start(rejecting: Rejecting) -> (Self, Uri) {
        let api = Self {
            issuer: Issuer::default(),
            rejecting,
            calls: Arc::default(),
            metadata: Arc::default(),
            slow_call: Arc::default(),
        };
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let serve = Server::builder().serve_with_incoming(api.clone(), incoming);
        tokio::spawn(serve);
        (api, format!("http://{address}").parse().unwrap())
    }

    /// The number of calls that were received.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Takes the metadata of the calls that were received since the last time.
    pub(crate) fn take_metadata(&self) -> Vec<http::HeaderMap> {
        std::mem::take(&mut self.metadata.lock().unwrap())
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let headers = request.headers().clone();
        let token = headers.get(AUTHORIZATION).unwrap().to_str().unwrap();
        let rejects_all = self.rejecting == Rejecting::AllInTrailers;
        let is_accepted = !rejects_all && self.issuer.accepts(token);
        self.metadata.lock().unwrap().push(headers.clone());
        if !is_accepted {
            return self.reject(request).await;
        }
        let mut grpc = Grpc::new(Text);
        match request.uri().path() {
            "/api/unary" => grpc.unary(service_fn(echo), request).await,
            "/api/denied" => Status::permission_denied("not for you").into_http(),
            "/api/slow" => {
                let slow = service_fn(|_: tonic::Request<String>| self.slow_call.answer());
                grpc.unary(slow, request).await
            }
            "/api/client-stream" => {
                grpc.client_streaming(service_fn(concatenated), request)
                    .await
            }
            "/api/server-stream" => grpc.server_streaming(service_fn(thrice), request).await,
            "/api/both" => grpc.streaming(service_fn(echo_each), request).await,
            path => Status::unimplemented(path).into_http(),
        }
    }

    async fn reject(&self, request: Request<Body>) -> Response<Body> {
        match self.rejecting {
            Rejecting::InHeaders => Status::unauthenticated("revoked").into_http(),
            Rejecting::InTrailers | Rejecting::AllInTrailers => {
                let failing = service_fn(|_: tonic::Request<Streaming<String>>| async {
                    let failed = Status::new(Code::Unauthenticated, "revoked");
                    let messages: Messages = Box::pin(stream::iter([Err(failed)]));
                    Ok(tonic::Response::new(messages))
                });
                Grpc::new(Text).streaming(failing, request).await
            }
            Rejecting::ByProxy => {
                let page = http_body_util::Full::new(bytes::Bytes::from_static(b"<html>"));
                let mut response = Response::new(Body::new(page));
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                response
            }
        }
    }
}

impl SlowCall {
    /// Never, but it notices when it is dropped.
    async fn answer(&self) -> Result<tonic::Response<String>, Status> {
        struct Dropped<'a>(&'a Notify);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let _dropped = Dropped(&self.dropped);
        self.arrived.notify_one();
        std::future::pending().await
    }
}

async fn echo(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    Ok(tonic::Response::new(request.into_inner()))
}

async fn concatenated(
    request: tonic::Request<Streaming<String>>,
) -> Result<tonic::Response<String>, Status> {
    let messages: Vec<_> = request.into_inner().try_collect().await?;
    Ok(tonic::Response::new(messages.concat()))
}

async fn thrice(request: tonic::Request<String>) -> Result<tonic::Response<Messages>, Status> {
    let message = request.into_inner();
    let messages = stream::iter(0..3).map(move |number| Ok(format!("{message} {number}")));
    Ok(tonic::Response::new(Box::pin(messages)))
}

async fn echo_each(
    request: tonic::Request<Streaming<String>>,
) -> Result<tonic::Response<Messages>, Status> {
    Ok(tonic::Response::new(Box::pin(request.into_inner())))
}

impl Service<Request<Body>> for Api {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let api = self.clone();
        Box::pin(async move { Ok(api.answer(request).await) })
    }
}
