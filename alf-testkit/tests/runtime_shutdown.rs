//! A client that is used in several async runtimes, one after another, as a `static` client in tests.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::sync::Arc;
use std::time::Duration;

use alf_core::{Client, Redirects, TokioRuntime, Transport, from_fn};
use alf_testkit::{Answer, Gate, Servers, VirtualTime};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::{Builder, Runtime};

/// Each has a timer, and so has the attempt.
const WAITERS: usize = 4;

#[test]
fn s4_an_acquisition_in_a_runtime_that_is_shut_down_is_started_again() {
    let servers = Servers::start();
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    servers.authorization.answer_next(held);
    let time = VirtualTime::on(TokioRuntime::new());
    let client = client(&servers, &time);
    let first = runtime();
    drop(first.spawn(status(Arc::clone(&client), servers.url("/first"))));
    gate.wait_for_arrivals(1);
    let second = runtime();
    let joined: Vec<_> = (1..WAITERS)
        .map(|_| second.spawn(status(Arc::clone(&client), servers.url("/joined"))))
        .collect();
    time.wait_for_timers(WAITERS + 1);
    first.shutdown_background();
    for call in joined {
        assert_eq!(second.block_on(call).unwrap(), Some(200));
    }
    assert_eq!(servers.authorization.token_requests(), 2);
}

#[test]
fn s4_a_client_works_in_one_runtime_after_another() {
    let servers = Servers::start();
    let time = VirtualTime::on(TokioRuntime::new());
    let client = client(&servers, &time);
    for _ in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        // The pool has a connection of the previous runtime, whose task has ended.
        let answered = runtime.block_on(status(Arc::clone(&client), servers.url("/things")));
        assert_eq!(answered, Some(200));
        servers.revoke_all();
    }
}

/// As in `#[tokio::test]`.
#[test]
fn e2_a_test_on_the_thread_of_its_runtime_waits_for_a_renewal() {
    let servers = Servers::start();
    let time = VirtualTime::on(TokioRuntime::new());
    let client = client(&servers, &time);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let get = || status(Arc::clone(&client), servers.url("/things"));
        assert_eq!(get().await, Some(200));
        time.advance(Duration::from_secs(50 * 60));
        assert_eq!(get().await, Some(200));
        time.wait_until_idle_async().await;
        assert_eq!(servers.authorization.issued_count(), 2);

        servers.authorization.answer_next(Answer::status(503));
        servers.revoke_all();
        let call = tokio::spawn(get());
        // The deadlines of the caller and of the acquisition, and the pause before the next attempt.
        time.wait_for_timers_async(2).await;
        time.wait_until_async("the pause has started", |time| {
            time.next_timer()
                .is_some_and(|next| next < Duration::from_secs(1))
        })
        .await;
        time.advance_to_next_timer();
        assert_eq!(call.await.unwrap(), Some(200));
        time.wait_until_idle_async().await;
    });
}

fn client(
    servers: &Servers,
    time: &VirtualTime,
) -> Arc<Client<impl Transport<Request = Request<Bytes>, Response = Response<Incoming>>>> {
    let hyper = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .runtime(time.clone())
        .build(from_fn(
            Redirects::NotFollowed,
            move |request: Request<Bytes>| hyper.request(request.map(Full::new)),
        ));
    Arc::new(client.unwrap())
}

async fn status<T>(client: Arc<Client<T>>, url: String) -> Option<u16>
where
    T: Transport<Request = Request<Bytes>, Response = Response<Incoming>>,
{
    let request = Request::get(url).body(Bytes::new()).ok()?;
    let response = client.send(request).await.ok()?;
    Some(response.status().as_u16())
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}
