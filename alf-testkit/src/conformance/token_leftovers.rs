//! T7: what alf did not read of a token answer never becomes the next one.

use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::{Answer, Gate};

use super::apart::{aligned, stolen_tokens};
use super::case::{CLIENT_ID, SECRET};
use super::{Case, Expect, Subject};

pub(super) fn t7_the_rest_of_a_huge_answer_is_not_the_next_token<S: Subject>(case: &Case<S>) {
    for (status, kind) in [
        (200, TokenErrorKind::Unreadable),
        (400, TokenErrorKind::Refused),
    ] {
        case.servers.authorization.answer_next(tokens(status, HUGE));
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(error.kind(), kind);
        the_next_token_is_the_one_that_was_issued(case);
        let stumbles = case.events.stumbles();
        assert!(
            stumbles.is_empty(),
            "expected the next token request to be answered, but: {stumbles:?}"
        );
    }
    // The same acquisition tries again.
    case.servers.authorization.answer_next(tokens(503, HUGE));
    the_next_token_is_the_one_that_was_issued(case);
}

pub(super) fn t7_the_rest_of_an_answer_that_is_too_late_is_not_the_next_token<S: Subject>(
    case: &Case<S>,
) {
    let gate = Gate::new();
    let late = tokens(200, 10).rest_held_by(&gate);
    case.servers.authorization.answer_next(late);
    let second = Duration::from_secs(1);
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .attempt_timeout(second)
    });
    let call = case.start_get(&client, "/things");
    gate.wait_for_arrivals(1);
    // A library that blocks takes that second by itself, by a clock that nobody moves.
    case.time.advance(second);
    let attempt_failed = case.wait_for_attempt_failure();
    gate.open();
    case.let_pass(attempt_failed.at + attempt_failed.pause);
    case.ride_out(call).expect_status(200);
    assert_eq!(case.shown_tokens(), [case.last_token()]);
    for _ in 0..3 {
        the_next_token_is_the_one_that_was_issued(case);
    }
}

fn the_next_token_is_the_one_that_was_issued<S: Subject>(case: &Case<S>) {
    case.servers.resource.forget();
    case.ride_out(case.start_get(&case.client(), "/things"))
        .expect_status(200);
    assert_eq!(case.shown_tokens(), [case.last_token()]);
}

/// An answer whose body is token responses, which begin wherever a reader may stop.
fn tokens(status: u16, count: usize) -> Answer {
    aligned(Answer::status(status).body(stolen_tokens(count)))
}

/// Two mebibytes of them.
const HUGE: usize = 32 * 1024;
