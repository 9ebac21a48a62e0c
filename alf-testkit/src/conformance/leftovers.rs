//! R8, T7 and P3: what was not read of one response never becomes a part of the next one, and delays
//! no caller.

use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::server::{Answer, Gate, pattern};

use super::case::{Case, CaseClient, get, post};
use super::tested::{ReadBody, ThreadCall};

pub(super) fn r8_a_401_of_200_kb_is_not_the_next_answer(case: &Case) {
    let rejection = Answer::unauthorized().body_of_length(200_000);
    answers_stay_apart(&case.client_with_token(), rejection, 10);
}

pub(super) fn r8_a_401_of_200_kb_in_chunks_is_not_the_next_answer(case: &Case) {
    let rejection = Answer::unauthorized().chunks_of_length(200_000);
    answers_stay_apart(&case.client_with_token(), rejection, 10);
}

pub(super) fn r8_a_401_of_10_mb_is_not_the_next_answer(case: &Case) {
    let rejection = Answer::unauthorized().body_of_length(10_000_000);
    answers_stay_apart(&case.client_with_token(), rejection, 3);
}

pub(super) fn r8_a_401_without_end_is_not_the_next_answer(case: &Case) {
    let rejection = Answer::unauthorized().endless_body();
    answers_stay_apart(&case.client_in_real_time(), rejection, 1);
}

pub(super) fn r8_a_401_that_is_held_open_delays_no_caller(case: &Case) {
    let rejection = Answer::unauthorized().header("Content-Length", "1000");
    answers_stay_apart(&case.client_in_real_time(), rejection, 1);
}

pub(super) fn r8_a_401_that_is_held_open_in_its_body_delays_no_caller(case: &Case) {
    let rejection = Answer::unauthorized().header("Content-Length", "1000");
    let rejection = rejection.body("the beginning");
    answers_stay_apart(&case.client_in_real_time(), rejection, 1);
}

pub(super) fn r8_a_401_that_looks_like_an_answer_is_not_the_next_one(case: &Case) {
    let client = case.client_with_token();
    let open = Gate::new();
    open.open();
    // In one packet with the head; in two; too long to be discarded by reading; in chunks.
    for rejection in [
        lookalike(10),
        lookalike(10).remainder_held_by(&open),
        lookalike(4000),
        Answer::unauthorized().chunks(FORGED_ANSWER.repeat(4000).chunks(32 * 1024)),
    ] {
        answers_stay_apart(&client, rejection, 2);
    }
}

pub(super) fn r8_a_401_whose_remainder_comes_late_is_not_the_next_answer(case: &Case) {
    let client = case.client_in_real_time();
    let gate = Gate::new();
    case.resource
        .reject_with(lookalike(10).remainder_held_by(&gate));
    case.revoke_all();
    let call = client.start_get("/chunks/100");
    gate.wait_for_arrivals(1);
    // It need not have ended: a library may wait for the remainder.
    call.ends_within(DISCARDED);
    gate.open();
    let reply = call.wait().expect_status(200);
    assert_eq!(reply.body, pattern(0, 100), "expected the caller's answer");
    echo(&client, 5);
}

pub(super) fn r8_a_short_401_keeps_its_connection(case: &Case) {
    let client = case.client_with_token();
    let rejection = Answer::unauthorized().body_of_length(500);
    case.resource.reject_with(rejection);
    for _ in 0..10 {
        case.revoke_all();
        echo(&client, 1);
    }
    case.expect_few_connections();
}

pub(super) fn p3_a_response_that_is_dropped_unread_is_not_the_next_answer(case: &Case) {
    let client = case.client_with_token();
    for count in [10, 4000] {
        let answer = Answer::status(200).body(FORGED_ANSWER.repeat(count));
        case.resource.answer_at("/unread", aligned(answer));
        for _ in 0..5 {
            let request = get(&case.url("/unread"));
            let call = client.start_reading(request, ReadBody::DropUnread);
            call.wait().expect_status(200);
            echo(&client, 1);
        }
    }
}

pub(super) fn p3_a_pool_of_one_serves_one_request_at_a_time(case: &Case) {
    let client = case.client_with_token();
    echo(&client, 3);
    let gate = case.hold_next_answers(2);
    let first = client.start_get("/things");
    gate.wait_for_arrivals(1);
    let second = client.start_get("/things");
    // A second connection would arrive within this time. That none ever does cannot be tested.
    second.ends_within(Duration::from_millis(200));
    let arrived = gate.arrivals();
    gate.open();
    first.wait().expect_status(200);
    second.wait().expect_status(200);
    assert_eq!(arrived, 1, "expected one request at a time");
}

pub(super) fn r8_a_pool_of_one_works_after_a_401_of_200_kb(case: &Case) {
    let client = case.client_in_real_time();
    for rejection in [
        Answer::unauthorized().body_of_length(200_000),
        Answer::unauthorized().chunks_of_length(200_000),
    ] {
        the_replay_has_a_connection(&client, rejection);
    }
}

pub(super) fn r8_a_pool_of_one_works_after_a_401_without_end(case: &Case) {
    let rejection = Answer::unauthorized().endless_body();
    the_replay_has_a_connection(&case.client_in_real_time(), rejection);
}

pub(super) fn r8_a_pool_of_one_works_after_a_401_that_is_held_open(case: &Case) {
    let rejection = Answer::unauthorized().header("Content-Length", "1000");
    let rejection = rejection.body("the beginning");
    the_replay_has_a_connection(&case.client_in_real_time(), rejection);
}

fn the_replay_has_a_connection(client: &CaseClient<'_>, rejection: Answer) {
    client.case.resource.reject_with(rejection);
    client.case.revoke_all();
    echo(client, 3);
}

pub(super) fn t7_the_remainder_of_a_huge_answer_is_not_the_next_token(case: &Case) {
    for (status, kind) in [
        (200, TokenErrorKind::Unreadable),
        (400, TokenErrorKind::Refused),
    ] {
        case.authorization.answer_next(forged_tokens(status, HUGE));
        let outcome = case.client().get("/things");
        outcome.expect_token_error_of(kind);
        the_next_token_is_the_one_that_was_issued(case);
        let failures = case.events.attempt_failures();
        assert!(
            failures.is_empty(),
            "expected no failed attempt: {failures:?}"
        );
    }
    // The same acquisition tries again.
    case.authorization.answer_next(forged_tokens(503, HUGE));
    the_next_token_is_the_one_that_was_issued(case);
}

pub(super) fn t7_the_remainder_of_a_late_answer_is_not_the_next_token(case: &Case) {
    let gate = Gate::new();
    let late = forged_tokens(200, 10).remainder_held_by(&gate);
    case.authorization.answer_next(late);
    let second = Duration::from_secs(1);
    let client = case.build(case.builder().attempt_timeout(second));
    let call = client.start_get("/things");
    gate.wait_for_arrivals(1);
    // A library that blocks ends after a second of real time.
    case.time.advance(second);
    let failure = case.wait_for_attempt_failure();
    gate.open();
    case.let_pause_pass(&failure);
    case.wait_with_retries(call).expect_status(200);
    assert_eq!(case.shown_tokens(), [case.last_token()]);
    for _ in 0..3 {
        the_next_token_is_the_one_that_was_issued(case);
    }
}

fn the_next_token_is_the_one_that_was_issued(case: &Case) {
    case.resource.forget();
    let client = case.client();
    client.get_with_retries("/things").expect_status(200);
    assert_eq!(case.shown_tokens(), [case.last_token()]);
}

/// Rejects some callers at once, in some rounds, and expects that each gets its own answer.
fn answers_stay_apart(client: &CaseClient<'_>, rejection: Answer, rounds: usize) {
    let case = client.case;
    case.resource.reject_with(rejection);
    for _ in 0..rounds {
        case.revoke_all();
        echo(client, 1);
        case.revoke_all();
        let calls: Vec<_> = (0..CALLERS).map(|_| start_echo(client)).collect();
        calls.into_iter().for_each(expect_echo);
        // A connection that the pool should not have kept affects later callers.
        echo(client, 3);
    }
    let rejected = case.resource.counts().answered(401);
    assert!(rejected >= rounds, "expected some to be rejected");
}

/// Makes calls, one after another, and expects that each gets its own body back.
fn echo(client: &CaseClient<'_>, calls: usize) {
    for _ in 0..calls {
        expect_echo(start_echo(client));
    }
}

fn start_echo(client: &CaseClient<'_>) -> (String, ThreadCall) {
    let id = format!("caller {:x}", fastrand::u64(..));
    let request = post(&client.case.url("/echo"), id.clone());
    (id, client.start(request))
}

fn expect_echo((id, call): (String, ThreadCall)) {
    let reply = call.wait().expect_status(200);
    assert_eq!(reply.text(), id, "expected the caller's own answer");
}

/// Returns a 401 whose body is responses.
fn lookalike(count: usize) -> Answer {
    aligned(Answer::unauthorized().body(FORGED_ANSWER.repeat(count)))
}

fn forged_tokens(status: u16, count: usize) -> Answer {
    aligned(Answer::status(status).body(FORGED_TOKEN.repeat(count)))
}

/// Adds a header that makes the length of the head a multiple of 64. A library that stops reading
/// after some KiB, and continues as if the next response started there, finds one.
fn aligned(answer: Answer) -> Answer {
    let padding = 64 - (answer.head_length() + "X: \r\n".len()) % 64;
    answer.header("X", "x".repeat(padding))
}

const CALLERS: usize = 8;
/// After this time alf drops a body that does not end.
const DISCARDED: Duration = Duration::from_secs(3);
/// Two mebibytes of token responses.
const HUGE: usize = 32 * 1024;
const FORGED_ANSWER: &[u8; 64] =
    b"HTTP/1.1 200 OK\r\nX-Padding: 0123456\r\nContent-Length: 6\r\n\r\nforged";
const FORGED_TOKEN: &[u8; 64] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{\"access_token\":\"forged\"}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_forged_answer_is_aligned() {
        for answer in [lookalike(4000), forged_tokens(200, 4000)] {
            assert_eq!(answer.head_length() % 64, 0);
        }
    }
}
