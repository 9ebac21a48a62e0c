//! R8 where there is one connection: a rejected response must give it back, or give it up.

use std::time::Duration;

use crate::{Answer, Gate};

use super::apart::echo;
use super::{Case, Client, Expect, Subject};

pub(super) fn p3_a_pool_of_one_serves_one_after_another<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for number in 0..3 {
        echo(case, &client, number);
    }
    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    case.servers.resource.answer_next_n(2, held);
    let first = case.start_get(&client, "/things");
    gate.wait_for_arrivals(1);
    let mut second = case.start_get(&client, "/things");
    // It is none of those that come at once; that it never comes nobody can wait for.
    second.ends_within(Duration::from_millis(200));
    let arrived = gate.arrivals();
    gate.open();
    first.wait().expect_status(200);
    second.wait().expect_status(200);
    assert_eq!(arrived, 1, "expected one request at a time");
}

pub(super) fn r8_a_pool_of_one_survives_a_401_of_200_kb<S: Subject>(case: &Case<S>) {
    let client = client(case);
    for rejection in [
        Answer::unauthorized().body_of_length(200_000),
        Answer::unauthorized().chunks_of_length(200_000),
    ] {
        the_replay_gets_through(case, &client, rejection);
    }
}

pub(super) fn r8_a_pool_of_one_survives_a_401_without_end<S: Subject>(case: &Case<S>) {
    the_replay_gets_through(case, &client(case), Answer::unauthorized().endless_body());
}

pub(super) fn r8_a_pool_of_one_survives_a_401_that_is_held_open<S: Subject>(case: &Case<S>) {
    let rejection = Answer::unauthorized()
        .header("Content-Length", "1000")
        .body("the beginning");
    the_replay_gets_through(case, &client(case), rejection);
}

/// A library may read on until alf gives it up, after a second that nobody can advance.
fn client<S: Subject>(case: &Case<S>) -> Client<S> {
    let client = case.client_in_real_time();
    case.get(&client, "/first").expect_status(200);
    client
}

fn the_replay_gets_through<S: Subject>(case: &Case<S>, client: &Client<S>, rejection: Answer) {
    case.servers.resource.reject_with(rejection);
    case.servers.revoke_all();
    for number in 0..3 {
        echo(case, client, number);
    }
}
