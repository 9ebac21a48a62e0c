//! E: what a caller notices of expiry and renewal, which is little.

use std::time::Duration;

use crate::{Answer, Gate};

use super::{Case, Expect, Subject};

pub(super) fn e2_a_due_token_is_renewed_and_nobody_waits<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let first = case.last_token();
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    case.time.advance(DUE);
    for _ in 0..3 {
        case.get(&client, "/things").expect_status(200);
    }
    gate.wait_for_arrivals(1);
    assert_eq!(
        case.shown_tokens(),
        vec![first; 4],
        "expected nobody to wait"
    );
    gate.open();
    case.time.wait_until_idle();
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
    assert_eq!(case.token_requests(), 2, "expected one renewal");
}

pub(super) fn e2_a_renewal_outlives_the_request_that_noticed_it<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let (gate, held_call) = (Gate::new(), Gate::new());
    let authorization = &case.servers.authorization;
    authorization.answer_next(Answer::normal().held_by(&gate));
    let held = Answer::normal().held_by(&held_call);
    case.servers.resource.answer_next(held);
    case.time.advance(DUE);
    let call = case.start_get(&client, "/things");
    gate.wait_for_arrivals(1);
    held_call.wait_for_arrivals(1);
    call.abandon();
    gate.open();
    case.time.wait_until_idle();
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
    assert_eq!(
        authorization.issued_count(),
        2,
        "expected the renewal to go on"
    );
    assert_eq!(case.token_requests(), 2, "expected one renewal");
}

pub(super) fn e3_an_expired_token_is_waited_for<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.authorization.answer_next(held);
    case.time.advance(HOUR);
    let calls = case.start_gets(5, &client, "/things");
    gate.wait_for_arrivals(1);
    case.wait_for_waiters(5);
    assert_eq!(case.requests(), 1, "expected the callers to wait");
    gate.open();
    for call in calls {
        call.wait().expect_status(200);
    }
    let shown = case.shown_tokens();
    let again = shown.iter().filter(|token| **token == case.last_token());
    assert_eq!(again.count(), 5, "expected the new token on each");
    assert_eq!(case.token_requests(), 2);
}

pub(super) fn e4_an_outage_while_due_is_invisible<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    case.servers.authorization.refuse_connections();
    case.time.advance(DUE);
    for _ in 0..20 {
        case.get(&client, "/things").expect_status(200);
        case.let_pauses_pass();
    }
    let connections = || case.servers.authorization.counts().connections;
    let before = connections();
    case.servers.authorization.accept_connections();
    // The acquisition ends with its deadline, and the rest after it with the next five seconds. From the
    // first attempt on that has a connection no more time passes, or it would be late.
    for _ in 0..200 {
        case.let_pauses_pass();
        if connections() > before {
            break;
        }
        case.time.advance(Duration::from_millis(500));
        case.get(&client, "/things").expect_status(200);
    }
    case.time
        .wait_until("the renewal to land", |time| time.tasks() == 0);
    case.get(&client, "/things").expect_status(200);
    assert_eq!(
        case.servers.authorization.issued_count(),
        2,
        "expected a renewal"
    );
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
}

pub(super) fn e4_a_token_that_is_not_over_is_used_through_an_outage<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.servers.authorization.refuse_connections();
    case.time.advance(EXPIRED_BUT_NOT_OVER);
    for _ in 0..5 {
        case.get(&client, "/things").expect_status(200);
    }
    assert_eq!(case.shown_tokens(), vec![first; 6]);
}

pub(super) fn e7_a_machine_that_slept_has_no_dead_token<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.time.step_wall_clock_forward(HOUR);
    case.time.advance(Duration::from_secs(30));
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.shown_tokens(), [first, case.last_token()]);
    assert_eq!(case.token_requests(), 2);
}

/// What tokens live here.
const HOUR: Duration = Duration::from_secs(3600);
/// E1: expired from ten seconds before its end on.
const EXPIRED_BUT_NOT_OVER: Duration = Duration::from_secs(3592);
/// E1: due at 70 to 80 % of it.
const DUE: Duration = Duration::from_secs(2900);
