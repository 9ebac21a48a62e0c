//! What [`BehindProxy`] promises, tested with a child that sends requests to its proxy without a library.

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
fn a_failure_of_the_child_fails_the_test() {
    assert!(
        BehindProxy::child().is_none(),
        "fails in the child, on purpose"
    );
    let message = panic_of("a_failure_of_the_child_fails_the_test");
    assert!(
        message.contains("fails in the child, on purpose"),
        "{message}"
    );
}

#[test]
fn a_child_does_not_start_a_child() {
    let message = panic_of("a_child_does_not_start_a_child");
    assert!(message.contains("must not start another"), "{message}");
    assert!(BehindProxy::child().is_none(), "the child got: {message}");
}

#[test]
fn a_wrong_name_of_a_test_is_a_failure() {
    let message = panic_of("a_wrong_name");
    assert!(message.contains("0 passed"), "{message}");
}

/// Returns the message of the panic of such a run.
#[cfg(test)]
fn panic_of(test: &str) -> String {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let child = BehindProxy::new(&servers, servers.url("/things"));
    let run = AssertUnwindSafe(|| child.run(test, &proxy));
    let panic = catch_unwind(run).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}
