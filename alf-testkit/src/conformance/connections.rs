//! R8: a rejected response never becomes a part of the next one, and holds up nobody.

use std::time::Duration;

use crate::server::pattern;
use crate::{Answer, Gate};

use super::apart::{aligned, answers_stay_apart, echo, stolen_answers};
use super::{Call, Case, Expect, Subject, get};

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

pub(super) fn r8_a_401_that_is_held_open_in_its_body_holds_up_nobody<S: Subject>(case: &Case<S>) {
    let client = case.client_in_real_time();
    case.get(&client, "/first").expect_status(200);
    let answer = Answer::unauthorized().header("Content-Length", "1000");
    answers_stay_apart(case, &client, answer.body("the beginning"), 1);
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

pub(super) fn r8_a_401_that_looks_like_an_answer_is_not_the_next_one<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    let open = Gate::new();
    open.open();
    // In one packet with the head; in two; longer than anyone drains; in chunks.
    for answer in [
        lookalike(10),
        lookalike(10).rest_held_by(&open),
        lookalike(4000),
        Answer::unauthorized().chunks(stolen_answers(4000).chunks(32 * 1024)),
    ] {
        answers_stay_apart(case, &client, answer, 2);
    }
}

pub(super) fn r8_a_401_whose_rest_comes_late_is_not_the_next_answer<S: Subject>(case: &Case<S>) {
    let client = case.client_in_real_time();
    case.get(&client, "/first").expect_status(200);
    let gate = Gate::new();
    let rejection = lookalike(10).rest_held_by(&gate);
    case.servers.resource.reject_with(rejection);
    case.servers.revoke_all();
    let mut call = case.start_get(&client, "/chunks/100");
    gate.wait_for_arrivals(1);
    // It need not be over: a library may wait for the rest.
    call.ends_within(DISCARDED);
    gate.open();
    let reply = call.wait().expect_status(200);
    assert_eq!(
        reply.body,
        pattern(0, 100),
        "expected the caller's own answer"
    );
    for number in 0..5 {
        echo(case, &client, number);
    }
}

pub(super) fn p3_a_response_that_is_dropped_unread_is_not_the_next_answer<S: Subject>(
    case: &Case<S>,
) {
    let client = case.client_with_token();
    let resource = &case.servers.resource;
    for count in [10, 4000] {
        let answer = Answer::status(200).body(stolen_answers(count));
        resource.answer_at("/unread", aligned(answer));
        for number in 0..5 {
            let request = S::request(&case.transport, get(&resource.url("/unread")));
            let caller = client.clone();
            let dropped = move || async move { caller.send(request).await.map(drop) };
            let outcome = Call::start::<S, _>(dropped).wait();
            assert!(outcome.is_ok(), "expected a response, but: {outcome:?}");
            echo(case, &client, number);
        }
    }
}

/// A 401 whose body is answers, which begin wherever a reader may stop.
fn lookalike(count: usize) -> Answer {
    aligned(Answer::unauthorized().body(stolen_answers(count)))
}

/// After that long alf has given up a body that does not end.
const DISCARDED: Duration = Duration::from_secs(3);
