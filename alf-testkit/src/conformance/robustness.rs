//! X5: whatever a server answers, alf neither panics nor hangs, and works afterwards.

use std::time::Duration;

use crate::server::Answer;

use super::case::{Case, CaseClient};
use super::subject::Capability;
use super::unusual_answers::{malformed, unusual, unusual_statuses};

pub(super) fn x5_alf_works_after_malformed_answers_of_the_authorization_server(case: &Case) {
    authorization_server_answers(case, malformed());
}

pub(super) fn x5_no_answer_of_the_authorization_server_causes_a_panic(case: &Case) {
    let token = r#"{"access_token":"unusual","expires_in":60}"#;
    case.authorization.accept_token("unusual");
    authorization_server_answers(case, unusual(200, token));
    authorization_server_answers(case, unusual_statuses());
    assert_eq!(case.events.aborted_acquisitions(), 0);
}

fn authorization_server_answers(case: &Case, answers: Vec<Answer>) {
    for answer in answers {
        let shown = format!("{answer:?}");
        case.authorization.answer_normally();
        case.authorization.answer_next(answer);
        let client = case.client();
        // A token, another attempt, or an error.
        client.get_with_timers("/things");
        // The longest back-off that a `Retry-After` can cause.
        let_back_off_pass(case, Duration::from_secs(300));
        case.authorization.answer_normally();
        works(&client, &shown);
    }
}

pub(super) fn x5_alf_works_after_malformed_answers_of_the_resource_server(case: &Case) {
    resource_server_answers(case, malformed());
}

pub(super) fn x5_no_answer_of_the_resource_server_causes_a_panic(case: &Case) {
    let mut answers = unusual(200, "the body");
    answers.extend(unusual_statuses());
    resource_server_answers(case, answers);
    case.expect_token_requests(1);
}

fn resource_server_answers(case: &Case, answers: Vec<Answer>) {
    let client = case.client_with_token();
    for answer in answers {
        let shown = format!("{answer:?}");
        case.resource.answer_next_at("/unusual", answer);
        // A response, or an error of the library.
        client.get_with_timers("/unusual");
        works(&client, &shown);
    }
}

pub(super) fn x5_no_rejection_causes_a_panic(case: &Case) {
    let client = case.client_with_token();
    for rejection in unusual(401, "the body") {
        let shown = format!("{rejection:?}");
        case.resource.reject_with(rejection);
        case.revoke_all();
        // The answer to the replay, or an error of the library, for which there was no 401.
        client.get_with_timers("/things");
        case.resource.reject_with(Answer::unauthorized());
        let_back_off_pass(case, Duration::from_secs(5));
        works(&client, &shown);
    }
}

pub(super) fn x5_alf_works_after_malformed_rejections(case: &Case) {
    let chunks = Answer::unauthorized().chunks_of_length(9000);
    let rejections = [
        Answer::unauthorized().body("half").hang_up_in_body(),
        chunks.hang_up_in_body(),
        Answer::unauthorized().then_close(),
        Answer::unauthorized().header("X-Long", "x".repeat(30_000)),
        Answer::raw("HTTP/1.1 401 \r\nContent-Length: 2\r\n\r\nmore than two"),
        Answer::raw("HTTP/1.1 401 No\r\nContent-Length: 20\r\n\r\nless than twenty"),
    ];
    works_after_rejections(case, &rejections);
}

pub(super) fn x5_alf_works_after_a_rejection_that_breaks_off_before_its_body(case: &Case) {
    let rejection = Answer::unauthorized().body("x").hang_up_in_body();
    works_after_rejections(case, &[rejection]);
}

fn works_after_rejections(case: &Case, rejections: &[Answer]) {
    let client = case.client_with_token();
    // A library that reads a response whole returns an error if it breaks off.
    let may_fail = case.lacks(Capability::StreamingResponses);
    for rejection in rejections {
        case.resource.reject_with(rejection.clone());
        case.revoke_all();
        let outcome = client.get("/things");
        let was_replayed = outcome.status().is_some();
        assert!(was_replayed || may_fail, "after {rejection:?}: {outcome}");
    }
    case.resource.reject_with(Answer::unauthorized());
    client.get("/things").expect_status(200);
}

pub(super) fn x5_an_answer_that_stops_is_tried_again(case: &Case) {
    // The remainder never arrives, and the connection stays open.
    let answer = Answer::json(200, "{\"access_token\":").header("Content-Length", "1000");
    case.authorization.answer_next(answer);
    let second = Duration::from_secs(1);
    let client = case.build(case.builder().attempt_timeout(second));
    let call = client.start_get("/things");
    case.authorization.wait_for_requests(1);
    case.time.advance(second);
    case.wait_with_retries(call).expect_status(200);
    case.expect_token_requests(2);
}

pub(super) fn x5_alf_works_after_a_connection_closes_under_the_next_request(case: &Case) {
    let client = case.client();
    case.authorization
        .answer_next(Answer::normal().then_close_under_next_request());
    client.get("/things").expect_status(200);
    for rejection in [
        Answer::unauthorized().then_close_under_next_request(),
        Answer::unauthorized().then_close_unannounced(),
    ] {
        let issued = case.authorization.issued_count();
        case.revoke_all();
        case.resource.reject_with(rejection);
        // The replay may use the connection that closes; then the user gets the library's error.
        client.get_with_retries("/things");
        client.get_with_retries("/things").expect_status(200);
        let now = case.authorization.issued_count();
        assert_eq!(now, issued + 1, "expected one renewal");
    }
}

/// Waits until the acquisition has ended, which a library that blocks may do after its caller, and
/// lets the back-off (B2) pass.
fn let_back_off_pass(case: &Case, longest: Duration) {
    case.time.wait_until_idle();
    case.time.advance(longest);
}

fn works(client: &CaseClient<'_>, after: &str) {
    let outcome = client.get_with_retries("/things");
    assert_eq!(outcome.status(), Some(200), "after {after}: {outcome}");
}
