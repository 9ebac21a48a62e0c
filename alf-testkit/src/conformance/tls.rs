//! T4 and P3 over `https`: all is as it is without, and whoever shows a wrong certificate gets
//! neither secret nor token.

use std::sync::Arc;
use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::server::tls::{Sessions, Tls};
use crate::{AuthorizationServer, ResourceServer};

use super::case::{ADDRESS, CLIENT_ID, SECRET};
use super::{Capability, Case, Expect, Subject, get, post};

pub(super) fn f3_it_is_the_same_over_https<S: Subject>(case: &Case<S>) {
    assert!(case.servers.token_endpoint().starts_with("https:"));
    let client = case.client();
    // Where there is no connection, the acquisition ends when its pauses have passed.
    case.ride_out(case.start_get(&client, "/first"))
        .expect_status(200);
    let request = |body| post(&case.servers.url("/echo"), body);
    let reply = case.send(&client, request("one")).expect_status(200);
    assert_eq!(reply.text(), "one");
    case.servers.revoke_all();
    let reply = case.send(&client, request("two")).expect_status(200);
    assert_eq!(reply.text(), "two");
    assert_eq!(case.token_requests(), 2, "expected one renewal");
    assert_eq!(case.requests(), 4, "expected one replay");
}

pub(super) fn t4_a_token_endpoint_of_an_unknown_authority_gets_no_secret<S: Subject>(
    case: &Case<S>,
) {
    no_secret_for(case, Tls::of_unknown_authority());
}

pub(super) fn t4_a_token_endpoint_with_anothers_certificate_gets_no_secret<S: Subject>(
    case: &Case<S>,
) {
    no_secret_for(case, Tls::of_another_host());
}

pub(super) fn p3_an_api_of_an_unknown_authority_gets_no_token<S: Subject>(case: &Case<S>) {
    no_token_for(case, Tls::of_unknown_authority());
}

pub(super) fn p3_an_api_with_anothers_certificate_gets_no_token<S: Subject>(case: &Case<S>) {
    no_token_for(case, Tls::of_another_host());
}

/// It is an outage: tried again, and an error of kind `Connect` in the end.
fn no_secret_for<S: Subject>(case: &Case<S>, sessions: Arc<dyn Sessions>) {
    let impostor = AuthorizationServer::start_with(ADDRESS, Some(sessions));
    let client = case.client_with_endpoint(impostor.token_endpoint(), |builder| {
        builder
            .client_secret(CLIENT_ID, SECRET)
            .acquire_timeout(Duration::from_secs(1))
    });
    let error = case
        .ride_out(case.start_get(&client, "/things"))
        .expect_token_error();
    assert_eq!(
        impostor.request_count(),
        0,
        "expected no request, but: {}",
        impostor.report()
    );
    assert!(
        error.is_transient(),
        "expected a failed connection to be tried again, but: {error:?}"
    );
    if S::capabilities().contains(Capability::ErrorKinds) {
        assert_eq!(error.kind(), TokenErrorKind::Connect);
    }
    assert_eq!(case.requests(), 0, "expected the request not to be sent");
}

fn no_token_for<S: Subject>(case: &Case<S>, sessions: Arc<dyn Sessions>) {
    let client = case.client_with_token();
    let authorization = &case.servers.authorization;
    let impostor = ResourceServer::start_with(ADDRESS, authorization, Some(sessions));
    case.send(&client, get(&impostor.url("/things")))
        .expect_transport_error();
    assert_eq!(
        impostor.request_count(),
        0,
        "expected no request, but: {}",
        impostor.report()
    );
    // And nothing is the worse for it.
    case.get(&client, "/things").expect_status(200);
    assert_eq!(case.token_requests(), 1, "expected no renewal");
}
