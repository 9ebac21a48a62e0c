//! R1, R2, R5 to R7: what a 401 does to the token, and what it does not.

use std::time::Duration;

use alf_core::TokenErrorKind;

use crate::{Answer, Gate};

use super::{Case, Expect, Subject, get};

pub(super) fn r1_two_hundred_rejections_cause_one_renewal<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let first = case.last_token();
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.resource.answer_next_n(200, held);
    let calls = case.start_gets(200, &client, "/things");
    gate.wait_for_arrivals(200);
    case.servers.revoke_all();
    gate.open();
    for call in calls {
        call.wait().expect_status(200);
    }
    assert_eq!(case.token_requests(), 2, "expected one renewal for all");
    let shown = case.shown_tokens();
    let old = shown.iter().filter(|token| **token == first).count();
    assert_eq!(
        (shown.len(), old),
        (401, 201),
        "expected each to be replayed once"
    );
}

pub(super) fn r1_any_challenge_or_none_rejects<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let challenges: [&[u8]; 5] = [
        b"",
        b"=,\"Bearer",
        b"Bearer error=\"invalid_token\", error_description=\"caf\xe9 \xff\"",
        b"Negotiate",
        b"Bearer realm=\"x\", Basic realm=\"y",
    ];
    for challenge in challenges {
        let mut rejection = Answer::status(401);
        if !challenge.is_empty() {
            rejection = rejection.header("WWW-Authenticate", challenge);
        }
        case.servers.resource.reject_with(rejection);
        case.servers.revoke_all();
        case.get(&client, "/things").expect_status(200);
    }
    assert_eq!(case.token_requests(), 6, "expected a renewal for each");
}

pub(super) fn r2_a_newer_token_is_taken_without_asking<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.resource.answer_next(held);
    let late = case.start_get(&client, "/late");
    gate.wait_for_arrivals(1);
    case.servers.revoke_all();
    case.get(&client, "/early").expect_status(200);
    gate.open();
    late.wait().expect_status(200);
    assert_eq!(
        case.token_requests(),
        2,
        "expected the newer token to be taken"
    );
    assert_eq!(case.shown_tokens().pop(), Some(case.last_token()));
}

pub(super) fn r5_a_failed_renewal_tells_of_the_401<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let resource = &case.servers.resource;
    resource.reject_with(Answer::unauthorized().header("WWW-Authenticate", "Basic realm=\"x\""));
    case.servers.revoke_all();
    let refusal = Answer::oauth_error(400, "invalid_client", "gone");
    case.servers.authorization.answer_always(refusal);
    let error = case.get(&client, "/things").expect_token_error();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    let rejected = error.rejection().map(|rejected| {
        let challenges = rejected.challenges().iter();
        let shown = challenges.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        (rejected.status().as_u16(), shown.collect::<Vec<_>>())
    });
    let challenges = ["Bearer error=\"invalid_token\"", "Basic realm=\"x\""];
    assert_eq!(
        rejected,
        Some((401, challenges.map(str::to_owned).to_vec()))
    );
    assert_eq!(resource.counts().at("/things"), 1, "expected no replay");
}

pub(super) fn r6_an_api_that_always_rejects_is_no_load_and_hides_nothing<S: Subject>(
    case: &Case<S>,
) {
    let client = case.client_with_token();
    let odd = case.servers.another_resource_server();
    odd.answer_under("/", Answer::unauthorized().body("never"));
    for _ in 0..30 {
        let reply = case
            .send(&client, get(&odd.url("/things")))
            .expect_status(401);
        assert_eq!(reply.text(), "never");
    }
    assert_eq!(case.token_requests(), 2, "expected one useless renewal");
    assert_eq!(odd.request_count(), 31, "expected one useless replay");
    case.servers.revoke_all();
    case.get(&client, "/things").expect_status(200);
    assert_eq!(
        case.token_requests(),
        3,
        "expected the revocation to be seen"
    );
    case.time.advance(Duration::from_secs(1));
    case.send(&client, get(&odd.url("/things")))
        .expect_status(401);
    assert_eq!(case.token_requests(), 4, "expected the cool-down to end");
}

pub(super) fn r7_other_statuses_are_handed_back<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for status in [400, 402, 403, 404, 407, 429, 500, 503] {
        let path = format!("/answers-{status}");
        let answer = Answer::status(status).header("WWW-Authenticate", "Bearer");
        case.servers
            .resource
            .answer_at(&path, answer.body("as it is"));
        let reply = case.get(&client, &path).expect_status(status);
        assert_eq!(reply.text(), "as it is");
        assert_eq!(
            case.servers.resource.counts().at(&path),
            1,
            "expected no replay"
        );
    }
    let answer = Answer::insufficient_scope("write");
    case.servers.resource.answer_at("/scope", answer);
    let reply = case.get(&client, "/scope").expect_status(403);
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
    assert_eq!(reply.header_values("www-authenticate"), [challenge]);
    assert_eq!(case.token_requests(), 1, "expected no renewal");
}
