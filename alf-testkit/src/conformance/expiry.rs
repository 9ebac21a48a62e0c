//! E: expiry and renewal, as a caller sees them.

use std::time::Duration;

use crate::server::{Answer, Gate};

use super::case::{Case, all_succeed};

pub(super) fn e2_a_due_token_is_renewed_while_callers_use_it(case: &Case) {
    let client = case.client_with_token();
    let first = case.last_token();
    let gate = case.hold_next_token();
    case.time.advance(DUE);
    for _ in 0..3 {
        client.get("/things").expect_status(200);
    }
    gate.wait_for_arrivals(1);
    assert_eq!(case.shown_tokens(), vec![first; 4]);
    gate.open();
    case.time.wait_until_idle();
    client.get("/things").expect_status(200);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
    case.expect_token_requests(2);
}

pub(super) fn e2_a_renewal_continues_after_its_request_is_dropped(case: &Case) {
    let client = case.client_with_token();
    let token = case.hold_next_token();
    let answer = case.hold_next_answers(1);
    case.time.advance(DUE);
    let call = client.start_get("/things");
    token.wait_for_arrivals(1);
    answer.wait_for_arrivals(1);
    call.abandon();
    token.open();
    case.time.wait_until_idle();
    client.get("/things").expect_status(200);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
    assert_eq!(case.authorization.issued_count(), 2);
    case.expect_token_requests(2);
}

pub(super) fn e3_callers_wait_while_an_expired_token_is_renewed(case: &Case) {
    let client = case.client_with_token();
    let gate = case.hold_next_token();
    case.time.advance(LIFETIME);
    let calls = client.start_gets(5, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(5);
    case.expect_requests(1);
    gate.open();
    all_succeed(calls);
    let shown = case.shown_tokens();
    let renewed = shown.iter().filter(|token| **token == case.last_token());
    assert_eq!(renewed.count(), 5, "expected the new token on each");
    case.expect_token_requests(2);
}

pub(super) fn e4_an_outage_while_due_is_invisible(case: &Case) {
    let client = case.client_with_token();
    case.authorization.refuse_connections();
    case.time.advance(DUE);
    for _ in 0..20 {
        client.get("/things").expect_status(200);
        case.let_pauses_pass();
    }
    let connections = || case.authorization.counts().connections;
    let before = connections();
    case.authorization.accept_connections();
    // The acquisition ends at its deadline, and the back-off after it within five seconds. Time stands still
    // while an attempt is under way, or that attempt would be too late.
    for _ in 0..200 {
        case.wait_until_ended_or(|| connections() > before);
        if connections() > before {
            break;
        }
        case.time.advance(Duration::from_millis(500));
        client.get("/things").expect_status(200);
    }
    case.time
        .wait_until("the renewal has ended", |time| time.tasks() == 0);
    client.get("/things").expect_status(200);
    assert_eq!(case.authorization.issued_count(), 2);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
}

pub(super) fn e4_a_token_within_its_leeway_is_used_during_an_outage(case: &Case) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.authorization.refuse_connections();
    case.time.advance(WITHIN_LEEWAY);
    for _ in 0..5 {
        client.get("/things").expect_status(200);
    }
    assert_eq!(case.shown_tokens(), vec![first; 6]);
}

pub(super) fn e7_a_token_that_expired_during_suspension_is_not_used(case: &Case) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.time.step_wall_clock_forward(LIFETIME);
    case.time.advance(Duration::from_secs(30));
    client.get("/things").expect_status(200);
    assert_eq!(case.shown_tokens(), [first, case.last_token()]);
    case.expect_token_requests(2);
}

pub(super) fn t9_a_lifetime_counts_from_before_the_request(case: &Case) {
    let gate = Gate::new();
    let short = Answer::token().expires_in(10);
    case.authorization.answer_next(short.held_by(&gate));
    let client = case.client();
    let call = client.start_get("/first");
    gate.wait_for_arrivals(1);
    case.time.advance(Duration::from_secs(4));
    gate.open();
    call.wait().expect_status(200);
    let first = case.last_token();
    // 9.5 s after its request, 5.5 s after it arrived.
    case.time.advance(Duration::from_millis(5500));
    client.get("/second").expect_status(200);
    assert_ne!(case.last_token(), first);
    assert_eq!(case.shown_tokens(), [first, case.last_token()]);
}

/// What the authorization server grants.
const LIFETIME: Duration = Duration::from_secs(3600);
/// E1: the last ten seconds of the lifetime.
const WITHIN_LEEWAY: Duration = Duration::from_secs(3592);
/// E1: a token is due at 70 to 80 % of its lifetime.
pub(super) const DUE: Duration = Duration::from_secs(2900);
