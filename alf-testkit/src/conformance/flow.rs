//! F: the flow, in one breath.

use alf_core::TokenErrorKind;
use http::header::{AUTHORIZATION, HeaderValue};

use crate::Answer;

use super::{Case, Expect, Subject, get};

pub(super) fn f1_the_token_is_got_with_the_first_request<S: Subject>(case: &Case<S>) {
    let client = case.client();
    assert_eq!(case.token_requests(), 0, "expected nothing to be sent yet");
    case.get(&client, "/things").expect_status(200);
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.token_requests(), 1, "expected one token request");
    let token = case.last_token();
    assert_eq!(case.shown_tokens(), [token.clone(), token]);
}

pub(super) fn f2_a_users_authorization_is_replaced_by_exactly_one<S: Subject>(case: &Case<S>) {
    let client = case.client();
    let mut request = get(&case.servers.url("/things"));
    for value in ["Basic dXNlcjpwYXNz", "Bearer of-the-user"] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(AUTHORIZATION, value);
    }
    case.send(&client, request).expect_status(200);
    exactly_one_authorization(case, 1);
}

/// curl and others make Basic of them.
pub(super) fn f2_credentials_in_a_url_are_replaced_too<S: Subject>(case: &Case<S>) {
    let client = case.client();
    let url = case.servers.url("/things");
    let url = url.replace("://", "://of-the-user:password@");
    case.send(&client, get(&url)).expect_status(200);
    exactly_one_authorization(case, 1);
}

pub(super) fn f2_a_replay_carries_exactly_one_authorization<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    case.servers.revoke_all();
    let mut request = get(&case.servers.url("/things"));
    let value = HeaderValue::from_static("Bearer of-the-user");
    request.headers_mut().insert(AUTHORIZATION, value);
    case.send(&client, request).expect_status(200);
    exactly_one_authorization(case, 3);
}

pub(super) fn f3_a_401_is_renewed_and_replayed_once<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.servers.revoke_all();
    case.get(&client, "/status/202").expect_status(202);
    let second = case.last_token();
    assert_eq!(case.shown_tokens(), [first.clone(), first, second]);
    assert_eq!(case.token_requests(), 2, "expected one renewal");
}

pub(super) fn f4_a_refusal_is_an_error_and_nothing_is_sent<S: Subject>(case: &Case<S>) {
    let refusal = Answer::oauth_error(400, "invalid_scope", "no such scope");
    case.servers.authorization.answer_next(refusal);
    let error = case.get(&case.client(), "/things").expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert_eq!(error.error_code(), Some("invalid_scope"));
    assert_eq!(error.error_description(), Some("no such scope"));
    assert_eq!(case.requests(), 0, "expected the request not to be sent");
}

fn exactly_one_authorization<S: Subject>(case: &Case<S>, requests: usize) {
    let seen = case.servers.resource.requests();
    assert_eq!(seen.len(), requests, "expected another number of requests");
    for request in seen {
        let values = request.header_values("authorization").len();
        assert_eq!(
            values, 1,
            "expected one Authorization header on {request:?}"
        );
        let issued = case.servers.authorization.issued();
        let token = request.bearer_token().unwrap_or_default();
        assert!(
            issued.iter().any(|one| one == token),
            "expected a token of alf's on {request:?}"
        );
    }
}
