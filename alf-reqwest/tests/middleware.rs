//! A client of reqwest-middleware: what its middlewares can change of F, R, S and X.

#![cfg(feature = "middleware")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "code of tests, outside of their functions"
)]

use std::sync::{Arc, Mutex};

use alf_reqwest::reqwest::{Body, Request, Response, StatusCode};
use alf_reqwest::reqwest_middleware::{
    self, ClientWithMiddleware, Error as StackError, Middleware, Next,
};
use alf_reqwest::{Client, Error, TokenErrorKind};
use alf_testkit::{Answer, Gate, Servers};
use async_trait::async_trait;
use http::Extensions;

#[tokio::test]
async fn p4_r3_call_is_replayed_once_and_the_middlewares_run_once_without_the_token() {
    let servers = Servers::start();
    let seen = Seen::default();
    let client = client(&servers).with_middleware(|stack| stack.with(seen.clone()));
    get(&client, &servers).await.unwrap();
    servers.revoke_all();
    let answer = get(&client, &servers).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(servers.authorization.token_requests(), 2);
    assert_eq!(servers.resource.request_count(), 3);
    assert_eq!(
        seen.requests(),
        ["authorization: none", "authorization: none"]
    );
}

#[tokio::test]
async fn r1_two_hundred_calls_with_a_revoked_token_are_one_renewal() {
    let servers = Servers::start();
    let client = client(&servers).with_middleware(|stack| stack.with(Seen::default()));
    get(&client, &servers).await.unwrap();
    servers.revoke_all();
    let calls = (0..200).map(|_| {
        let call = client.get(servers.url("/things")).send();
        tokio::spawn(async move { call.await.unwrap().status() })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(servers.authorization.token_requests(), 2);
}

#[tokio::test]
async fn r4_body_that_a_middleware_makes_a_stream_is_not_replayed() {
    let servers = Servers::start();
    let plain = client(&servers).with_middleware(|stack| stack);
    let streaming = client(&servers).with_middleware(|stack| stack.with(Streams));
    for (client, status, sent) in [(plain, 200, 2), (streaming, 401, 1)] {
        servers.resource.forget();
        servers.resource.answer_next(Answer::unauthorized());
        let call = client.post(servers.url("/things")).body("ping").send();
        assert_eq!(call.await.unwrap().status(), status);
        let requests = servers.resource.requests();
        assert!(requests.iter().all(|request| request.body() == b"ping"));
        assert_eq!(requests.len(), sent);
    }
}

#[tokio::test]
async fn r3_retry_of_a_middleware_has_the_token_of_its_moment() {
    let servers = Servers::start();
    let client = client(&servers).with_middleware(|stack| stack.with(Retries));
    get(&client, &servers).await.unwrap();
    servers.resource.answer_next(Answer::status(503));
    get(&client, &servers).await.unwrap();
    // The retry meets a revoked token: a renewal and a replay of its own.
    servers.resource.answer_next(Answer::status(503));
    servers.revoke_all();
    let answer = get(&client, &servers).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(servers.resource.request_count(), 1 + 2 + 3);
    assert_eq!(servers.authorization.token_requests(), 2);
}

#[tokio::test]
async fn p3_errors_are_reqwests_own_or_alfs() {
    let servers = Servers::start();
    let attempts = Seen::default();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .allowed_origins([servers.url("/")])
        .build()
        .unwrap()
        .with_middleware(|stack| stack.with(attempts.clone()));
    get(&client, &servers).await.unwrap();

    servers.resource.answer_next(Answer::hang_up());
    let error = get(&client, &servers).await.unwrap_err();
    assert!(matches!(error, StackError::Reqwest(_)), "{error:?}");

    let elsewhere = client.get("https://elsewhere.example").send().await;
    let error = alfs_own(elsewhere.unwrap_err());
    assert!(matches!(error, Error::NotAllowed(_)), "{error:?}");

    servers.revoke_all();
    let refusal = Answer::oauth_error(401, "invalid_client", "");
    servers.authorization.answer_always(refusal);
    let Error::Token(error) = alfs_own(get(&client, &servers).await.unwrap_err()) else {
        panic!("not a token error");
    };
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.rejection().unwrap().status(), 401, "R5");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_dropped_call_cancels_no_renewal() {
    let servers = Servers::start();
    let client = client(&servers).with_middleware(|stack| stack.with(Seen::default()));
    let gate = Gate::new();
    servers
        .authorization
        .answer_next(Answer::normal().held_by(&gate));
    let first = tokio::spawn(client.get(servers.url("/things")).send());
    servers.authorization.wait_for_requests(1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(get(&client, &servers).await.unwrap().status(), 200);
    assert_eq!(servers.authorization.token_requests(), 1);
}

/// What the docs say of a middleware that is not before this one.
#[tokio::test]
async fn p4_middleware_that_is_added_later_is_not_called_and_sees_no_token() {
    let servers = Servers::start();
    let (before, after) = (Seen::default(), Seen::default());
    let client = client(&servers).with_middleware(|stack| stack.with(before.clone()));
    let client = reqwest_middleware::ClientBuilder::from_client(client).with(after.clone());
    get(&client.build(), &servers).await.unwrap();
    assert_eq!(before.requests().len(), 1);
    assert!(after.requests().is_empty());
}

fn client(servers: &Servers) -> Client {
    let builder = Client::builder(servers.token_endpoint()).client_secret("client-id", "secret");
    builder.build().unwrap()
}

async fn get(
    client: &ClientWithMiddleware,
    servers: &Servers,
) -> reqwest_middleware::Result<Response> {
    client.get(servers.url("/things")).send().await
}

fn alfs_own(error: StackError) -> Error {
    match error {
        StackError::Middleware(error) => error.downcast::<Error>().unwrap(),
        StackError::Reqwest(error) => panic!("{error:?}"),
    }
}

/// Records the `Authorization` of each request.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Middleware for Seen {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let authorization = request.headers().get("authorization");
        let authorization = authorization.map_or("none", |value| value.to_str().unwrap());
        let seen = format!("authorization: {authorization}");
        self.0.lock().unwrap().push(seen);
        next.run(request, extensions).await
    }
}

/// As a middleware that compresses or signs bodies may do.
struct Streams;

#[async_trait]
impl Middleware for Streams {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let body = request.body_mut().take().unwrap();
        *request.body_mut() = Some(Body::wrap(body));
        next.run(request, extensions).await
    }
}

/// Retries a 503 at once, as reqwest-retry does after a pause.
struct Retries;

#[async_trait]
impl Middleware for Retries {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let copy = request.try_clone().unwrap();
        let response = next.clone().run(request, extensions).await?;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return next.run(copy, extensions).await;
        }
        Ok(response)
    }
}
