//! The script and gates.

use std::thread;

use alf_testkit::{Answer, Gate, Servers};

use crate::client::{Client, FORM, fetch_token, get};

#[test]
fn queued_answers_are_used_once_then_it_is_normal_again() {
    let servers = Servers::start();
    servers.authorization.answer_next_n(2, Answer::status(503));
    servers
        .authorization
        .answer_next(Answer::oauth_error(400, "invalid_scope", ""));
    let mut client = Client::to(&servers.authorization);
    let statuses = [(); 4].map(|()| client.post_token("", FORM).status);
    assert_eq!(statuses, [503, 503, 400, 200]);
    assert_eq!(servers.authorization.counts().answered(503), 2);
}

#[test]
fn answer_always_lasts_until_it_is_removed() {
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
fn paths_have_their_own_rules() {
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
        assert_eq!(gate.arrivals(), 20);
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
    assert_eq!(servers.authorization.issued_count(), 20);
    assert_eq!(servers.authorization.counts().unanswered, 0);
}

#[test]
fn a_held_answer_is_decided_when_the_gate_opens() {
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
