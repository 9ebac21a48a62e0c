//! The same promises on real threads, in no fixed order.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

use alf_core::{Client, Runtime, ThreadRuntime};
use alf_testkit::VirtualTime;
use futures_util::future::{Either, abortable, join_all, select};
use pollster::block_on;

use crate::support::{
    API, Api, ApiRequest, CLIENT_ID, CallLog, Endpoint, Reply, SECRET, TOKEN_ENDPOINT, access_token,
};

const THREADS: usize = 8;

/// A client on that runtime, and its servers.
fn client_on(runtime: impl Runtime + Clone) -> (Client<Api>, Endpoint, Api) {
    let journal = CallLog::default();
    let endpoint = Endpoint::new(Arc::new(runtime.clone()), journal.clone());
    let api = Api::new(journal);
    let client = Client::builder(TOKEN_ENDPOINT)
        .client_secret(CLIENT_ID, SECRET)
        .runtime(runtime)
        .build_with(Arc::new(api.clone()), Arc::new(endpoint.clone()))
        .unwrap();
    (client, endpoint, api)
}

/// Runs `work` on eight threads, with the number of each.
fn on_threads<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let work = &work;
        let threads = (0..THREADS).map(|number| scope.spawn(move || work(number)));
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Is ready after that many polls. It wakes itself.
struct ReadyAfter(usize);

impl Future for ReadyAfter {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn s1_thousand_callers_on_eight_threads_cost_one_token_request() {
    let time = VirtualTime::new();
    let (client, endpoint, api) = client_on(time.clone());
    let acquisition = endpoint.hold();
    let callers = thread::spawn(move || {
        on_threads(|_| {
            let calls = (0..125).map(|_| client.send(ApiRequest::get(API)));
            let answers = block_on(join_all(calls));
            answers
                .into_iter()
                .all(|answer| answer.unwrap().status() == 200)
        })
    });
    // Each waiter has a timer of its own, and the attempt has one.
    time.wait_for_timers(1001);
    acquisition.answer(Reply::Issue);
    assert_eq!(callers.join().unwrap(), [true; THREADS]);
    assert_eq!(endpoint.requests(), 1);
    assert_eq!(api.requests(), 1000);
    time.wait_until_idle();
}

#[test]
fn s2_thousand_callers_on_eight_threads_share_a_failure() {
    let time = VirtualTime::new();
    let (client, endpoint, _) = client_on(time.clone());
    let acquisition = endpoint.hold();
    let callers = thread::spawn(move || {
        on_threads(|_| {
            let calls = (0..125).map(|_| client.tokens().token());
            let outcomes = block_on(join_all(calls));
            outcomes.into_iter().filter(Result::is_err).count()
        })
    });
    time.wait_for_timers(1001);
    acquisition.answer(Reply::refuse(400, "invalid_client"));
    assert_eq!(callers.join().unwrap(), [125; THREADS]);
    assert_eq!(endpoint.requests(), 1);
}

#[test]
fn s3_if_half_of_a_thousand_callers_are_dropped_the_others_get_the_token() {
    let time = VirtualTime::new();
    let (client, endpoint, _) = client_on(time.clone());
    let acquisition = endpoint.hold();
    let mut handles = Vec::new();
    let mut calls = Vec::new();
    for _ in 0..1000 {
        let client = client.clone();
        let (call, handle) =
            abortable(async move { access_token(&client.tokens().token().await.unwrap()) });
        handles.push(handle);
        calls.push(call);
    }
    let callers = thread::spawn(move || {
        let mut threads = Vec::new();
        while !calls.is_empty() {
            let calls = calls.split_off(calls.len() - 125);
            threads.push(thread::spawn(move || block_on(join_all(calls))));
        }
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    time.wait_for_timers(1001);
    // The caller that started the acquisition is among the first or the last: both are dropped.
    handles
        .iter()
        .step_by(2)
        .for_each(futures_util::future::AbortHandle::abort);
    handles
        .iter()
        .skip(1)
        .step_by(250)
        .for_each(futures_util::future::AbortHandle::abort);
    acquisition.answer(Reply::Issue);
    let tokens: Vec<_> = callers
        .join()
        .unwrap()
        .into_iter()
        .filter_map(Result::ok)
        .collect();
    assert!(tokens.len() >= 496, "{}", tokens.len());
    assert!(tokens.iter().all(|token| token == "token-1"));
    assert_eq!(endpoint.requests(), 1);
    time.wait_until_idle();
}

#[test]
fn r1_thousand_rejections_on_eight_threads_cause_one_renewal() {
    let time = VirtualTime::new();
    let (client, endpoint, api) = client_on(time.clone());
    block_on(client.send(ApiRequest::get(API))).unwrap();
    api.revoke("token-1");
    let answers = on_threads(|_| {
        let calls = (0..125).map(|_| client.send(ApiRequest::get(API)));
        let answers = block_on(join_all(calls));
        answers
            .into_iter()
            .all(|answer| answer.unwrap().status() == 200)
    });
    assert_eq!(answers, [true; THREADS]);
    assert_eq!(endpoint.requests(), 2);
    time.wait_until_idle();
}

#[test]
fn s4_transport_that_panics_once_stops_no_thread() {
    let (client, endpoint, _) = client_on(ThreadRuntime::new());
    endpoint.reply(Reply::Panic);
    let tokens = on_threads(|_| {
        let tokens = block_on(join_all((0..20).map(|_| client.tokens().token())));
        tokens
            .iter()
            .all(|token| access_token(token.as_ref().unwrap()) == "token-1")
    });
    assert_eq!(tokens, [true; THREADS]);
    assert_eq!(endpoint.requests(), 2);
}

/// Each of eight threads makes 200 calls and drops some of them at a random point, while tokens are revoked.
#[test]
fn s3_r1_each_revocation_costs_one_token_request_at_most_while_callers_are_dropped() {
    const CALLS: usize = 200;
    let (client, endpoint, api) = client_on(ThreadRuntime::new());
    let revoked = AtomicUsize::new(0);
    let counts = on_threads(|thread| {
        let mut random = fastrand::Rng::with_seed(thread as u64);
        let mut answered = 0;
        for call in 0..CALLS {
            if call % 50 == thread {
                // Every token is revoked once.
                let number = revoked.fetch_add(1, Ordering::Relaxed) + 1;
                api.revoke(&format!("token-{number}"));
            }
            let sending = Box::pin(client.send(ApiRequest::get(API)));
            if random.u8(..4) == 0 {
                match block_on(select(sending, ReadyAfter(random.usize(..20)))) {
                    Either::Left((answer, _)) => drop(answer.unwrap()),
                    Either::Right(((), sending)) => drop(sending),
                }
            } else {
                let status = block_on(sending).unwrap().status();
                // R3: the token of a replay may be revoked too.
                assert!(matches!(status, 200 | 401), "{status}");
                answered += 1;
            }
        }
        answered
    });
    assert!(counts.iter().sum::<usize>() > THREADS * CALLS / 2);
    let generations = revoked.load(Ordering::Relaxed) + 1;
    assert!(
        endpoint.requests() <= generations,
        "{} of {generations}",
        endpoint.requests()
    );
    assert_eq!(endpoint.most_under_way(), 1);
    // Nothing hangs.
    assert!(block_on(client.tokens().token()).is_ok());
}

#[test]
fn b1_b2_scopes_on_eight_threads_get_their_tokens_after_an_outage() {
    const SCOPES: usize = 8;
    const FAILURES: usize = 4;
    let (client, endpoint, _) = client_on(ThreadRuntime::new());
    for _ in 0..FAILURES {
        endpoint.reply(Reply::unreachable());
    }
    let counts = on_threads(|thread| {
        let tokens = client.tokens();
        let calls = (0..SCOPES).map(|scope| tokens.with_scope(format!("{thread}-{scope}")));
        let calls = calls.map(|tokens| async move { tokens.token().await });
        let outcomes = block_on(join_all(calls));
        outcomes.into_iter().flatten().count()
    });
    // No acquisition that waits for a permit is forgotten, and none has failed.
    assert_eq!(counts, [SCOPES; THREADS]);
    assert_eq!(endpoint.requests(), FAILURES + THREADS * SCOPES);
    assert_eq!(endpoint.under_way(), 0);
}
