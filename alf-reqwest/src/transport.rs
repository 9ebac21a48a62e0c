//! reqwest behind alf's two ports.

use alf_core::{
    AnswerBody, ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef, TokenTransport,
    Transport,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body_util::Full;
use reqwest::{Body, Request, Response};

use crate::failure::failure;
use crate::route::Route;
use crate::url::{origin, uri};

/// reqwest as alf's transport: one client for your requests, and another one for token requests.
///
/// If alf made them, requests to loopback do not use the proxy of the environment.
///
/// Made by [`Client`](crate::Client).
#[derive(Clone)]
pub struct ReqwestTransport {
    calls: Route<reqwest::Client>,
    tokens: Route<reqwest::Client>,
}

impl ReqwestTransport {
    pub(crate) fn new(calls: Route<reqwest::Client>, tokens: Route<reqwest::Client>) -> Self {
        Self { calls, tokens }
    }

    /// The client on which the user's requests are made, whichever one sends them.
    pub(crate) fn calls(&self) -> &reqwest::Client {
        self.calls.usual()
    }
}

impl Transport for ReqwestTransport {
    type Request = Request;
    type Response = Response;
    type Error = reqwest::Error;

    /// Not an `async fn`, which would hold the request too while reqwest's future does.
    fn send(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, reqwest::Error>> + Send {
        let client = self.calls.to(request.url());
        let sent = client.map(|client| client.execute(request));
        async move { sent?.await }
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
        // With its timeout, version and extensions; `None` for a streaming body.
        Request::try_clone(request)
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

    async fn discard(&self, mut response: Response) {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > DRAINED {
                // hyper closes a connection whose body was not read to its end.
                return;
            }
        }
    }
}

#[async_trait]
impl TokenTransport for ReqwestTransport {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        // T7: even a client that follows redirects hands a 307 or 308 back where the body cannot be
        // cloned, and nothing sends it a second time.
        let request = request.map(|body| Body::wrap(Full::new(body)));
        let mut request = Request::try_from(request).map_err(failure)?;
        self.tokens
            .leave_user_agent_to_client(request.headers_mut());
        let asked = request.url().clone();
        // The time is up when the caller drops this future: reqwest's own timeouts stay as they
        // are.
        let client = self.tokens.to(&asked).map_err(failure)?;
        let mut response = client.execute(request).await.map_err(failure)?;
        if *response.url() != asked {
            return Err(ExchangeErrorKind::Redirected.into());
        }
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = AnswerBody::new(answer.status(), options);
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.push(&chunk)?.is_break() {
                break;
            }
        }
        *answer.body_mut() = body.into_bytes();
        Ok(answer)
    }
}

/// The `Debug` of reqwest's clients may show the values of default headers.
impl std::fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

/// How much of an unwanted body is read, so that its connection can be used again.
const DRAINED: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use alf_testkit::{Answer, Servers};
    use http::header::{AUTHORIZATION, CONTENT_TYPE};
    use reqwest::redirect::Policy;

    use super::*;

    /// `build()` rejects such a client if it can see it. Otherwise this still holds.
    #[tokio::test]
    async fn t7_redirect_that_the_client_follows_is_an_error() {
        for status in [301, 302, 303, 307, 308] {
            let servers = Servers::start();
            let other_server = servers.another_resource_server();
            other_server.answer_always(Answer::token());
            let moved = Answer::redirect(status, other_server.url("/caught"));
            servers.authorization.answer_always(moved);
            let kind = match exchange(&servers, reqwest::Client::new(), MAX).await {
                Ok(answer) if answer.status() == status => ExchangeErrorKind::Redirected,
                Ok(answer) => panic!("{status}: {}", answer.status()),
                Err(error) => error.kind(),
            };
            assert_eq!(kind, ExchangeErrorKind::Redirected, "{status}");
            assert!(
                !other_server.saw("secret"),
                "{status}: {}",
                other_server.report()
            );
        }
    }

    #[tokio::test]
    async fn t7_own_policy_of_the_client_may_fail() {
        let servers = Servers::start();
        let moved = Answer::redirect(302, servers.url("/?key=hidden"));
        servers.authorization.answer_always(moved);
        let policy = Policy::custom(|attempt| attempt.error("not that way"));
        let client = reqwest::Client::builder().redirect(policy).build().unwrap();
        let error = exchange(&servers, client, MAX).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Redirected);
        assert!(!format!("{error:?}").contains("hidden"));
    }

    #[tokio::test]
    async fn t7_body_is_read_up_to_the_bound() {
        let servers = Servers::start();
        let body = |length| Answer::status(200).chunks_of_length(length);
        servers.authorization.answer_next(body(1000));
        servers.authorization.answer_next(body(1001));
        servers
            .authorization
            .answer_next(Answer::status(200).endless_body());
        let client = reqwest::Client::new();
        let answer = exchange(&servers, client.clone(), 1000).await.unwrap();
        assert_eq!(answer.body().len(), 1000);
        for _ in 0..2 {
            let error = exchange(&servers, client.clone(), 1000).await.unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
        }
    }

    /// B1: as an error of the transport it would be permanent, and its `Retry-After` lost.
    #[tokio::test]
    async fn t7_error_answer_over_the_bound_keeps_its_status() {
        let servers = Servers::start();
        let client = reqwest::Client::new();
        for (status, answer) in [
            (503, Answer::status(503).body_of_length(1_100_000)),
            (503, Answer::status(503).chunks_of_length(1_100_000)),
            (400, Answer::status(400).endless_body()),
        ] {
            let answer = answer.header("Retry-After", "7");
            servers.authorization.answer_next(answer);
            let answer = exchange(&servers, client.clone(), MAX).await.unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers().get("retry-after").unwrap(), "7");
            assert_eq!(answer.body().len(), MAX);
        }
    }

    /// 10,000 zeros in a few bytes.
    #[cfg(feature = "gzip")]
    #[tokio::test]
    async fn t7_bound_is_for_the_decoded_body() {
        let servers = Servers::start();
        let bomb = b"\
            \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7\
            \x4f\x6d\x0e\x37\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0\xdf\x00\x2e\xca\x3b\
            \x4d\x10\x27\x00\x00";
        let answer = Answer::status(200).header("Content-Encoding", "gzip");
        servers.authorization.answer_always(answer.body(*bomb));
        let client = reqwest::Client::new();
        let answer = exchange(&servers, client.clone(), 10_000).await.unwrap();
        assert_eq!(answer.body().len(), 10_000);
        let error = exchange(&servers, client, 9_999).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn t4_failures_have_their_kind() {
        let servers = Servers::start();
        let impatient = reqwest::Client::builder().timeout(Duration::from_millis(200));
        let impatient = impatient.build().unwrap();
        servers.authorization.answer_next(Answer::silence());
        servers.authorization.answer_next(Answer::hang_up());
        let half = Answer::status(200).body_of_length(100).hang_up_in_body();
        servers.authorization.answer_next(half);
        let error = exchange(&servers, impatient, MAX).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
        for _ in 0..2 {
            let error = exchange(&servers, reqwest::Client::new(), MAX)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::Exchange);
        }
        servers.authorization.refuse_connections();
        let error = exchange(&servers, reqwest::Client::new(), MAX)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Connect);
    }

    const MAX: usize = 1024 * 1024;

    async fn exchange(
        servers: &Servers,
        tokens: reqwest::Client,
        max_bytes: usize,
    ) -> Result<http::Response<Bytes>, ExchangeError> {
        let tokens = Route::given(tokens);
        let transport = ReqwestTransport::new(tokens.clone(), tokens);
        let request = http::Request::post(servers.token_endpoint())
            .header(AUTHORIZATION, "Basic Y2xpZW50LWlkOnNlY3JldA==")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_static(
                b"grant_type=client_credentials&x=secret",
            ))
            .unwrap();
        let options = ExchangeOptions::new(max_bytes, Duration::from_secs(5));
        transport.exchange(request, &options).await
    }
}
