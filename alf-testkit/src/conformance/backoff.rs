//! B: what is tried again, and when alf backs off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alf_core::{Credential, TokenErrorKind};

use crate::server::Answer;

use super::case::{CLIENT_ID, Case, SECRET};
use super::outcome::expect_transient;

pub(super) fn b1_two_503_are_tried_again(case: &Case) {
    let answer = Answer::status(503).body("<html>down</html>");
    case.authorization.answer_next_n(2, answer);
    case.client().get_with_retries("/things").expect_status(200);
    case.expect_token_requests(3);
    let failures = case.events.attempt_failures();
    let pauses: Vec<_> = failures.iter().map(|one| one.pause.as_millis()).collect();
    let in_bounds = matches!(pauses.as_slice(), [80..=100, 160..=200]);
    assert!(
        in_bounds,
        "expected 100 and 200 ms, less up to a fifth: {pauses:?}"
    );
}

pub(super) fn b1_every_transient_status_is_tried_again(case: &Case) {
    let failures = [408, 425, 429, 500, 502, 504];
    each_is_tried_again(case, failures.map(Answer::status));
}

pub(super) fn b1_a_failure_with_an_endless_body_is_tried_again(case: &Case) {
    let failures = [
        Answer::status(503).endless_body(),
        Answer::status(429).chunks_of_length(2_000_000),
        Answer::status(500).body_of_length(2_000_000),
    ];
    each_is_tried_again(case, failures);
}

pub(super) fn t4_a_broken_exchange_is_tried_again(case: &Case) {
    let chunks = Answer::json(200, []).chunks_of_length(1000);
    let failures = [
        Answer::hang_up(),
        Answer::reset(),
        Answer::garbage(),
        Answer::normal().hang_up_in_headers(),
        Answer::normal().hang_up_in_body(),
        chunks.hang_up_in_body(),
    ];
    each_is_tried_again(case, failures);
    case.expect_transient_failures();
}

fn each_is_tried_again(case: &Case, failures: impl IntoIterator<Item = Answer>) {
    for failure in failures {
        let shown = format!("{failure:?}");
        case.authorization.forget();
        case.authorization.answer_next(failure);
        case.client().get_with_retries("/things").expect_status(200);
        let attempts = case.authorization.token_requests();
        assert_eq!(attempts, 2, "expected another attempt after {shown}");
    }
}

pub(super) fn b1_a_connection_that_the_server_closed_is_tried_again(case: &Case) {
    for answer in [
        Answer::normal().then_close_unannounced(),
        Answer::normal().then_close_under_next_request(),
    ] {
        let shown = format!("{answer:?}");
        let before = case.authorization.issued_count();
        case.authorization.answer_next(answer);
        let client = case.client();
        client.get("/things").expect_status(200);
        case.revoke_all();
        // The pool may keep the closed connection, and notice it with the POST.
        client.get_with_retries("/things").expect_status(200);
        let issued = case.authorization.issued_count() - before;
        assert_eq!(issued, 2, "expected two tokens with {shown}");
    }
    case.expect_transient_failures();
}

pub(super) fn b1_retry_after_lengthens_the_pause(case: &Case) {
    expect_a_pause_of_2_s_after(case, Answer::status(503).header("Retry-After", "2"));
}

pub(super) fn b1_first_readable_retry_after_counts(case: &Case) {
    let answer = Answer::status(503).header("Retry-After", "soon");
    expect_a_pause_of_2_s_after(case, answer.header("Retry-After", "1.7"));
}

pub(super) fn b1_retry_after_that_is_a_date_is_measured_against_the_answers_own_date(case: &Case) {
    let answer = Answer::status(503).header("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let retry_after = "Sun, 06 Nov 1994 08:49:39 GMT";
    expect_a_pause_of_2_s_after(case, answer.header("Retry-After", retry_after));
}

fn expect_a_pause_of_2_s_after(case: &Case, answer: Answer) {
    case.authorization.answer_next(answer);
    let client = case.client();
    let call = client.start_get("/things");
    let failure = case.wait_for_attempt_failure();
    assert_eq!(failure.pause, Duration::from_secs(2));
    case.let_pause_pass(&failure);
    case.wait_with_retries(call).expect_status(200);
    case.expect_token_requests(2);
}

pub(super) fn b2_a_wrong_secret_costs_a_hundred_callers_one_request(case: &Case) {
    case.authorization.set_client(CLIENT_ID, "another one");
    let client = case.client();
    for call in client.start_gets(100, "/things") {
        let error = call.wait().expect_token_error_of(TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert!(error.retry_at().is_some(), "expected a time to try again");
    }
    case.expect_token_requests(1);
    case.authorization.set_client(CLIENT_ID, SECRET);
    case.time.advance(Duration::from_secs(1));
    client.get("/things").expect_status(200);
    case.expect_token_requests(2);
}

pub(super) fn b2_an_outage_causes_little_load_and_its_end_is_noticed(case: &Case) {
    case.authorization.answer_always(Answer::status(503));
    let client = case.client();
    let outcome = client.get_with_retries("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Refused);
    expect_transient(&error);
    let before = case.authorization.token_requests();
    for call in client.start_gets(50, "/things") {
        call.wait().expect_token_error();
    }
    case.expect_token_requests(before);
    case.authorization.answer_normally();
    case.time.advance(Duration::from_secs(5));
    client.get_with_retries("/things").expect_status(200);
}

pub(super) fn b3_a_rotated_secret_is_read_again(case: &Case) {
    let was_read = Arc::new(AtomicBool::new(false));
    let secret = Credential::from_fn(move || {
        let is_old = !was_read.swap(true, Ordering::Relaxed);
        async move { Ok::<_, std::io::Error>(if is_old { "an old one" } else { SECRET }) }
    });
    let client = case.client_with_basic(CLIENT_ID, secret);
    client.get_with_retries("/things").expect_status(200);
    case.expect_token_requests(2);
}
