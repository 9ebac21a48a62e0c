//! B: what is tried again, and when alf rests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alf_core::{ClientSecret, TokenErrorKind};

use crate::Answer;

use super::case::{CLIENT_ID, SECRET};
use super::{Case, Expect, Subject};

pub(super) fn b1_two_503_are_ridden_out<S: Subject>(case: &Case<S>) {
    let authorization = &case.servers.authorization;
    authorization.answer_next_n(2, Answer::status(503).body("<html>down</html>"));
    let client = case.client();
    case.ride_out(case.start_get(&client, "/things"))
        .expect_status(200);
    assert_eq!(case.token_requests(), 3, "expected two more attempts");
    let pauses: Vec<Duration> = case.events.stumbles().iter().map(|one| one.pause).collect();
    let bounds = [(80, 100), (160, 200)]
        .map(|(least, most)| Duration::from_millis(least)..=Duration::from_millis(most));
    let as_said = pauses
        .iter()
        .zip(&bounds)
        .all(|(pause, bound)| bound.contains(pause));
    assert!(
        as_said,
        "expected pauses of 100 and 200 ms, less a fifth: {pauses:?}"
    );
}

pub(super) fn b1_every_status_that_may_pass_is_tried_again<S: Subject>(case: &Case<S>) {
    for status in [408, 425, 429, 500, 502, 504] {
        case.servers.authorization.forget();
        case.servers
            .authorization
            .answer_next(Answer::status(status));
        let client = case.client();
        case.ride_out(case.start_get(&client, "/things"))
            .expect_status(200);
        assert_eq!(
            case.token_requests(),
            2,
            "expected another attempt after a {status}"
        );
    }
}

pub(super) fn b1_a_failure_with_an_endless_body_is_tried_again<S: Subject>(case: &Case<S>) {
    let failures = [
        Answer::status(503).endless_body(),
        Answer::status(429).chunks_of_length(2_000_000),
        Answer::status(500).body_of_length(2_000_000),
    ];
    for failure in failures {
        let shown = format!("{failure:?}");
        case.servers.authorization.forget();
        case.servers.authorization.answer_next(failure);
        let client = case.client();
        case.ride_out(case.start_get(&client, "/things"))
            .expect_status(200);
        assert_eq!(
            case.token_requests(),
            2,
            "expected another attempt after {shown}"
        );
    }
}

pub(super) fn b1_a_connection_that_was_closed_meanwhile_is_tried_again<S: Subject>(case: &Case<S>) {
    for (answer, shown) in [
        (
            Answer::normal().then_close_unannounced(),
            "after its answer",
        ),
        (
            Answer::normal().then_close_under_next_request(),
            "under the next request",
        ),
    ] {
        let before = case.servers.authorization.issued_count();
        case.servers.authorization.answer_next(answer);
        let client = case.client();
        case.get(&client, "/things").expect_status(200);
        case.servers.revoke_all();
        // A pool may hold the dead connection, and find out with the POST.
        case.ride_out(case.start_get(&client, "/things"))
            .expect_status(200);
        let issued = case.servers.authorization.issued_count() - before;
        assert_eq!(issued, 2, "expected two tokens, where it is closed {shown}");
    }
    for attempt_failed in case.events.stumbles() {
        assert!(
            attempt_failed.is_transient,
            "expected it to be tried again: {attempt_failed:?}"
        );
    }
}

pub(super) fn b1_retry_after_lengthens_the_pause<S: Subject>(case: &Case<S>) {
    let answer = Answer::status(503).header("Retry-After", "2");
    case.servers.authorization.answer_next(answer);
    let client = case.client();
    let call = case.start_get(&client, "/things");
    let attempt_failed = case.wait_for_attempt_failure();
    assert_eq!(attempt_failed.pause, Duration::from_secs(2));
    case.let_pass(attempt_failed.at + attempt_failed.pause);
    case.ride_out(call).expect_status(200);
    assert_eq!(case.token_requests(), 2);
}

pub(super) fn b2_a_wrong_secret_is_one_request_for_a_hundred_callers<S: Subject>(case: &Case<S>) {
    case.servers
        .authorization
        .set_client(CLIENT_ID, "another one");
    let client = case.client();
    for call in case.start_gets(100, &client, "/things") {
        let error = call.wait().expect_token_error();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert!(
            error.retry_at().is_some(),
            "expected it to say when alf asks again"
        );
    }
    assert_eq!(case.token_requests(), 1, "expected one token request");
    case.servers.authorization.set_client(CLIENT_ID, SECRET);
    case.time.advance(Duration::from_secs(1));
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.token_requests(), 2);
}

pub(super) fn b2_after_an_outage_the_load_is_small_and_its_end_is_noticed<S: Subject>(
    case: &Case<S>,
) {
    case.servers
        .authorization
        .answer_always(Answer::status(503));
    let client = case.client();
    let error = case
        .ride_out(case.start_get(&client, "/things"))
        .expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert!(
        error.is_transient(),
        "expected a 503 to be taken for an outage"
    );
    let before = case.token_requests();
    for call in case.start_gets(50, &client, "/things") {
        call.wait().expect_token_error();
    }
    assert_eq!(case.token_requests(), before, "expected alf to rest");
    case.servers.authorization.answer_normally();
    case.time.advance(Duration::from_secs(5));
    case.ride_out(case.start_get(&client, "/things"))
        .expect_status(200);
}

pub(super) fn b3_a_rotated_secret_is_read_again<S: Subject>(case: &Case<S>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let reads = Arc::clone(&rotated);
    let secret = ClientSecret::from_fn(move || {
        // Whoever reads it first gets the old one.
        let old = !reads.swap(true, Ordering::Relaxed);
        async move { Ok::<_, std::io::Error>(if old { "an old one" } else { SECRET }) }
    });
    let client = case.client_with(|builder| builder.client_secret(CLIENT_ID, secret));
    case.ride_out(case.start_get(&client, "/things"))
        .expect_status(200);
    assert_eq!(
        case.token_requests(),
        2,
        "expected one refusal, and another attempt"
    );
}
