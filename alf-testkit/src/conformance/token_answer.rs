//! T4, T5, T7, T9: what the authorization server may answer, and what becomes of it.

use std::time::Duration;

use alf_core::{TimeoutPhase, TokenErrorKind};

use crate::{Answer, Gate};

use super::case::{CLIENT_ID, SECRET};
use super::{Capability, Case, Expect, Subject};

pub(super) fn t4_any_content_type_and_chunks_will_do<S: Subject>(case: &Case<S>) {
    let json = r#" {"expires_in":60,"x":[{}],"token_type":"bearer","access_token":"TOKEN"}"#;
    let answers = [
        Answer::status(200).body(json.replace("TOKEN", "t-1")),
        Answer::status(200)
            .header("Content-Type", "text/html; charset=utf-8")
            .body(json.replace("TOKEN", "t-2")),
        Answer::json(200, []).chunks(json.replace("TOKEN", "t-3").bytes().map(|byte| [byte])),
    ];
    for (answer, token) in answers.into_iter().zip(["t-1", "t-2", "t-3"]) {
        case.servers.authorization.accept_token(token);
        case.servers.authorization.answer_next(answer);
        case.get(&case.client(), "/things").expect_status(200);
        assert_eq!(case.shown_tokens().pop().as_deref(), Some(token));
    }
}

pub(super) fn t4_a_refusal_may_be_empty_or_a_page<S: Subject>(case: &Case<S>) {
    for (status, body) in [
        (400, ""),
        (401, "<html><body>No</body></html>"),
        (403, "no"),
        (404, "[]"),
        (422, "{\"error\":7}"),
    ] {
        let answer = Answer::status(status).header("WWW-Authenticate", "Basic realm=\"x\"");
        case.servers.authorization.answer_next(answer.body(body));
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(error.kind(), TokenErrorKind::Refused, "of a {status}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert!(
            !error.is_transient(),
            "expected a {status} not to be tried again"
        );
    }
    assert_eq!(case.token_requests(), 5, "expected none to be tried again");
    assert_eq!(case.requests(), 0, "expected the requests not to be sent");
}

pub(super) fn t4_an_answer_without_a_token_is_unreadable<S: Subject>(case: &Case<S>) {
    let answers = [
        Answer::status(200)
            .header("Content-Type", "text/html")
            .body("<html>Log in</html>"),
        Answer::status(200),
        Answer::json(200, r#"{"access_token":""}"#),
        Answer::json(201, r#"{"access_token":"t"}"#),
        Answer::json(200, &b"{\"access_token\":\"\xff\xfe\"}"[..]),
        Answer::status(204),
    ];
    let count = answers.len();
    for answer in answers {
        case.servers.authorization.answer_next(answer);
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(error.kind(), TokenErrorKind::Unreadable);
    }
    assert_eq!(
        case.token_requests(),
        count,
        "expected none to be tried again"
    );
}

pub(super) fn t4_a_broken_exchange_is_tried_again<S: Subject>(case: &Case<S>) {
    let answers = [
        Answer::hang_up(),
        Answer::reset(),
        Answer::garbage(),
        Answer::normal().hang_up_in_headers(),
        Answer::normal().hang_up_in_body(),
        Answer::json(200, [])
            .chunks_of_length(1000)
            .hang_up_in_body(),
    ];
    for answer in answers {
        let shown = format!("{answer:?}");
        case.servers.authorization.forget();
        case.servers.authorization.answer_next(answer);
        let client = case.client();
        case.ride_out(case.start_get(&client, "/things"))
            .expect_status(200);
        assert_eq!(
            case.token_requests(),
            2,
            "expected it to be tried again after {shown}"
        );
    }
    for attempt_failed in case.events.stumbles() {
        assert!(
            attempt_failed.is_transient,
            "expected it to be tried again: {attempt_failed:?}"
        );
    }
}

pub(super) fn t4_an_outage_that_ends_is_ridden_out<S: Subject>(case: &Case<S>) {
    case.servers.authorization.refuse_connections();
    let client = case.client();
    let call = case.start_get(&client, "/things");
    let attempt_failed = case.wait_for_attempt_failure();
    assert!(
        attempt_failed.is_transient,
        "expected it to be tried again: {attempt_failed:?}"
    );
    case.servers.authorization.accept_connections();
    case.let_pass(attempt_failed.at + attempt_failed.pause);
    case.ride_out(call).expect_status(200);
}

pub(super) fn t4_no_connection_is_an_error_of_kind_connect<S: Subject>(case: &Case<S>) {
    case.servers.authorization.refuse_connections();
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .acquire_timeout(Duration::from_secs(1))
    });
    let error = case
        .ride_out(case.start_get(&client, "/things"))
        .expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Connect);
    assert!(
        error.is_transient(),
        "expected an outage to be taken for one"
    );
    assert_eq!(case.requests(), 0, "expected the request not to be sent");
}

pub(super) fn t4_no_answer_is_a_time_out_and_tried_again<S: Subject>(case: &Case<S>) {
    case.servers.authorization.answer_next(Answer::silence());
    let second = Duration::from_secs(1);
    let client = case.client_with(|builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .attempt_timeout(second)
    });
    let call = case.start_get(&client, "/things");
    case.servers.authorization.wait_for_requests(1);
    // A library that blocks takes that second by itself, by a clock that nobody moves.
    case.time.advance(second);
    let attempt_failed = case.wait_for_attempt_failure();
    assert!(
        attempt_failed.is_transient,
        "expected it to be tried again: {attempt_failed:?}"
    );
    let capabilities = S::capabilities();
    // Where alf's own timer can end it, the library's error does not matter.
    if capabilities.contains(Capability::Cancellation)
        || capabilities.contains(Capability::ErrorKinds)
    {
        assert_eq!(
            attempt_failed.kind,
            TokenErrorKind::Timeout(TimeoutPhase::Attempt)
        );
    }
    case.let_pass(attempt_failed.at + attempt_failed.pause);
    case.ride_out(call).expect_status(200);
}

pub(super) fn t5_odd_lifetimes_are_lifetimes<S: Subject>(case: &Case<S>) {
    for json in [
        "\"3600\"",
        "3600.5",
        "null",
        "0",
        "-1",
        "9223372036854775808",
        "1e400",
        "\"soon\"",
    ] {
        let token = Answer::token().expires_in_json(json);
        case.servers.authorization.answer_next(token);
        case.get(&case.client(), "/things").expect_status(200);
    }
}

pub(super) fn t7_an_answer_of_almost_a_mebibyte_is_read<S: Subject>(case: &Case<S>) {
    let padding = format!("\"{}\"", "x".repeat(1_000_000));
    let token = Answer::token().member("padding", padding);
    case.servers.authorization.answer_next(token);
    case.get(&case.client(), "/things").expect_status(200);
}

pub(super) fn t7_more_than_a_mebibyte_is_not_read<S: Subject>(case: &Case<S>) {
    let padding = "x".repeat(1_100_000);
    let json = format!(r#"{{"access_token":"t","padding":"{padding}"}}"#);
    let chunks = json.as_bytes().chunks(10_000);
    let answers = [
        Answer::json(200, json.as_str()),
        Answer::json(200, []).chunks(chunks),
        Answer::status(201).body_of_length(2_000_000),
    ];
    for answer in answers {
        case.servers.authorization.answer_next(answer);
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(error.kind(), TokenErrorKind::Unreadable);
        assert!(!error.is_transient(), "expected it not to be tried again");
    }
    assert_eq!(case.token_requests(), 3, "expected none to be tried again");
    // A refusal is one, however much the server says.
    let refusal = Answer::status(400).body_of_length(2_000_000);
    case.servers.authorization.answer_next(refusal);
    let error = case.get(&case.client(), "/things").expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert_eq!(
        case.token_requests(),
        4,
        "expected it not to be tried again"
    );
}

pub(super) fn t7_the_rest_of_a_huge_answer_is_not_read<S: Subject>(case: &Case<S>) {
    for (status, kind) in [
        (200, TokenErrorKind::Unreadable),
        (400, TokenErrorKind::Refused),
    ] {
        let answer = Answer::status(status).chunks_of_length(HUGE);
        case.servers.authorization.answer_next(answer);
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(error.kind(), kind);
    }
    // Whoever reads to the end keeps the connection.
    let authorization = &case.servers.authorization;
    authorization.wait_until("the connections to be closed", |counts| {
        counts.open_connections == 0
    });
}

pub(super) fn t7_a_small_answer_does_not_unpack_to_a_huge_one<S: Subject>(case: &Case<S>) {
    // A token response of 2 MB. A library that does not unpack it cannot read it.
    let packed = include_bytes!("two_megabytes.json.gz");
    let answer = Answer::json(200, &packed[..]).header("Content-Encoding", "gzip");
    case.servers.authorization.answer_next(answer);
    let error = case.get(&case.client(), "/things").expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Unreadable);
    assert_eq!(case.requests(), 0, "expected the request not to be sent");
}

pub(super) fn t9_a_lifetime_counts_from_before_the_request<S: Subject>(case: &Case<S>) {
    let gate = Gate::new();
    let short = Answer::token().expires_in(10);
    case.servers.authorization.answer_next(short.held_by(&gate));
    let client = case.client();
    let call = case.start_get(&client, "/first");
    gate.wait_for_arrivals(1);
    case.time.advance(Duration::from_secs(4));
    gate.open();
    call.wait().expect_status(200);
    let first = case.last_token();
    // 9.5 s after it was asked for, 5.5 s after it landed.
    case.time.advance(Duration::from_millis(5500));
    case.get(&client, "/second").expect_status(200);
    assert_ne!(
        case.last_token(),
        first,
        "expected the token to have expired"
    );
    assert_eq!(case.shown_tokens(), [first, case.last_token()]);
}

/// More than anyone reads by the way, and less than fills a memory.
const HUGE: u64 = 256 * 1024 * 1024;
