//! T7 and X4: redirects that must not carry the secret or the token. `http` and `https` of the same
//! host and port are two origins.

use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::server::{Answer, AuthorizationServer, ResourceServer};

use super::case::{Case, CaseClient, TOKEN_HEADER, get, post};
use super::outcome::expect_in_text;

pub(super) fn t7_a_301_of_the_token_endpoint_carries_no_secret_elsewhere(case: &Case) {
    no_secret_elsewhere(case, 301);
}

pub(super) fn t7_a_302_of_the_token_endpoint_carries_no_secret_elsewhere(case: &Case) {
    no_secret_elsewhere(case, 302);
}

pub(super) fn t7_a_303_of_the_token_endpoint_carries_no_secret_elsewhere(case: &Case) {
    no_secret_elsewhere(case, 303);
}

pub(super) fn t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere(case: &Case) {
    no_secret_elsewhere(case, 307);
}

pub(super) fn t7_a_308_of_the_token_endpoint_carries_no_secret_elsewhere(case: &Case) {
    no_secret_elsewhere(case, 308);
}

fn no_secret_elsewhere(case: &Case, status: u16) {
    let other = AuthorizationServer::start();
    other.accept_any_client();
    let locations = [
        other.token_endpoint(),
        case.authorization.localhost_url("/caught"),
        case.authorization.url("/caught"),
        "/caught".to_owned(),
    ];
    for location in &locations {
        is_not_followed(&case.client(), status, location);
    }
    assert_eq!(other.request_count(), 0, "{}", other.report());
    case.expect_token_requests(locations.len());
    case.expect_requests(0);
}

pub(super) fn t7_a_redirect_to_http_carries_no_secret(case: &Case) {
    let location = case.authorization.plain_url("/caught");
    for status in REDIRECTS {
        is_not_followed(&case.client(), status, &location);
    }
    case.expect_token_requests(REDIRECTS.len());
}

pub(super) fn t7_a_redirect_to_https_carries_no_secret(case: &Case) {
    let location = case.authorization.url("/caught");
    for status in REDIRECTS {
        let client = case.client_at(case.authorization.plain_url("/token"));
        is_not_followed(&client, status, &location);
    }
    case.expect_token_requests(REDIRECTS.len());
}

fn is_not_followed(client: &CaseClient<'_>, status: u16, location: &str) {
    let authorization = &client.case.authorization;
    authorization.answer_next(Answer::redirect(status, location));
    let outcome = client.get("/things");
    let error = outcome.expect_token_error_of(TokenErrorKind::Redirected);
    assert!(!error.is_transient(), "expected no retry after {error:?}");
    expect_in_text(&error, &format!("to {location}"));
    let followed = authorization.counts().at("/caught");
    assert_eq!(followed, 0, "requests after a {status} to {location}");
}

pub(super) fn x4_a_redirect_to_another_port_carries_no_token(case: &Case) {
    let other = case.another_resource_server();
    for status in REDIRECTS {
        redirect_to(case, status, &other.url("/caught"));
    }
    no_token_at(&other);
}

pub(super) fn x4_a_redirect_to_another_host_carries_no_token(case: &Case) {
    for status in REDIRECTS {
        redirect_to(case, status, &case.resource.localhost_url("/caught"));
    }
    no_token_at_paths(case, &["/caught"]);
}

pub(super) fn x4_a_second_redirect_elsewhere_carries_no_token(case: &Case) {
    let other = case.another_resource_server();
    let third = case.another_resource_server();
    // Some libraries remove the header at the first redirect, and restore it at the second.
    other.answer_at("/hop", Answer::redirect(302, "/caught"));
    other.answer_at("/away", Answer::redirect(307, third.url("/caught")));
    for status in REDIRECTS {
        redirect_to(case, status, &other.url("/hop"));
        redirect_to(case, status, &other.url("/away"));
    }
    no_token_at(&other);
    no_token_at(&third);
}

pub(super) fn x4_a_redirect_to_http_carries_no_token(case: &Case) {
    no_token_for_the_other_scheme(
        case,
        &case.resource.url("/moved"),
        &case.resource.plain_url(""),
    );
}

pub(super) fn x4_a_redirect_to_https_carries_no_token(case: &Case) {
    no_token_for_the_other_scheme(
        case,
        &case.resource.plain_url("/moved"),
        &case.resource.url(""),
    );
}

fn no_token_for_the_other_scheme(case: &Case, url: &str, other: &str) {
    let client = case.client();
    // Some libraries restore the header at the second redirect.
    case.resource
        .answer_at("/hop", Answer::redirect(307, "/caught"));
    for status in REDIRECTS {
        for path in ["/caught", "/hop"] {
            let redirect = Answer::redirect(status, format!("{other}{path}"));
            case.resource.answer_at("/moved", redirect);
            client.send(get(url));
            client.send(post(url, "the body"));
        }
    }
    no_token_at_paths(case, &["/caught", "/hop"]);
}

pub(super) fn x4_a_redirected_replay_carries_no_token(case: &Case) {
    let client = case.client_with_token();
    let other = case.another_resource_server();
    for (round, status) in (1..).zip(REDIRECTS) {
        case.revoke_all();
        let redirect = Answer::redirect(status, other.url("/caught"));
        case.resource.answer_at("/moved", redirect.if_authorized());
        client.get("/moved");
        case.expect_token_requests(1 + round);
        case.expect_requests_at("/moved", 2 * round);
        // R6: the token does not count as useless, although the outcome of its replay is not known.
        client.get("/things").expect_status(200);
        case.time.advance(Duration::from_secs(61));
    }
    no_token_at(&other);
}

pub(super) fn x4_a_redirect_elsewhere_carries_no_token_in_another_header(case: &Case) {
    let other = case.another_resource_server();
    other.answer_at("/hop", Answer::redirect(302, "/caught"));
    let builder = case.builder().token_header(TOKEN_HEADER);
    let client = case.build(builder);
    let elsewhere = [
        other.url("/caught"),
        other.url("/hop"),
        case.resource.localhost_url("/caught"),
    ];
    for status in REDIRECTS {
        for location in &elsewhere {
            let redirect = Answer::redirect(status, location);
            case.resource.answer_at("/moved", redirect);
            client.get("/moved");
            client.send(post(&case.url("/moved"), "the body"));
        }
    }
    let moved = case.resource.requests();
    let moved = moved.iter().filter(|request| request.path() == "/moved");
    assert!(moved.clone().count() >= 2 * REDIRECTS.len() * elsewhere.len());
    for request in moved {
        assert!(request.header(TOKEN_HEADER).is_some(), "{request:?}");
    }
    let caught = case.resource.requests();
    let caught = caught
        .into_iter()
        .filter(|request| request.path() == "/caught");
    for request in caught.chain(other.requests()) {
        let token = request.header(TOKEN_HEADER);
        assert!(token.is_none(), "expected no {TOKEN_HEADER}: {request:?}");
    }
}

pub(super) fn x4_a_401_from_another_origin_rejects_nothing(case: &Case) {
    let client = case.client_with_token();
    let other = case.another_resource_server();
    other.answer_always(Answer::unauthorized());
    let redirect = Answer::redirect(307, other.url("/caught"));
    case.resource.answer_at("/moved", redirect);
    for _ in 0..3 {
        client.get("/moved");
    }
    case.expect_requests_at("/moved", 3);
    case.time.wait_until_idle();
    case.expect_token_requests(1);
    no_token_at(&other);
}

pub(super) fn x4_a_401_from_another_scheme_rejects_nothing(case: &Case) {
    let resource = &case.resource;
    let client = case.client_with_token();
    resource.answer_at("/caught", Answer::unauthorized());
    for (url, location) in [
        (resource.url("/moved"), resource.plain_url("/caught")),
        (resource.plain_url("/moved"), resource.url("/caught")),
    ] {
        resource.answer_at("/moved", Answer::redirect(307, location));
        client.send(get(&url));
    }
    case.expect_requests_at("/moved", 2);
    case.time.wait_until_idle();
    case.expect_token_requests(1);
}

pub(super) fn x4_a_redirect_within_the_origin_is_followed_with_the_token(case: &Case) {
    let client = case.client();
    let resource = &case.resource;
    resource.answer_at("/moved", Answer::redirect(307, "/echo"));
    let request = post(&resource.url("/moved"), "the body");
    let reply = client.send(request).expect_status(200);
    assert_eq!(reply.text(), "the body");
    resource.answer_at("/moved", Answer::redirect(302, resource.url("/things")));
    client.get("/moved").expect_status(200);
    assert_eq!(case.shown_tokens(), vec![case.last_token(); 4]);
}

pub(super) fn x4_a_401_after_a_redirect_within_the_origin_is_replayed(case: &Case) {
    let client = case.client_with_token();
    let redirect = Answer::redirect(307, "/things");
    case.resource.answer_at("/moved", redirect);
    case.revoke_all();
    client.get("/moved").expect_status(200);
    case.expect_token_requests(2);
}

/// Sends a `GET` and a `POST`. A library may follow the redirect, return it, or make it an error.
fn redirect_to(case: &Case, status: u16, location: &str) {
    let client = case.client();
    case.resource
        .answer_at("/moved", Answer::redirect(status, location));
    client.get("/moved");
    client.send(post(&case.url("/moved"), "the body"));
}

fn no_token_at(other: &ResourceServer) {
    let with_token = other.counts().with_authorization;
    assert_eq!(
        with_token,
        0,
        "expected no Authorization: {}",
        other.report()
    );
}

fn no_token_at_paths(case: &Case, paths: &[&str]) {
    for request in case.resource.requests() {
        let is_other_origin = paths.contains(&request.path());
        let has_token = is_other_origin && request.header("authorization").is_some();
        assert!(!has_token, "expected no Authorization: {request:?}");
    }
}

/// The statuses of a redirect.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
