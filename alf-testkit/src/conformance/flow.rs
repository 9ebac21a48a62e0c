//! F: the path of a request.

use alf_core::TokenErrorKind;
use http::header::{AUTHORIZATION, HeaderValue};

use crate::server::Answer;

use super::case::{Case, TOKEN_HEADER, get};

pub(super) fn f1_the_first_request_acquires_the_token(case: &Case) {
    let client = case.client();
    case.expect_token_requests(0);
    client.get("/things").expect_status(200);
    client.get("/things").expect_status(200);
    case.expect_token_requests(1);
    assert_eq!(case.shown_tokens(), vec![case.last_token(); 2]);
}

pub(super) fn f2_a_users_authorization_is_replaced_by_exactly_one(case: &Case) {
    let client = case.client();
    let mut request = get(&case.url("/things"));
    for value in ["Basic dXNlcjpwYXNz", "Bearer of-the-user"] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(AUTHORIZATION, value);
    }
    client.send(request).expect_status(200);
    exactly_one_authorization(case, 1);
}

/// curl and others send these credentials by Basic.
pub(super) fn f2_credentials_in_a_url_are_replaced_too(case: &Case) {
    let client = case.client();
    let url = case.url("/things");
    let url = url.replace("://", "://of-the-user:password@");
    client.send(get(&url)).expect_status(200);
    exactly_one_authorization(case, 1);
}

pub(super) fn f2_a_replay_carries_exactly_one_authorization(case: &Case) {
    let client = case.client_with_token();
    case.revoke_all();
    let mut request = get(&case.url("/things"));
    let value = HeaderValue::from_static("Bearer of-the-user");
    request.headers_mut().insert(AUTHORIZATION, value);
    client.send(request).expect_status(200);
    exactly_one_authorization(case, 3);
}

pub(super) fn f2_another_header_carries_the_token(case: &Case) {
    let builder = case.builder().token_header(TOKEN_HEADER).token_scheme("");
    let client = case.build(builder);
    // The server looks for the token in the other header.
    let needs_token = Answer::from_fn(|request| match request.header(TOKEN_HEADER) {
        Some(token) if token.starts_with("token-1-") => Answer::unauthorized(),
        Some(_) => Answer::status(200),
        None => Answer::unauthorized(),
    });
    case.resource.answer_always(needs_token);
    let mut request = get(&case.url("/things"));
    let value = HeaderValue::from_static("of-the-user");
    request.headers_mut().append(TOKEN_HEADER, value.clone());
    request.headers_mut().append(TOKEN_HEADER, value.clone());
    request.headers_mut().append(AUTHORIZATION, value);
    client.send(request).expect_status(200);
    let requests = case.resource.requests();
    let tokens = requests
        .iter()
        .map(|request| request.header_values(TOKEN_HEADER));
    let tokens: Vec<_> = tokens.map(|values| values.join(", ")).collect();
    assert_eq!(tokens, case.authorization.issued());
    assert_eq!(tokens.len(), 2);
    // The user's own header is another one.
    let others = requests
        .iter()
        .map(|request| request.header("authorization"));
    assert_eq!(others.collect::<Vec<_>>(), [Some("of-the-user"); 2]);
}

pub(super) fn f3_a_401_causes_one_renewal_and_one_replay(case: &Case) {
    let client = case.client_with_token();
    let first = case.last_token();
    case.revoke_all();
    client.get("/status/202").expect_status(202);
    let second = case.last_token();
    assert_eq!(case.shown_tokens(), [first.clone(), first, second]);
    case.expect_token_requests(2);
}

pub(super) fn f4_a_refusal_is_an_error_and_nothing_is_sent(case: &Case) {
    let refusal = Answer::oauth_error(400, "invalid_scope", "no such scope");
    case.authorization.answer_next(refusal);
    let outcome = case.client().get("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Refused);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert_eq!(error.error_code(), Some("invalid_scope"));
    assert_eq!(error.error_description(), Some("no such scope"));
    case.expect_requests(0);
}

fn exactly_one_authorization(case: &Case, requests: usize) {
    case.expect_requests(requests);
    let issued = case.authorization.issued();
    for request in case.resource.requests() {
        let values = request.header_values("authorization").len();
        assert_eq!(
            values, 1,
            "expected one Authorization header on {request:?}"
        );
        let token = request.bearer_token().unwrap_or_default();
        let is_from_alf = issued.iter().any(|one| one == token);
        assert!(is_from_alf, "expected a token from alf on {request:?}");
    }
}
