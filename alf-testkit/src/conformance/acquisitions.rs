//! S: one acquisition for all, which belongs to nobody and ends in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use alf_core::{
    BoxFuture, ExchangeError, ExchangeOptions, Moment, Runtime, TokenErrorKind, TokenTransport,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::{AbortHandle, abortable};
use http::{Request, Response};
use std::sync::Mutex;

use crate::{Answer, Gate};

use super::case::{CLIENT_ID, SECRET};
use super::{Case, Expect, Subject, locked};

pub(super) fn s1_two_hundred_callers_make_one_token_request<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    let client = case.client();
    let calls = case.start_gets(200, &client, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(200);
    gate.open();
    for call in calls {
        call.wait().expect_status(200);
    }
    assert_eq!(
        case.token_requests(),
        1,
        "expected one token request for all"
    );
    assert_eq!(case.shown_tokens(), vec![case.last_token(); 200]);
}

pub(super) fn s2_all_waiters_share_a_failure<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let refusal = Answer::oauth_error(400, "unauthorized_client", "not this grant");
    case.servers
        .authorization
        .answer_next(refusal.held_by(&gate));
    let client = case.client();
    let calls = case.start_gets(50, &client, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(50);
    gate.open();
    for call in calls {
        let error = call.wait().expect_token_error();
        assert_eq!(error.error_code(), Some("unauthorized_client"));
    }
    assert_eq!(
        case.token_requests(),
        1,
        "expected one token request for all"
    );
}

pub(super) fn s3_dropping_the_first_caller_costs_nobody_anything<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    let client = case.client();
    let first = case.start_get(&client, "/first");
    gate.wait_for_arrivals(1);
    let others = case.start_gets(10, &client, "/things");
    case.wait_for_waiters(11);
    first.abandon();
    gate.open();
    for call in others {
        call.wait().expect_status(200);
    }
    assert_eq!(
        case.token_requests(),
        1,
        "expected the acquisition to go on"
    );
    assert_eq!(case.servers.resource.counts().at("/first"), 0);
}

pub(super) fn s3_an_acquisition_whose_callers_are_all_gone_still_lands<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    let client = case.client();
    let only = case.start_get(&client, "/first");
    gate.wait_for_arrivals(1);
    only.abandon();
    gate.open();
    case.time.wait_until_idle();
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.token_requests(), 1, "expected its token to be kept");
}

pub(super) fn s4_a_panic_in_the_transport_is_survived<S: Subject>(case: &Case<S>) {
    let client = client_that_panics(case, 1);
    for call in case.start_gets(5, &client, "/things") {
        call.wait().expect_status(200);
    }
    assert_eq!(case.events.deaths(), 1, "expected one acquisition to die");
    assert_eq!(case.token_requests(), 1);
}

pub(super) fn s4_two_panics_in_a_row_are_an_error<S: Subject>(case: &Case<S>) {
    let client = client_that_panics(case, 2);
    let error = case.get(&client, "/things").expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    case.time.advance(Duration::from_secs(5));
    case.get(&client, "/things").expect_status(200);
}

pub(super) fn s4_an_acquisition_that_is_stopped_is_begun_anew<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    let runtime = Stoppable {
        inner: Arc::new(case.time.clone()),
        tasks: Arc::default(),
    };
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .runtime(runtime.clone())
    });
    let calls = case.start_gets(3, &client, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(3);
    // As a runtime does that is shut down.
    runtime.stop_tasks();
    for call in calls {
        call.wait().expect_status(200);
    }
    assert_eq!(case.token_requests(), 2, "expected one other acquisition");
}

pub(super) fn s5_a_silent_server_is_waited_for_no_longer_than_said<S: Subject>(case: &Case<S>) {
    case.servers.authorization.answer_always(Answer::silence());
    let limit = Duration::from_secs(3);
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .acquire_timeout(limit)
    });
    let calls = case.start_gets(10, &client, "/things");
    case.servers.authorization.wait_for_requests(1);
    case.wait_for_waiters(10);
    case.time.advance(limit);
    for call in calls {
        let error = call.wait().expect_token_error();
        let in_time = matches!(error.kind(), TokenErrorKind::Timeout(_));
        assert!(in_time, "expected a time-out, but: {error:?}");
    }
    assert_eq!(case.requests(), 0, "expected the requests not to be sent");
}

/// Its first token requests panic.
fn client_that_panics<S: Subject>(case: &Case<S>, times: usize) -> super::Client<S> {
    let endpoint = Panicking {
        inner: Arc::clone(&case.transport),
        left: AtomicUsize::new(times),
    };
    case.client_over(Arc::new(endpoint))
}

struct Panicking<T> {
    inner: Arc<T>,
    left: AtomicUsize,
}

#[async_trait]
impl<T: TokenTransport> TokenTransport for Panicking<T> {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        assert!(left.is_err(), "this panic is part of the case");
        self.inner.exchange(request, options).await
    }
}

/// A runtime whose tasks can be stopped.
#[derive(Clone)]
struct Stoppable {
    inner: Arc<dyn Runtime>,
    tasks: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Stoppable {
    fn stop_tasks(&self) {
        for task in locked(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

impl Runtime for Stoppable {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn wall_clock(&self) -> SystemTime {
        self.inner.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        self.inner.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        let (task, handle) = abortable(task);
        locked(&self.tasks).push(handle);
        self.inner.spawn(Box::pin(async {
            let _ = task.await;
        }));
    }
}
