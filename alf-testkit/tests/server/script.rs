//! The script, gates, and who gets what.

use std::thread;
use std::time::Duration;

use alf_testkit::{Answer, Gate, Servers};

use crate::client::{Client, FORM, fetch_token, get, token_request};

#[test]
fn queue_is_used_once_per_request_then_normal_again() {
    let servers = Servers::start();
    servers.authorization.answer_next_n(2, Answer::status(503));
    servers
        .authorization
        .answer_next(Answer::oauth_error(400, "invalid_scope", ""));
    assert_eq!(servers.authorization.answers_left(), 3);
    let mut client = Client::to(&servers.authorization);
    let statuses = [(); 4].map(|()| client.post_token("", FORM).status);
    assert_eq!(statuses, [503, 503, 400, 200]);
    assert_eq!(servers.authorization.counts().answered(503), 2);
}

#[test]
fn override_lasts_until_it_is_lifted() {
    let servers = Servers::start();
    servers.authorization.answer_always(Answer::status(500));
    servers.authorization.answer_next(Answer::status(503));
    let mut client = Client::to(&servers.authorization);
    let statuses = [(); 3].map(|()| client.post_token("", FORM).status);
    assert_eq!(statuses, [503, 500, 500]);
    servers.authorization.answer_normally();
    assert_eq!(client.post_token("", FORM).status, 200);
}

#[test]
fn other_paths_of_an_authorization_server_use_up_nothing() {
    let servers = Servers::start();
    servers.authorization.answer_next(Answer::status(503));
    let mut client = Client::to(&servers.authorization);
    client.send("GET /elsewhere HTTP/1.1\r\n\r\n");
    assert_eq!(client.response().status, 404);
    assert_eq!(client.post_token("", FORM).status, 503);
}

#[test]
fn paths_have_rules_of_their_own() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    servers
        .resource
        .answer_under("/always-401", Answer::unauthorized());
    servers.resource.answer_at("/gone", Answer::status(410));
    servers
        .resource
        .answer_next_at("/things", Answer::status(429));
    let mut client = Client::to(&servers.resource);
    let paths = [
        "/always-401/a",
        "/gone",
        "/things?x",
        "/things",
        "/always-401",
        "/gone/a",
    ];
    let statuses = paths.map(|path| client.get(path, &token).status);
    assert_eq!(statuses, [401, 410, 429, 200, 401, 200]);
}

#[test]
fn answer_can_be_for_the_authorized_only() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    servers
        .resource
        .answer_always(Answer::status(202).if_authorized());
    let mut client = Client::to(&servers.resource);
    assert_eq!(client.get("/", "no").status, 401);
    assert_eq!(client.get("/", &token).status, 202);
    servers
        .authorization
        .answer_always(Answer::status(503).if_authorized());
    let mut client = Client::to(&servers.authorization);
    assert_eq!(
        client
            .post_token("", "grant_type=client_credentials")
            .status,
        401
    );
    assert_eq!(client.post_token("", FORM).status, 503);
}

#[test]
fn gate_holds_until_it_is_opened() {
    let servers = Servers::start();
    let gate = Gate::new();
    servers
        .authorization
        .answer_always(Answer::normal().held_by(&gate));
    thread::scope(|scope| {
        let calls = [(); 20].map(|()| scope.spawn(|| fetch_token(&servers.authorization)));
        gate.wait_for_arrivals(20);
        assert_eq!((gate.arrivals(), gate.held()), (20, 20));
        let counts = servers.authorization.counts();
        assert_eq!(
            (counts.requests, counts.unanswered, counts.most_at_once),
            (20, 20, 20)
        );
        assert_eq!(servers.authorization.issued_count(), 0);
        gate.open();
        for call in calls {
            call.join().unwrap();
        }
    });
    assert_eq!(gate.held(), 0);
    assert_eq!(servers.authorization.issued_count(), 20);
    assert_eq!(servers.authorization.counts().unanswered, 0);
}

#[test]
fn gate_lets_through_in_order() {
    let servers = Servers::start();
    let gate = Gate::new();
    let mut clients = [1, 2, 3].map(|number| {
        servers
            .resource
            .answer_next(Answer::status(200 + number).held_by(&gate));
        let mut client = Client::to(&servers.resource);
        client.send(get("/", "x"));
        gate.wait_for_arrivals(usize::from(number));
        client
    });
    gate.let_through(1);
    assert_eq!(clients[0].response().status, 201);
    assert_eq!(gate.held(), 2);
    gate.let_through(1);
    assert_eq!(clients[1].response().status, 202);
    gate.open();
    assert_eq!(clients[2].response().status, 203);
    gate.close();
    servers
        .resource
        .answer_next(Answer::status(204).held_by(&gate));
    clients[0].send(get("/", "x"));
    gate.wait_for_arrivals(4);
    assert_eq!(gate.held(), 1);
    gate.open();
    assert_eq!(clients[0].response().status, 204);
}

#[test]
fn what_is_held_is_decided_when_it_is_let_go() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let mut client = Client::to(&servers.resource);
    client.send(get("/", &token));
    gate.wait_for_arrivals(1);
    servers.revoke_all();
    gate.open();
    assert_eq!(client.response().status, 401);
}

#[test]
fn delay_is_only_a_delay() {
    let servers = Servers::start();
    servers
        .authorization
        .answer_next(Answer::token().delayed_by(Duration::from_millis(1)));
    let mut client = Client::to(&servers.authorization);
    client.send(token_request("", FORM));
    assert_eq!(client.response().status, 200);
}
