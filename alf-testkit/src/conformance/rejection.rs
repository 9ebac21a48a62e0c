//! R1, R2, R5 to R7: what a 401 does to the token, and what it does not.

use std::time::Duration;

use alf_core::TokenErrorKind;
use bytes::Bytes;
use http::Method;

use crate::server::Answer;

use super::body::Body;
use super::case::{Case, CaseClient, all_succeed, get, request};
use super::expiry::DUE;

pub(super) fn r1_two_hundred_rejections_cause_one_renewal(case: &Case) {
    let client = case.client_with_token();
    let first = case.last_token();
    let gate = case.hold_next_answers(200);
    let calls = client.start_gets(200, "/things");
    gate.wait_for_arrivals(200);
    case.revoke_all();
    gate.open();
    all_succeed(calls);
    case.expect_token_requests(2);
    case.expect_requests(1 + 200 + 200);
    let shown = case.shown_tokens();
    let with_first = shown.iter().filter(|token| **token == first).count();
    assert_eq!(with_first, 201, "expected the new token on each replay");
}

pub(super) fn r1_a_401_rejects_with_any_challenge_or_none(case: &Case) {
    let client = case.client_with_token();
    let challenges: [&[u8]; 4] = [
        b"=,\"Bearer",
        b"Bearer error=\"invalid_token\", error_description=\"caf\xe9 \xff\"",
        b"Negotiate",
        b"Bearer realm=\"x\", Basic realm=\"y",
    ];
    let with_challenge =
        challenges.map(|value| Answer::status(401).header("WWW-Authenticate", value));
    for rejection in with_challenge.into_iter().chain([Answer::status(401)]) {
        case.resource.reject_with(rejection);
        case.revoke_all();
        client.get("/things").expect_status(200);
    }
    case.expect_token_requests(6);
}

pub(super) fn r2_a_newer_token_is_used_without_a_token_request(case: &Case) {
    let client = case.client_with_token();
    let gate = case.hold_next_answers(1);
    let late = client.start_get("/late");
    gate.wait_for_arrivals(1);
    case.revoke_all();
    client.get("/early").expect_status(200);
    gate.open();
    late.wait().expect_status(200);
    case.expect_token_requests(2);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
}

pub(super) fn r5_the_error_of_a_failed_renewal_includes_the_401(case: &Case) {
    let client = case.client_with_token();
    let rejection = Answer::unauthorized().header("WWW-Authenticate", "Basic realm=\"x\"");
    case.resource.reject_with(rejection);
    case.revoke_all();
    let refusal = Answer::oauth_error(400, "invalid_client", "gone");
    case.authorization.answer_always(refusal);
    let outcome = client.get("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Refused);
    let rejection = error.rejection();
    let status = rejection.map(|rejection| rejection.status().as_u16());
    assert_eq!(status, Some(401));
    let challenges = rejection.map(|rejection| rejection.challenges().to_vec());
    let expected = ["Bearer error=\"invalid_token\"", "Basic realm=\"x\""];
    assert_eq!(challenges.unwrap_or_default(), expected);
    case.expect_requests_at("/things", 1);
}

pub(super) fn r6_an_api_that_always_rejects_causes_no_load_and_hides_nothing(case: &Case) {
    let client = case.client_with_token();
    let rejecting = case.another_resource_server();
    rejecting.answer_always(Answer::unauthorized().body("never"));
    let rejected = || {
        let outcome = client.send(get(&rejecting.url("/things")));
        assert_eq!(outcome.expect_status(401).text(), "never");
    };
    for _ in 0..30 {
        rejected();
    }
    case.expect_token_requests(2);
    assert_eq!(rejecting.request_count(), 31, "expected one useless replay");
    case.revoke_all();
    client.get("/things").expect_status(200);
    case.expect_token_requests(3);
    // The cool-down has ended.
    case.time.advance(Duration::from_secs(1));
    rejected();
    case.expect_token_requests(4);
}

pub(super) fn r6_an_api_that_rejects_one_path_causes_no_load_and_hides_nothing(case: &Case) {
    let client = case.client_with_token();
    case.resource.answer_at("/b", Answer::unauthorized());
    for _ in 0..40 {
        client.get("/things").expect_status(200);
        client.get("/b").expect_status(401);
        case.time.advance(Duration::from_secs(1));
    }
    // In cool-downs of 1, 2, 4, 8, 16 and 32 s.
    case.expect_token_requests(1 + 6);
    client.get("/things").expect_status(200);
    case.revoke_all();
    for status in [401, 401, 200, 200] {
        client.get("/things").expect_status(status);
    }
    case.expect_token_requests(1 + 6 + 1);
}

pub(super) fn r7_other_statuses_are_returned(case: &Case) {
    let client = case.client_with_token();
    for status in [400, 402, 403, 404, 407, 429, 500, 503] {
        let path = format!("/answers-{status}");
        let answer = Answer::status(status).header("WWW-Authenticate", "Bearer");
        case.resource.answer_at(&path, answer.body("unchanged"));
        let reply = client.get(&path).expect_status(status);
        assert_eq!(reply.text(), "unchanged");
        case.expect_requests_at(&path, 1);
    }
    let answer = Answer::insufficient_scope("write");
    case.resource.answer_at("/scope", answer);
    let reply = client.get("/scope").expect_status(403);
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
    assert_eq!(reply.header_values("www-authenticate"), [challenge]);
    case.expect_token_requests(1);
}

pub(super) fn r9_the_previous_token_is_used_while_the_new_one_is_refused(case: &Case) {
    let (client, first) = client_with_renewed_token(case);
    let second = case.last_token();
    case.authorization.revoke(&second);
    client.get("/things").expect_status(200);
    case.expect_requests_at("/things", 2);
    client.get("/others").expect_status(200);
    case.expect_requests_at("/others", 1);
    case.authorization.accept_token(&second);
    case.time.advance(Duration::from_secs(5));
    client.get("/later").expect_status(200);
    let shown = [&first, &first, &second, &first, &first, &second];
    assert_eq!(case.shown_tokens(), shown.map(String::clone));
    case.expect_token_requests(2);
}

pub(super) fn r9_a_request_that_two_tokens_do_not_authorize_is_replayed_with_a_third(case: &Case) {
    let (client, _) = client_with_renewed_token(case);
    case.revoke_all();
    let body = Body::Bytes(Bytes::from_static(b"sent three times"));
    let request = request(Method::POST, &case.url("/things"), body);
    client.send(request).expect_status(200);
    case.expect_requests_at("/things", 3);
    case.expect_token_requests(3);
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
}

/// Returns a client whose first token was just replaced by a second one, and that first token.
fn client_with_renewed_token(case: &Case) -> (CaseClient<'_>, String) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.time.advance(DUE);
    client.get("/second").expect_status(200);
    case.time.wait_until_idle();
    case.expect_token_requests(2);
    (client, first)
}
