//! What the servers record.

use alf_testkit::{Answer, Servers};

use crate::client::{Client, FORM, fetch_token, get};

#[test]
fn requests_are_recorded_as_they_came() {
    let servers = Servers::start();
    let mut client = Client::to(&servers.authorization);
    let form = format!("{FORM}&resource=1&resource=2&scope=a+b");
    client.post_token(
        "accept: application/json\r\nX-Two: 1\r\nx-two: 2\r\n",
        &form,
    );
    client.post_token("", FORM);
    fetch_token(&servers.authorization);

    let requests = servers.authorization.requests();
    let [first, _, _] = requests.as_slice() else {
        panic!("{}", servers.report());
    };
    assert_eq!((first.method(), first.target()), ("POST", "/token"));
    assert_eq!(first.header("Accept"), Some("application/json"));
    assert_eq!(first.header_values("X-TWO"), ["1", "2"]);
    let names: Vec<&str> = first
        .headers()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "Host",
            "Content-Type",
            "accept",
            "X-Two",
            "x-two",
            "Content-Length"
        ]
    );
    assert_eq!(first.body(), form.as_bytes());
    assert_eq!(first.parameter("scope").as_deref(), Some("a b"));
    assert_eq!(first.parameters("resource"), ["1", "2"]);
    assert_eq!(first.form().len(), 6);
    assert_eq!(first.status(), Some(200));
    let connections = requests.iter().map(alf_testkit::Recorded::connection);
    assert_eq!(connections.collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(servers.authorization.counts().connections, 2);
}

#[test]
fn requests_are_counted_by_path_and_status() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    servers.resource.answer_next(Answer::hang_up());
    Client::to(&servers.resource).send(get("/a", &token));
    servers.resource.wait_for_requests(1);
    let mut client = Client::to(&servers.resource);
    client.get("/a?x", &token);
    client.get("/b", "no");
    client.send("GET /b HTTP/1.1\r\n\r\n");
    client.response();
    let counts = servers.resource.counts();
    assert_eq!((counts.requests, counts.with_authorization), (4, 3));
    assert_eq!(
        (counts.at("/a"), counts.at("/b"), counts.at("/c")),
        (2, 2, 0)
    );
    assert_eq!((counts.answered(200), counts.answered(401)), (1, 2));
    servers.resource.forget();
    assert_eq!(servers.resource.request_count(), 0);
    assert!(servers.resource.requests().is_empty());
    client.get("/c", &token);
    assert_eq!(servers.resource.counts().at("/c"), 1);
}

#[test]
fn recording_is_bounded() {
    let servers = Servers::start();
    let mut client = Client::to(&servers.resource);
    for _ in 0..10_002 {
        client.get("/", "x");
    }
    assert_eq!(servers.resource.requests().len(), 10_000);
    assert_eq!(servers.resource.request_count(), 10_002);
    assert!(servers.resource.report().contains("2 not recorded"));
}

#[test]
fn leaks_are_found_in_any_encoding() {
    let servers = Servers::start();
    let other = servers.another_resource_server();
    let mut client = Client::to(&other);
    client.get("/?q=p%C3%A9", "token-9");
    client.send("GET / HTTP/1.1\r\nAuthorization: Basic aWQ6aHVzaCUyQWh1c2g=\r\n\r\n");
    client.response();
    client.send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx=in+body");
    client.response();
    for text in ["token-9", "p\u{e9}", "hush*hush", "in+body"] {
        assert!(other.saw(text), "{text}");
    }
    assert!(!other.saw("secret"));
    let [bearer, basic, _] = other.requests().try_into().unwrap();
    assert_eq!(bearer.bearer_token(), Some("token-9"));
    assert_eq!(bearer.basic_credentials(), None);
    assert_eq!(
        basic.basic_credentials(),
        Some(("id".into(), "hush%2Ahush".into()))
    );
}

#[test]
fn reports_and_debug_show_what_happened_but_no_secret() {
    let servers = Servers::start();
    let token = fetch_token(&servers.authorization);
    let mut client = Client::to(&servers.resource);
    client.get("/a?code=hidden", &token);
    client.get("/a", "mystery");
    let report = servers.report();
    assert!(
        report.contains("POST /token -> 200, connection 1, no Authorization"),
        "{report}"
    );
    assert!(report.contains("GET /a?… -> 200, connection 1, Authorization Bearer token-1…"));
    assert!(report.contains("GET /a -> 401, connection 1, Authorization Bearer …"));
    let debug = format!("{servers:?} {:?}", servers.resource.requests());
    for text in [token.as_str(), "mystery", "hidden", "secret"] {
        assert!(
            !report.contains(text) && !debug.contains(text),
            "{text} in {report} {debug}"
        );
    }
    let answer = format!("{:?}", Answer::json(200, "hidden").header("X", "hidden"));
    assert!(
        !answer.contains("hidden") && answer.contains("200"),
        "{answer}"
    );
}

#[test]
fn nonsense_is_refused_and_counted_separately() {
    let servers = Servers::start();
    let mut client = Client::to(&servers.resource);
    client.send("\x16\x03\x01\r\n\r\n");
    assert!(client.response().status == 400);
    assert_eq!(client.until_closed(), b"");
    let mut client = Client::to(&servers.resource);
    client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
    client.shutdown();
    servers
        .resource
        .wait_until("two unreadable", |counts| counts.unreadable == 2);
    assert_eq!(servers.resource.request_count(), 0);
    assert!(servers.resource.report().contains("2 unreadable"));
}
