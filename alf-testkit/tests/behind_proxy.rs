//! What [`BehindProxy`] promises, seen by a child that speaks to its proxy by hand.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use alf_testkit::{Answer, BehindProxy, Servers};

#[test]
fn the_child_has_the_proxy_in_its_environment() {
    if let Some(child) = BehindProxy::child() {
        let proxy = env::var("http_proxy").unwrap();
        for name in ["HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            assert_eq!(env::var(name).as_ref(), Ok(&proxy), "{name}");
        }
        for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
            assert!(env::var_os(name).is_none(), "{name}");
        }
        let mut stream = TcpStream::connect(proxy.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "GET {} HTTP/1.1\r\nHost: api.invalid\r\nConnection: close\r\nX-Endpoint: {}\r\n\r\n",
            child.url(),
            child.token_endpoint()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    proxy.answer_at("/things", Answer::status(202));
    let child = BehindProxy::new(&servers, "http://api.invalid/things");
    child.run("the_child_has_the_proxy_in_its_environment", &proxy);
    let seen = &proxy.requests()[0];
    assert_eq!(seen.target(), "http://api.invalid/things");
    let endpoint = servers.token_endpoint();
    assert_eq!(seen.header("x-endpoint"), Some(&*endpoint));
}

#[test]
fn a_failure_of_the_child_is_one_of_the_test() {
    assert!(
        BehindProxy::child().is_none(),
        "fails in the child, on purpose"
    );
    let told = told_by("a_failure_of_the_child_is_one_of_the_test");
    assert!(told.contains("fails in the child, on purpose"), "{told}");
}

#[test]
fn a_child_has_no_child() {
    let told = told_by("a_child_has_no_child");
    assert!(told.contains("must not begin another"), "{told}");
    assert!(BehindProxy::child().is_none(), "the child was told: {told}");
}

#[test]
fn a_name_of_no_test_is_a_failure() {
    let told = told_by("a_name_of_no_test");
    assert!(told.contains("0 passed"), "{told}");
}

/// What the panic of such a run tells.
#[cfg(test)]
fn told_by(test: &str) -> String {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let child = BehindProxy::new(&servers, servers.url("/things"));
    let run = AssertUnwindSafe(|| child.run(test, &proxy));
    let panic = catch_unwind(run).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}
