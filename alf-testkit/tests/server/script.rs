//! The script and gates.

use std::thread;
use std::time::Duration;

use alf_testkit::{Answer, Gate, Recorded, Servers};

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
        .answer_at("/always-401", Answer::unauthorized());
    servers.resource.answer_at("/gone", Answer::status(410));
    servers
        .resource
        .answer_next_at("/things", Answer::status(429));
    let mut client = Client::to(&servers.resource);
    let paths = [
        "/always-401",
        "/gone",
        "/things?x",
        "/things",
        "/always-401",
        "/gone/a",
    ];
    let mut status = |path| client.get(path, &token).status;
    assert_eq!(paths.map(&mut status), [401, 410, 429, 200, 401, 200]);
    servers.resource.answer_always(Answer::status(500));
    servers.resource.answer_next(Answer::status(504));
    servers
        .resource
        .answer_next_at("/gone", Answer::status(505));
    let paths = ["/gone", "/gone", "/gone", "/others"];
    assert_eq!(paths.map(status), [505, 504, 410, 500]);
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

#[test]
fn an_answer_is_computed_from_its_request() {
    let servers = Servers::start();
    let mut calls = 0;
    servers.resource.answer_with(move |request: &Recorded| {
        calls += 1;
        Answer::status(200).body(format!("{calls} {} {}", request.method(), request.path()))
    });
    let later = Answer::from_fn(|request| match request.header("x-case") {
        Some(_) => Answer::status(409),
        None => Answer::normal(),
    });
    servers
        .resource
        .answer_at("/later", later.header("X-Kept", "1"));
    let mut client = Client::to(&servers.resource);
    assert_eq!(client.get("/a?b", "t").text(), "1 GET /a");
    assert_eq!(client.get("/c", "t").text(), "2 GET /c");
    let response = client.get("/later", "t");
    assert_eq!(
        (response.status, response.header("x-kept")),
        (401, Some("1"))
    );
    client.send("GET /later HTTP/1.1\r\nX-Case: 1\r\n\r\n");
    assert_eq!(client.response().status, 409);
}

#[test]
fn a_computed_token_is_issued_for_the_scope_of_its_request() {
    let servers = Servers::start();
    servers.authorization.answer_with(|request| {
        let scope = request.parameter("scope").unwrap_or_default();
        Answer::token().member("scope", format!("{scope:?}"))
    });
    let mut client = Client::to(&servers.authorization);
    let response = client.post_token("", &format!("{FORM}&scope=a+b"));
    assert!(response.text().contains(r#""scope":"a b""#), "{response:?}");
    let token = response.token();
    assert_eq!(servers.authorization.last_token(), Some(token.clone()));
    assert_eq!(Client::to(&servers.resource).get("/", &token).status, 200);
}

#[test]
fn a_server_whose_computed_answer_panics_closes_the_connection_and_works_on() {
    let servers = Servers::start();
    let panics = Answer::from_fn(|_| -> Answer { panic!("this panic is part of the test") });
    servers.resource.answer_next(panics);
    let mut client = Client::to(&servers.resource);
    client.send(get("/", "t"));
    assert_eq!(client.until_closed(), b"");
    assert_eq!(Client::to(&servers.resource).get("/", "t").status, 401);
}

#[test]
fn rules_can_be_for_one_method() {
    let servers = Servers::start();
    let resource = &servers.resource;
    resource.answer_at("/things", Answer::status(202));
    resource.answer_at("POST /things", Answer::status(201));
    resource.answer_next_at("PUT /things", Answer::status(204));
    let mut client = Client::to(resource);
    let mut status = |request: &str| {
        client.send(format!("{request} HTTP/1.1\r\n\r\n"));
        client.response().status
    };
    assert_eq!(status("GET /things"), 202);
    assert_eq!(status("POST /things"), 201);
    assert_eq!(status("PUT /things"), 204);
    assert_eq!(status("PUT /things"), 202);
    assert_eq!(status("DELETE /things"), 202);
    assert_eq!(status("POST /others"), 401);
}

#[test]
#[should_panic(
    expected = "no request can have the path \"things?x\": give a path such as \"/things\""
)]
fn a_path_that_no_request_can_have_is_refused() {
    let servers = Servers::start();
    servers
        .resource
        .answer_at("GET things?x", Answer::status(200));
}

#[test]
fn a_delayed_answer_is_late_and_delays_no_drop() {
    let servers = Servers::start();
    let hour = Duration::from_secs(3600);
    servers
        .resource
        .answer_at("/late", Answer::normal().delay(hour));
    servers
        .resource
        .answer_next(Answer::normal().delay(Duration::from_millis(1)));
    let mut client = Client::to(&servers.resource);
    assert_eq!(client.get("/", "t").status, 401);
    client.send(get("/late", "t"));
    servers.resource.wait_for_requests(2);
    assert_eq!(servers.resource.counts().unanswered, 1);
    drop(servers);
    assert_eq!(client.until_closed(), b"");
}
