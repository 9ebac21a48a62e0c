//! R8 where there is one connection: a rejected response must give it back, or give it up.

use crate::Answer;

use super::apart::echo;
use super::{Case, Client, Expect, Subject};

pub(super) fn p3_a_pool_of_one_serves_one_after_another<S: Subject>(case: &Case<S>) {
    let client = case.client_with_token();
    for number in 0..3 {
        echo(case, &client, number);
    }
    for call in case.start_gets(8, &client, "/bytes/100000") {
        call.wait().expect_status(200);
    }
    let at_once = case.servers.resource.counts().most_at_once;
    assert_eq!(at_once, 1, "expected one request at a time");
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
    let rejection = Answer::unauthorized().header("Content-Length", "1000");
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
