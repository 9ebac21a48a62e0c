//! T7 and X4: where redirects must not carry the secret and the token.

use alf_core::TokenErrorKind;

use crate::{Answer, AuthorizationServer, ResourceServer};

use super::case::REDIRECTS;
use super::{Case, Expect, Subject, get, post};

pub(super) fn t7_a_301_of_the_token_endpoint_carries_no_secret_elsewhere<S: Subject>(
    case: &Case<S>,
) {
    the_secret_stays(case, 301);
}

pub(super) fn t7_a_302_of_the_token_endpoint_carries_no_secret_elsewhere<S: Subject>(
    case: &Case<S>,
) {
    the_secret_stays(case, 302);
}

pub(super) fn t7_a_303_of_the_token_endpoint_carries_no_secret_elsewhere<S: Subject>(
    case: &Case<S>,
) {
    the_secret_stays(case, 303);
}

pub(super) fn t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere<S: Subject>(
    case: &Case<S>,
) {
    the_secret_stays(case, 307);
}

pub(super) fn t7_a_308_of_the_token_endpoint_carries_no_secret_elsewhere<S: Subject>(
    case: &Case<S>,
) {
    the_secret_stays(case, 308);
}

fn the_secret_stays<S: Subject>(case: &Case<S>, status: u16) {
    let authorization = &case.servers.authorization;
    let other = AuthorizationServer::start();
    other.accept_any_client();
    let locations = [
        other.token_endpoint(),
        authorization.localhost_url("/caught"),
        authorization.url("/caught"),
        "/caught".to_owned(),
    ];
    for location in &locations {
        authorization.answer_next(Answer::redirect(status, location));
        let error = case.get(&case.client(), "/things").expect_token_error();
        assert_eq!(
            error.kind(),
            TokenErrorKind::Redirected,
            "of a {status} to {location}"
        );
        assert!(!error.is_transient(), "expected it not to be tried again");
    }
    assert_eq!(
        other.request_count(),
        0,
        "expected nothing there, but: {}",
        other.report()
    );
    let caught = authorization.counts().at("/caught");
    assert_eq!(caught, 0, "expected no request for where the redirect led");
    assert_eq!(case.token_requests(), locations.len());
    assert_eq!(case.requests(), 0, "expected the requests not to be sent");
}

pub(super) fn x4_a_redirect_to_another_port_carries_no_token<S: Subject>(case: &Case<S>) {
    let other = case.servers.another_resource_server();
    for status in REDIRECTS {
        redirect_to(case, status, &other.url("/caught"));
    }
    no_token_at(&other);
}

pub(super) fn x4_a_redirect_to_another_host_carries_no_token<S: Subject>(case: &Case<S>) {
    for status in REDIRECTS {
        redirect_to(
            case,
            status,
            &case.servers.resource.localhost_url("/caught"),
        );
    }
    for request in case.servers.resource.requests() {
        let strayed = request.path() == "/caught" && request.header("authorization").is_some();
        assert!(!strayed, "expected no Authorization at {request:?}");
    }
}

pub(super) fn x4_a_second_redirect_elsewhere_carries_no_token<S: Subject>(case: &Case<S>) {
    let other = case.servers.another_resource_server();
    let third = case.servers.another_resource_server();
    // Some libraries drop the header on the first hop, and put it back for the second.
    other.answer_at("/hop", Answer::redirect(302, "/caught"));
    other.answer_at("/away", Answer::redirect(307, third.url("/caught")));
    for status in REDIRECTS {
        redirect_to(case, status, &other.url("/hop"));
        redirect_to(case, status, &other.url("/away"));
    }
    no_token_at(&other);
    no_token_at(&third);
}

pub(super) fn x4_a_redirected_replay_carries_no_token<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let resource = &case.servers.resource;
    let other = case.servers.another_resource_server();
    for (turn, status) in (1..).zip(REDIRECTS) {
        case.servers.revoke_all();
        let redirect = Answer::redirect(status, other.url("/caught"));
        resource.answer_at("/moved", redirect.if_authorized());
        // A library may make an error of a redirect that it does not follow.
        drop(case.get(&client, "/moved"));
        assert_eq!(case.token_requests(), 1 + turn, "expected one renewal");
        let sent = resource.counts().at("/moved");
        assert_eq!(sent, 2 * turn, "expected one replay");
        // R6: the token was not useless.
        case.get(&client, "/things").expect_status(200);
    }
    no_token_at(&other);
}

pub(super) fn x4_a_401_from_elsewhere_rejects_nothing<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let other = case.servers.another_resource_server();
    other.answer_under("/", Answer::unauthorized());
    case.servers
        .resource
        .answer_at("/moved", Answer::redirect(307, other.url("/caught")));
    for _ in 0..3 {
        drop(case.get(&client, "/moved"));
    }
    assert_eq!(
        case.servers.resource.counts().at("/moved"),
        3,
        "expected no replay"
    );
    case.time.wait_until_idle();
    assert_eq!(case.token_requests(), 1, "expected no renewal");
    no_token_at(&other);
}

pub(super) fn x4_a_redirect_within_the_origin_is_followed_with_the_token<S: Subject>(
    case: &Case<S>,
) {
    let client = case.client();
    let resource = &case.servers.resource;
    resource.answer_at("/moved", Answer::redirect(307, "/echo"));
    let request = post(&resource.url("/moved"), "the body");
    let reply = case.send(&client, request).expect_status(200);
    assert_eq!(reply.text(), "the body");
    resource.answer_at("/moved", Answer::redirect(302, resource.url("/things")));
    case.get(&client, "/moved").expect_status(200);
    assert_eq!(case.shown_tokens(), vec![case.last_token(); 4]);
}

pub(super) fn x4_a_401_after_a_redirect_within_the_origin_is_replayed<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let redirect = Answer::redirect(307, "/things");
    case.servers.resource.answer_at("/moved", redirect);
    case.servers.revoke_all();
    case.get(&client, "/moved").expect_status(200);
    assert_eq!(case.token_requests(), 2, "expected one renewal");
}

/// Both kinds of request; whether the redirect is followed is the library's affair.
fn redirect_to<S: Subject>(case: &Case<S>, status: u16, location: &str) {
    let resource = &case.servers.resource;
    let client = case.client();
    resource.answer_at("/moved", Answer::redirect(status, location));
    // A library may make an error of a redirect that it does not follow.
    drop(case.send(&client, get(&resource.url("/moved"))));
    drop(case.send(&client, post(&resource.url("/moved"), "the body")));
}

fn no_token_at(other: &ResourceServer) {
    let strayed = other.counts().with_authorization;
    assert_eq!(
        strayed,
        0,
        "expected no Authorization there, but: {}",
        other.report()
    );
}
