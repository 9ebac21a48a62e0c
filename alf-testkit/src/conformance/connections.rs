//! R8: a rejected response never becomes a part of the next one, and holds up nobody.

use bytes::Bytes;

use crate::Answer;

use super::{Case, Client, Expect, Subject, post};

pub(super) fn r8_a_401_of_200_kb_is_not_the_next_answer<S: Subject>(case: &Case<S>) {
    let answer = Answer::unauthorized().body_of_length(200_000);
    answers_stay_apart(case, &case.client_with_token(), answer, 10);
}

pub(super) fn r8_a_401_of_200_kb_in_chunks_is_not_the_next_answer<S: Subject>(case: &Case<S>) {
    let answer = Answer::unauthorized().chunks_of_length(200_000);
    answers_stay_apart(case, &case.client_with_token(), answer, 10);
}

pub(super) fn r8_a_401_of_10_mb_is_not_the_next_answer<S: Subject>(case: &Case<S>) {
    let answer = Answer::unauthorized().body_of_length(10_000_000);
    answers_stay_apart(case, &case.client_with_token(), answer, 3);
}

pub(super) fn r8_a_401_without_end_is_not_the_next_answer<S: Subject>(case: &Case<S>) {
    // A library may read on until alf gives it up, after a second that nobody can advance.
    let client = case.client_in_real_time();
    case.get(&client, "/first").expect_status(200);
    let answer = Answer::unauthorized().endless_body();
    answers_stay_apart(case, &client, answer, 1);
}

pub(super) fn r8_a_401_that_is_held_open_holds_up_nobody<S: Subject>(case: &Case<S>) {
    let client = case.client_in_real_time();
    case.get(&client, "/first").expect_status(200);
    // The rest of its body never comes, and the connection stays.
    let answer = Answer::unauthorized().header("Content-Length", "1000");
    answers_stay_apart(case, &client, answer, 1);
}

pub(super) fn r8_a_short_401_keeps_its_connection<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let answer = Answer::unauthorized().body_of_length(500);
    case.servers.resource.reject_with(answer);
    for round in 0..10 {
        case.servers.revoke_all();
        echo(case, &client, round);
    }
    let connections = case.servers.resource.counts().connections;
    assert!(
        connections <= 5,
        "expected few connections, but there were {connections}"
    );
}

/// Rejects everybody, in some rounds, and looks whether each gets its own answer in the end.
fn answers_stay_apart<S: Subject>(
    case: &Case<S>,
    client: &Client<S>,
    rejection: Answer,
    rounds: usize,
) {
    case.servers.resource.reject_with(rejection);
    for round in 0..rounds {
        case.servers.revoke_all();
        echo(case, client, round);
        case.servers.revoke_all();
        let calls: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let id = format!("round {round}, caller {caller}");
                let request = post(&case.servers.url("/echo"), Bytes::from(id.clone()));
                (id, case.start(client, request))
            })
            .collect();
        for (id, call) in calls {
            let reply = call.wait().expect_status(200);
            assert_eq!(reply.text(), id, "expected each caller's own answer");
        }
        // What a pool took back by mistake is met by those who come later.
        for later in 0..3 {
            echo(case, client, later);
        }
    }
    let answered = case.servers.resource.counts();
    let rejected = answered.answered(401);
    assert!(rejected >= rounds, "expected some to be rejected");
}

fn echo<S: Subject>(case: &Case<S>, client: &Client<S>, number: usize) {
    let id = format!("number {number}");
    let request = post(&case.servers.url("/echo"), Bytes::from(id.clone()));
    let reply = case.send(client, request).expect_status(200);
    assert_eq!(reply.text(), id, "expected the caller's own answer");
}

const CALLERS: usize = 8;
