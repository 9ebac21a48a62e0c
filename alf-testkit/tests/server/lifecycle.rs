//! Ports, connections and threads.

use std::io::ErrorKind;
use std::net::TcpStream;

use alf_testkit::{Answer, AuthorizationServer, Gate, Servers};

use crate::client::{Client, FORM, fetch_token, get, token_request};

fn refused(server: &AuthorizationServer) -> bool {
    TcpStream::connect(server.address())
        .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn refuses_and_accepts_again_on_the_same_port() {
    let server = AuthorizationServer::start();
    let address = server.address();
    for _ in 0..20 {
        let mut open = Client::to(&server);
        assert_eq!(open.post_token("", FORM).status, 200);
        server.refuse_connections();
        server.refuse_connections();
        assert!(refused(&server));
        assert_eq!(open.until_closed(), b"");
        server.accept_connections();
        server.accept_connections();
        assert_eq!(server.address(), address);
    }
    assert_eq!(server.token_requests(), 20);
}

#[test]
fn hundreds_of_connections_at_once() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let gate = Gate::new();
    servers
        .resource
        .answer_next_n(400, Answer::normal().held_by(&gate));
    let mut clients: Vec<Client> = (0..400)
        .map(|_| {
            let mut client = Client::to(&servers.resource);
            client.send(get("/", &token));
            client
        })
        .collect();
    servers.resource.wait_for_requests(400);
    gate.wait_for_arrivals(400);
    assert_eq!(servers.resource.counts().most_at_once, 400);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(servers.resource.counts().open_connections, 400);
}

#[test]
fn drop_waits_for_no_client_and_no_gate() {
    let servers = Servers::start();
    let gate = Gate::new();
    let other_gate = Gate::new();
    let token = fetch_token(&servers.authorization);
    let resource = &servers.resource;
    resource.answer_at(
        "/held",
        Answer::normal().held_by(&gate).held_by(&other_gate),
    );
    resource.answer_at("/silent", Answer::silence());
    resource.answer_at("/endless", Answer::status(200).endless_body());
    let mut clients = ["/held", "/silent", "/endless", "/half", "/idle"].map(|path| {
        let mut client = Client::to(resource);
        match path {
            "/half" => client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"),
            "/idle" => assert_eq!(client.get(path, &token).status, 200),
            path => client.send(get(path, &token)),
        }
        client
    });
    resource.wait_for_requests(4);
    gate.wait_for_arrivals(1);
    let address = resource.address();
    drop(servers);
    assert!(TcpStream::connect(address).is_err());
    for client in &mut clients {
        client.until_closed();
    }
    // The gate outlives the servers, and holds no thread.
    gate.open();
}

#[test]
fn drop_works_while_refusing_and_at_once() {
    let server = AuthorizationServer::start();
    server.refuse_connections();
    drop(server);
    for _ in 0..20 {
        drop(Servers::start());
    }
}

#[test]
fn silence_ends_with_the_client() {
    let servers = Servers::start();
    servers.authorization.answer_next(Answer::silence());
    let mut client = Client::to(&servers.authorization);
    client.send(token_request("", FORM));
    servers.authorization.wait_for_requests(1);
    client.shutdown();
    servers
        .authorization
        .wait_until("no connection", |counts| counts.open_connections == 0);
    fetch_token(&servers.authorization);
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let mut client = Client::to(&servers.resource);
    client.send([get("/1", &token), get("/2", &token)].concat());
    assert!(client.response().text().contains("\"/1\""));
    assert!(client.response().text().contains("\"/2\""));
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_is_left_behind() {
    let names = |port: u16| {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let named = tasks.filter(|task| {
            let comm = std::fs::read_to_string(task.as_ref().unwrap().path().join("comm"));
            comm.is_ok_and(|name| name.trim_end() == format!("alf-{port}"))
        });
        named.count()
    };
    let server = AuthorizationServer::start();
    let port = server.address().port();
    let clients = [(); 30].map(|()| {
        let mut client = Client::to(&server);
        assert_eq!(client.post_token("", FORM).status, 200);
        client
    });
    assert_eq!(names(port), 31);
    drop(server);
    // A thread that was joined may be listed for a moment more.
    assert!(
        (0..100_000).any(|_| names(port) == 0),
        "{} threads",
        names(port)
    );
    drop(clients);
}
