//! R8 on HTTP/2: what an unwanted body may cost. The servers of alf-testkit are HTTP/1 servers.

#![cfg(feature = "http2")]

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use alf_reqwest::reqwest::ClientBuilder;
use alf_reqwest::{Client, TokioRuntime};
use alf_testkit::VirtualTime;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// How the body of a 401 goes on.
#[derive(Clone, Copy)]
enum Remainder {
    /// It never ends.
    Endless,
    /// Nothing more comes, and it does not end.
    HeldOpen,
}

/// A body that ends, or the beginning and the remainder of one that does not.
struct Content(Option<Bytes>, Option<Remainder>);

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.0.take(), self.1) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, Some(Remainder::Endless)) => {
                let more = Bytes::from_static(&[b' '; 8192]);
                Poll::Ready(Some(Ok(Frame::data(more))))
            }
            (None, Some(Remainder::HeldOpen)) => Poll::Pending,
            (None, None) => Poll::Ready(None),
        }
    }
}

/// An authorization server and an API on HTTP/2. The API rejects the first token.
struct Server {
    token_requests: AtomicUsize,
    rejection: Remainder,
}

impl Server {
    async fn start(rejection: Remainder) -> io::Result<(Arc<Self>, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = Arc::new(Self {
            token_requests: AtomicUsize::new(0),
            rejection,
        });
        let serving = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let server = Arc::clone(&serving);
                let answer = move |request| {
                    let answer = server.answer(&request);
                    async move { Ok::<_, Infallible>(answer) }
                };
                let http2 = http2::Builder::new(TokioExecutor::new());
                tokio::spawn(http2.serve_connection(TokioIo::new(connection), service_fn(answer)));
            }
        });
        Ok((server, address))
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Content> {
        if request.uri().path() == "/token" {
            let number = self.token_requests.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!(r#"{{"access_token":"token-{number}"}}"#);
            return Response::new(Content(Some(token.into()), None));
        }
        let authorization = request.headers().get("authorization");
        if authorization.is_some_and(|value| value == "Bearer token-1") {
            let body = Content(Some("the beginning".into()), Some(self.rejection));
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return response;
        }
        Response::new(Content(None, None))
    }
}

#[tokio::test]
async fn r8_a_401_without_end_is_replayed_on_http2() {
    for rejection in [Remainder::Endless, Remainder::HeldOpen] {
        let (server, address) = Server::start(rejection).await.unwrap();
        let time = VirtualTime::on(TokioRuntime::new());
        let client = Client::builder(format!("http://{address}/token"))
            .client_secret("client-id", "secret")
            .configure_http(ClientBuilder::http2_prior_knowledge)
            .runtime(time.clone())
            .build()
            .unwrap();
        let request = client.get(format!("http://{address}/things")).send();
        let call = tokio::spawn(request);
        if let Remainder::HeldOpen = rejection {
            let is_discarding = |time: &VirtualTime| {
                let renewed = server.token_requests.load(Ordering::SeqCst) == 2;
                renewed && time.tasks() == 0 && time.timers() == 1
            };
            time.wait_until_async("only the 401 is waited for", is_discarding)
                .await;
            assert!(!call.is_finished());
            time.advance(Duration::from_secs(1));
        }
        let response = call.await.unwrap().unwrap();
        assert_eq!(
            (response.status(), response.version()),
            (StatusCode::OK, Version::HTTP_2)
        );
        assert_eq!(server.token_requests.load(Ordering::SeqCst), 2);
    }
}
