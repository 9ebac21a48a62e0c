//! F3, T4 and P3 over `https`: a server with a wrong certificate gets neither secret nor token.

use std::collections::HashSet;
use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::server::tls::{self, Sessions};
use crate::server::{AuthorizationServer, ResourceServer};

use super::case::{Case, get, post};
use super::outcome::expect_innermost_cause_at_end;
use super::subject::Capability;

pub(super) fn f3_https_works_like_http(case: &Case) {
    assert!(case.token_endpoint().starts_with("https:"));
    let client = case.client();
    // Without a connection, the acquisition ends after its retries.
    client.get_with_retries("/first").expect_status(200);
    let echo = |body| {
        let request = post(&case.url("/echo"), body);
        let reply = client.send(request).expect_status(200);
        assert_eq!(reply.text(), body);
    };
    echo("one");
    case.revoke_all();
    echo("two");
    case.expect_token_requests(2);
    case.expect_requests(4);
}

pub(super) fn t4_a_token_endpoint_of_an_unknown_authority_gets_no_secret(case: &Case) {
    no_secret_for(case, tls::of_unknown_authority());
}

pub(super) fn t4_a_token_endpoint_with_anothers_certificate_gets_no_secret(case: &Case) {
    no_secret_for(case, tls::of_another_host());
}

pub(super) fn t4_a_token_endpoint_with_an_expired_certificate_gets_no_secret(case: &Case) {
    no_secret_for(case, tls::expired());
}

pub(super) fn t4_a_token_endpoint_with_a_self_signed_certificate_gets_no_secret(case: &Case) {
    no_secret_for(case, tls::self_signed());
}

pub(super) fn t4_the_error_of_a_certificate_tells_what_is_wrong_with_it(case: &Case) {
    let wrong = [
        tls::of_unknown_authority(),
        tls::of_another_host(),
        tls::expired(),
    ];
    let texts = wrong.map(|sessions| {
        let impostor = AuthorizationServer::start_with(Some(sessions));
        let client = case.client_at(impostor.token_endpoint());
        let error = client.get("/things").expect_token_error();
        error.to_string().replace(&impostor.token_endpoint(), "")
    });
    let different: HashSet<_> = texts.iter().collect();
    assert_eq!(different.len(), 3, "expected three texts: {texts:#?}");
    let [unknown_authority, ..] = texts;
    for advice in ["CA", "configure_http", "token_http_client"] {
        let has_it = unknown_authority.contains(advice);
        assert!(has_it, "expected {advice} in: {unknown_authority}");
    }
}

pub(super) fn p3_an_api_of_an_unknown_authority_gets_no_token(case: &Case) {
    no_token_for(case, tls::of_unknown_authority());
}

pub(super) fn p3_an_api_with_anothers_certificate_gets_no_token(case: &Case) {
    no_token_for(case, tls::of_another_host());
}

/// A wrong certificate is an error of its own kind, and not tried again (B1).
fn no_secret_for(case: &Case, sessions: Sessions) {
    let impostor = AuthorizationServer::start_with(Some(sessions));
    let builder = case.builder_at(impostor.token_endpoint());
    let client = case.build(builder.acquire_timeout(Duration::from_secs(1)));
    let outcome = client.get_with_retries("/things");
    let error = outcome.expect_token_error();
    assert_eq!(impostor.request_count(), 0, "{}", impostor.report());
    expect_innermost_cause_at_end(&error);
    if !case.lacks(Capability::ErrorKinds) {
        assert_eq!(error.kind(), TokenErrorKind::Certificate, "{error:?}");
        assert!(!error.is_transient(), "expected no retry after {error:?}");
        assert_eq!(error.attempts(), 1, "expected one attempt: {error:?}");
    }
    case.expect_requests(0);
}

fn no_token_for(case: &Case, sessions: Sessions) {
    let client = case.client_with_token();
    let impostor = ResourceServer::start_with(&case.authorization, Some(sessions));
    let request = get(&impostor.url("/things"));
    client.send(request).expect_transport_error();
    assert_eq!(impostor.request_count(), 0, "{}", impostor.report());
    // The client still works.
    client.get("/things").expect_status(200);
    case.expect_token_requests(1);
}
