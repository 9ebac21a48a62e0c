//! Ports, connections and threads: up, down, many, and gone.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use alf_testkit::{Answer, AuthorizationServer, Gate, ResourceServer, Servers};

use crate::client::{Client, FORM, fetch_token, get, token_request};

fn refused(server: &AuthorizationServer) -> bool {
    TcpStream::connect(server.address())
        .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn refuses_and_comes_back_on_the_same_port() {
    let server = AuthorizationServer::start();
    let address = server.address();
    for _ in 0..20 {
        let mut open = Client::to(&server);
        assert_eq!(open.post_token("", FORM).status, 200);
        server.refuse_connections();
        server.refuse_connections();
        assert!(refused(&server));
        assert_eq!(open.rest(), b"");
        server.accept_connections();
        server.accept_connections();
        assert_eq!(server.address(), address);
    }
    assert_eq!(server.token_requests(), 20);
}

#[test]
fn outage_ends_by_itself() {
    let server = AuthorizationServer::start();
    server.refuse_connections_for(Duration::from_millis(1));
    while refused(&server) {
        thread::yield_now();
    }
    fetch_token(&server);
    server.refuse_connections_for(Duration::from_secs(3600));
    assert!(refused(&server));
}

#[test]
fn open_connections_can_be_cut() {
    let servers = Servers::start();
    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let mut idle = Client::to(&servers.resource);
    idle.send(get("/", "x"));
    gate.wait_for_arrivals(1);
    servers.resource.cut_connections();
    assert_eq!(idle.rest(), b"");
    gate.open();
    assert_eq!(Client::to(&servers.resource).get("/", "x").status, 401);
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
fn drop_waits_for_nobody() {
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
    resource.answer_at(
        "/slow",
        Answer::normal().delayed_by(Duration::from_secs(3600)),
    );
    resource.answer_at("/endless", Answer::status(200).endless_body());
    let mut clients = ["/held", "/silent", "/slow", "/endless", "/half", "/idle"].map(|path| {
        let mut client = Client::to(resource);
        match path {
            "/half" => client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"),
            "/idle" => assert_eq!(client.get(path, &token).status, 200),
            path => client.send(get(path, &token)),
        }
        client
    });
    resource.wait_for_requests(5);
    gate.wait_for_arrivals(1);
    let address = resource.address();
    drop(servers);
    assert!(TcpStream::connect(address).is_err());
    for client in &mut clients {
        client.rest();
    }
    // The gate outlives the servers, and nobody is held any more.
    gate.open();
}

#[test]
fn drop_while_down_and_at_once() {
    let server = AuthorizationServer::start();
    server.refuse_connections();
    drop(server);
    for _ in 0..20 {
        drop(Servers::start());
    }
}

#[test]
fn address_can_be_chosen() {
    let server = AuthorizationServer::start();
    let resource = ResourceServer::start_on("localhost:0", &server);
    assert!(resource.address().ip().is_loopback());
    assert!(
        resource
            .localhost_url("/a")
            .starts_with("http://localhost:")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn port_can_be_chosen() {
    let first = AuthorizationServer::start();
    // All of 127.0.0.0/8 is ours: the same port on another address is free.
    let address: SocketAddr = ([127, 0, 0, 3], first.address().port()).into();
    let second = AuthorizationServer::start_on(address);
    assert_eq!(second.address(), address);
    fetch_token(&second);
}

#[test]
#[should_panic(expected = "cannot listen")]
fn taken_address_is_said() {
    let server = AuthorizationServer::start();
    drop(AuthorizationServer::start_on(server.address()));
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
    // A thread that was joined may be listed for an instant more.
    assert!(
        (0..100_000).any(|_| names(port) == 0),
        "{} threads",
        names(port)
    );
    drop(clients);
}
