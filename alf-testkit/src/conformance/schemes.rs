//! T7 and X4 where only the scheme differs: `http` and `https` of the same host and port are two
//! origins.

use alf_core::TokenErrorKind;

use crate::Answer;

use super::case::REDIRECTS;
use super::{Case, Expect, Subject, fail, get, post};

pub(super) fn t7_a_redirect_to_http_carries_no_secret<S: Subject>(case: &Case<S>) {
    let authorization = &case.servers.authorization;
    let asked = authorization.token_endpoint();
    the_secret_stays(case, &asked, &authorization.plain_url("/caught"));
}

pub(super) fn t7_a_redirect_to_https_carries_no_secret<S: Subject>(case: &Case<S>) {
    let authorization = &case.servers.authorization;
    let asked = authorization.plain_url("/token");
    the_secret_stays(case, &asked, &authorization.url("/caught"));
}

pub(super) fn x4_a_redirect_to_http_carries_no_token<S: Subject>(case: &Case<S>) {
    let resource = &case.servers.resource;
    the_token_stays(case, &resource.url("/moved"), &resource.plain_url(""));
}

pub(super) fn x4_a_redirect_to_https_carries_no_token<S: Subject>(case: &Case<S>) {
    let resource = &case.servers.resource;
    the_token_stays(case, &resource.plain_url("/moved"), &resource.url(""));
}

pub(super) fn x4_a_401_from_another_scheme_rejects_nothing<S: Subject>(case: &Case<S>) {
    let resource = &case.servers.resource;
    let client = case.client_with_token();
    resource.answer_at("/caught", Answer::unauthorized());
    for (asked, location) in [
        (resource.url("/moved"), resource.plain_url("/caught")),
        (resource.plain_url("/moved"), resource.url("/caught")),
    ] {
        resource.answer_at("/moved", Answer::redirect(307, location));
        // A library may make an error of a redirect that it does not follow.
        drop(case.send(&client, get(&asked)));
    }
    assert_eq!(resource.counts().at("/moved"), 2, "expected no replay");
    case.time.wait_until_idle();
    assert_eq!(case.token_requests(), 1, "expected no renewal");
}

fn the_secret_stays<S: Subject>(case: &Case<S>, asked: &str, location: &str) {
    let authorization = &case.servers.authorization;
    for status in REDIRECTS {
        authorization.answer_next(Answer::redirect(status, location));
        let client = case.client_at(asked.to_owned());
        let error = case.get(&client, "/things").expect_token_error();
        assert_eq!(
            error.kind(),
            TokenErrorKind::Redirected,
            "of a {status} to {location}"
        );
        let caught = authorization.counts().at("/caught");
        assert_eq!(caught, 0, "expected a {status} not to be followed");
    }
    assert_eq!(case.token_requests(), REDIRECTS.len());
}

/// One redirect to the other origin, and another one there, at which some libraries put the header
/// back.
fn the_token_stays<S: Subject>(case: &Case<S>, asked: &str, other: &str) {
    let resource = &case.servers.resource;
    let client = case.client();
    resource.answer_at("/hop", Answer::redirect(307, "/caught"));
    for status in REDIRECTS {
        for path in ["/caught", "/hop"] {
            resource.answer_at("/moved", Answer::redirect(status, format!("{other}{path}")));
            // A library may make an error of a redirect that it does not follow.
            drop(case.send(&client, get(asked)));
            drop(case.send(&client, post(asked, "the body")));
        }
    }
    for request in resource.requests() {
        let strayed = ["/caught", "/hop"].contains(&request.path());
        if strayed && request.header("authorization").is_some() {
            fail(&format!("no Authorization at {other}, but: {request:?}"));
        }
    }
}
