//! S: one acquisition for all callers, which belongs to none of them and ends in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_core::{ExchangeError, ExchangeOptions, TokenErrorKind, TokenTransport};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::server::{Answer, Gate};

use super::case::{Case, CaseClient, all_succeed};

pub(super) fn s1_two_hundred_callers_cause_one_token_request(case: &Case) {
    let gate = case.hold_next_token();
    let client = case.client();
    let calls = client.start_gets(200, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(200);
    gate.open();
    all_succeed(calls);
    case.expect_token_requests(1);
    assert_eq!(case.shown_tokens(), vec![case.last_token(); 200]);
}

pub(super) fn s2_all_waiters_share_a_failure(case: &Case) {
    let gate = Gate::new();
    let refusal = Answer::oauth_error(400, "unauthorized_client", "not this grant");
    case.authorization.answer_next(refusal.held_by(&gate));
    let client = case.client();
    let calls = client.start_gets(50, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(50);
    gate.open();
    for call in calls {
        let error = call.wait().expect_token_error();
        assert_eq!(error.error_code(), Some("unauthorized_client"));
    }
    case.expect_token_requests(1);
}

pub(super) fn s3_dropping_the_first_caller_does_not_affect_the_others(case: &Case) {
    let gate = case.hold_next_token();
    let client = case.client();
    let first = client.start_get("/first");
    gate.wait_for_arrivals(1);
    let others = client.start_gets(10, "/things");
    case.wait_for_waiters(11);
    first.abandon();
    gate.open();
    all_succeed(others);
    case.expect_token_requests(1);
    case.expect_requests_at("/first", 0);
}

pub(super) fn s3_an_acquisition_without_callers_still_obtains_its_token(case: &Case) {
    let gate = case.hold_next_token();
    let client = case.client();
    let only = client.start_get("/first");
    gate.wait_for_arrivals(1);
    only.abandon();
    gate.open();
    case.time.wait_until_idle();
    client.get("/things").expect_status(200);
    case.expect_token_requests(1);
}

pub(super) fn s4_a_panic_in_the_transport_causes_another_acquisition(case: &Case) {
    let client = client_whose_first_exchanges_panic(case, 1);
    all_succeed(client.start_gets(5, "/things"));
    assert_eq!(case.events.aborted_acquisitions(), 1);
    case.expect_token_requests(1);
}

pub(super) fn s4_two_panics_in_a_row_are_an_error(case: &Case) {
    let client = client_whose_first_exchanges_panic(case, 2);
    let outcome = client.get("/things");
    outcome.expect_token_error_of(TokenErrorKind::Aborted);
    case.time.advance(Duration::from_secs(5));
    client.get("/things").expect_status(200);
}

pub(super) fn s4_an_aborted_acquisition_is_started_again(case: &Case) {
    let gate = case.hold_next_token();
    let client = case.client();
    let calls = client.start_gets(3, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(3);
    case.time.drop_tasks();
    all_succeed(calls);
    case.expect_token_requests(2);
}

pub(super) fn s5_callers_wait_no_longer_than_acquire_timeout(case: &Case) {
    case.authorization.answer_always(Answer::silence());
    let limit = Duration::from_secs(3);
    let client = case.build(case.builder().acquire_timeout(limit));
    let calls = client.start_gets(10, "/things");
    case.authorization.wait_for_requests(1);
    case.wait_for_waiters(10);
    case.time.advance(limit);
    for call in calls {
        let error = call.wait().expect_token_error();
        let timed_out = matches!(error.kind(), TokenErrorKind::Timeout(_));
        assert!(timed_out, "expected a timeout, but: {error:?}");
    }
    case.expect_requests(0);
}

pub(super) fn s5_an_attempt_that_failed_before_the_deadline_is_the_error(case: &Case) {
    case.authorization.answer_always(Answer::silence());
    case.authorization.answer_next(Answer::status(504));
    let limit = Duration::from_secs(2);
    let client = case.build(case.builder().acquire_timeout(limit));
    let call = client.start_get("/things");
    let failure = case.wait_for_attempt_failure();
    case.let_pause_pass(&failure);
    case.authorization.wait_for_requests(2);
    case.time.advance(limit);
    let error = call.wait().expect_token_error_of(TokenErrorKind::Refused);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(504));
}

fn client_whose_first_exchanges_panic(case: &Case, times: usize) -> CaseClient<'_> {
    let tokens = PanicsFirst {
        inner: case.transport.token_transport(),
        left: AtomicUsize::new(times),
    };
    case.build_over(case.builder(), Arc::new(tokens))
}

struct PanicsFirst {
    inner: Arc<dyn TokenTransport>,
    left: AtomicUsize,
}

#[async_trait]
impl TokenTransport for PanicsFirst {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let one_less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        assert!(left.is_err(), "this panic is part of the case");
        self.inner.exchange(request, options).await
    }
}
