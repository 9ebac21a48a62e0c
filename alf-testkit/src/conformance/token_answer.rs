//! T4, T5, T7: what the authorization server may answer, and what it results in.

use std::time::Duration;

use alf_core::{TimeoutPhase, TokenError, TokenErrorKind};

use crate::server::Answer;

use super::case::Case;
use super::outcome::{expect_in_text, expect_innermost_cause_at_end, expect_transient};
use super::subject::Capability;

pub(super) fn t4_any_content_type_and_chunks_are_accepted(case: &Case) {
    let json = |token| {
        format!(r#" {{"expires_in":60,"x":[{{}}],"token_type":"bearer","access_token":"{token}"}}"#)
    };
    let html = Answer::status(200).header("Content-Type", "text/html; charset=utf-8");
    let latin_1 = Answer::status(200).header("Content-Type", "application/json; charset=latin1");
    let answers = [
        ("t-1", Answer::status(200).body(json("t-1"))),
        ("t-2", html.body(json("t-2"))),
        (
            "t-3",
            Answer::json(200, []).chunks(json("t-3").bytes().map(|byte| [byte])),
        ),
        (
            "t-4",
            latin_1.body(&b"{\"access_token\":\"t-4\",\"scope\":\"caf\xe9\t\"}\0"[..]),
        ),
    ];
    for (token, answer) in answers {
        case.authorization.accept_token(token);
        case.authorization.answer_next(answer);
        case.client().get("/things").expect_status(200);
        assert_eq!(case.shown_tokens().pop().as_deref(), Some(token));
    }
}

pub(super) fn t4_an_answer_of_http_1_0_is_read(case: &Case) {
    for (token, length) in [("t-1", "Content-Length: 24\r\n"), ("t-2", "")] {
        case.authorization.accept_token(token);
        let json = format!(r#"{{"access_token": "{token}" }}"#);
        let head = format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n{length}\r\n");
        case.authorization.answer_next(Answer::raw(head + &json));
        case.client().get("/things").expect_status(200);
        assert_eq!(case.shown_tokens().pop().as_deref(), Some(token));
    }
    case.expect_token_requests(2);
}

pub(super) fn t4_a_refusal_may_be_empty_or_a_page(case: &Case) {
    for (status, body) in [
        (400, ""),
        (401, "<html><body>No</body></html>"),
        (403, "no"),
        (404, "[]"),
        (422, "{\"error\":7}"),
    ] {
        let answer = Answer::status(status).header("WWW-Authenticate", "Basic realm=\"x\"");
        refused(case, answer.body(body).described_as(body), status);
    }
    case.expect_token_requests(5);
    case.expect_requests(0);
}

pub(super) fn t4_a_refusal_shows_the_servers_reason_in_any_form(case: &Case) {
    for (status, content_type, body, shown) in [
        (
            401,
            "application/json",
            r#"{"message":"Bad credentials"}"#,
            "Bad credentials",
        ),
        (
            403,
            "text/html",
            "<html><title>Denied</title>",
            "text/html, with the body \"<html><title>Denied",
        ),
        (
            400,
            "application/json",
            r#"{"errorCode":"invalid_client","errorSummary":"Invalid client"}"#,
            "Invalid client",
        ),
        (
            401,
            "application/problem+json",
            r#"{"title":"Unauthorized","detail":"No such client"}"#,
            "No such client",
        ),
        (
            403,
            "text/plain",
            "error code: 1020",
            "text/plain, with the body \"error code: 1020\"",
        ),
    ] {
        let answer = Answer::status(status).header("Content-Type", content_type);
        let error = refused(case, answer.body(body), status);
        expect_in_text(&error, shown);
    }
}

pub(super) fn t4_a_200_without_a_token_shows_its_members(case: &Case) {
    for (body, shown) in [
        (
            r#"{"errcode":40001,"errmsg":"invalid credential"}"#,
            "\"invalid credential\"",
        ),
        (
            r#"{"status":0,"body":{"access_token":"hidden"}}"#,
            "its members are body, status",
        ),
    ] {
        let error = unreadable(case, Answer::json(200, body));
        expect_in_text(&error, "it has no access_token at the top level");
        expect_in_text(&error, shown);
    }
}

pub(super) fn t4_a_compressed_answer_is_read_or_named(case: &Case) {
    let packed = Answer::json(200, GZIP_OF_A_TOKEN).header("Content-Encoding", "gzip");
    case.authorization.accept_token("t-gzip");
    case.authorization.answer_next(packed);
    let outcome = case.client().get("/things");
    if outcome.status() != Some(200) {
        let error = outcome.expect_token_error_of(TokenErrorKind::Unreadable);
        expect_in_text(&error, "its body is compressed (gzip)");
    }
}

pub(super) fn t4_an_answer_without_a_token_is_unreadable(case: &Case) {
    let html = Answer::status(200).header("Content-Type", "text/html");
    let answers = [
        html.body("<html>Log in</html>"),
        Answer::status(200),
        Answer::json(200, r#"{"access_token":""}"#),
        Answer::json(201, r#"{"token":"t"}"#),
        Answer::json(200, &b"{\"access_token\":\"\xff\xfe\"}"[..]),
        Answer::status(204),
    ];
    for answer in answers {
        unreadable(case, answer);
    }
    case.expect_token_requests(6);
}

pub(super) fn t4_attempts_continue_until_an_outage_ends(case: &Case) {
    case.authorization.refuse_connections();
    let client = case.client();
    let call = client.start_get("/things");
    let failure = case.wait_for_attempt_failure();
    expect_transient(&failure.error);
    case.authorization.accept_connections();
    case.let_pause_pass(&failure);
    case.wait_with_retries(call).expect_status(200);
}

pub(super) fn t4_no_connection_is_an_error_of_kind_connect(case: &Case) {
    case.authorization.refuse_connections();
    let client = case.build(case.builder().acquire_timeout(SECOND));
    let outcome = client.get_with_retries("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Connect);
    expect_transient(&error);
    expect_innermost_cause_at_end(&error);
    case.expect_requests(0);
}

pub(super) fn t4_no_answer_is_a_timeout_and_tried_again(case: &Case) {
    case.authorization.answer_next(Answer::silence());
    let client = case.build(case.builder().attempt_timeout(SECOND));
    let call = client.start_get("/things");
    case.authorization.wait_for_requests(1);
    // A library that blocks ends after a second of real time.
    case.time.advance(SECOND);
    let failure = case.wait_for_attempt_failure();
    expect_transient(&failure.error);
    // If alf's own timer can end the attempt, the library's error does not matter.
    if !case.lacks(Capability::Cancellation) || !case.lacks(Capability::ErrorKinds) {
        let timeout = TokenErrorKind::Timeout(TimeoutPhase::Attempt);
        assert_eq!(failure.error.kind(), timeout);
    }
    case.let_pause_pass(&failure);
    case.wait_with_retries(call).expect_status(200);
}

pub(super) fn t5_unusual_lifetimes_are_accepted(case: &Case) {
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
        let token = Answer::token().member("expires_in", json);
        case.authorization
            .answer_next(token.described_as(format!("expires_in is {json}")));
        case.client().get("/things").expect_status(200);
    }
}

pub(super) fn t7_an_answer_of_almost_a_mebibyte_is_read(case: &Case) {
    let padding = format!("\"{}\"", "x".repeat(1_000_000));
    let token = Answer::token().member("padding", padding);
    case.authorization.answer_next(token);
    case.client().get("/things").expect_status(200);
}

pub(super) fn t7_more_than_a_mebibyte_is_not_read(case: &Case) {
    let padding = "x".repeat(1_100_000);
    let json = format!(r#"{{"access_token":"t","padding":"{padding}"}}"#);
    let chunks = json.as_bytes().chunks(10_000);
    let answers = [
        Answer::json(200, json.as_str()),
        Answer::json(200, []).chunks(chunks),
        Answer::status(201).body_of_length(2_000_000),
    ];
    for answer in answers {
        unreadable(case, answer);
    }
    case.expect_token_requests(3);
    // A refusal stays a refusal, however long its body is.
    refused(case, Answer::status(400).body_of_length(2_000_000), 400);
    case.expect_token_requests(4);
}

pub(super) fn t7_the_remainder_of_a_huge_answer_is_not_read(case: &Case) {
    unreadable(case, Answer::status(200).chunks_of_length(HUGE));
    refused(case, Answer::status(400).chunks_of_length(HUGE), 400);
    // A library that reads to the end keeps the connection.
    case.authorization
        .wait_until("the connections to be closed", |counts| {
            counts.open_connections == 0
        });
}

pub(super) fn t7_a_small_answer_does_not_decompress_to_a_huge_one(case: &Case) {
    // A token response of 2 MB. A library that does not decompress it cannot read it.
    let packed = include_bytes!("two_megabytes.json.gz");
    let answer = Answer::json(200, &packed[..]).header("Content-Encoding", "gzip");
    unreadable(case, answer);
    case.expect_requests(0);
}

fn unreadable(case: &Case, answer: Answer) -> TokenError {
    case.authorization.answer_next(answer);
    let outcome = case.client().get("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Unreadable);
    assert!(!error.is_transient(), "expected no retry after {error:?}");
    error
}

fn refused(case: &Case, answer: Answer, status: u16) -> TokenError {
    case.authorization.answer_next(answer);
    let outcome = case.client().get("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Refused);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    assert!(!error.is_transient(), "expected no retry after {error:?}");
    error
}

/// `{"access_token":"t-gzip"}`
const GZIP_OF_A_TOKEN: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x4c\x4e\x4e\x2d\x2e\x8e\
\x2f\xc9\xcf\x4e\xcd\x53\xb2\x52\x2a\xd1\x4d\xaf\xca\x2c\x50\xaa\x05\x00\x33\x6d\xd8\xb1\x19\x00\x00\x00";
const SECOND: Duration = Duration::from_secs(1);
/// More than any library reads ahead, and less than fills the memory.
const HUGE: u64 = 256 * 1024 * 1024;
