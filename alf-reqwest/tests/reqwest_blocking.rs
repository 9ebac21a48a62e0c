//! What is particular to `reqwest::blocking`. What every transport must do is in the conformance
//! suite.

#![cfg(feature = "blocking")]

use std::thread;
use std::time::Duration;

use alf_reqwest::blocking::{Client, ClientBuilder, RequestBuilder, UncheckedRedirects};
use alf_reqwest::reqwest::blocking;
use alf_reqwest::reqwest::redirect::Policy;
use alf_reqwest::reqwest::{Method, Proxy, Version};
use alf_reqwest::{Error, Origin, guard_redirects};
use alf_testkit::{Answer, Gate, Recorded, Servers, VirtualTime};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Client: Clone, Send, Sync);
assert_impl_all!(RequestBuilder: Send);
assert_not_impl_any!(RequestBuilder: Into<blocking::RequestBuilder>);

#[test]
fn verbs_are_those_of_reqwest() {
    let servers = Servers::start();
    let client = client(&servers);
    let url = || servers.url("/things");
    for request in [
        client.get(url()),
        client.post(url()),
        client.put(url()),
        client.patch(url()),
        client.delete(url()),
        client.head(url()),
        client.request(Method::OPTIONS, url()),
    ] {
        assert_eq!(request.send().unwrap().status(), 200);
    }
    let seen = servers.resource.requests();
    let methods: Vec<_> = seen.iter().map(Recorded::method).collect();
    assert_eq!(
        methods,
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    );
    let token = servers.authorization.last_token();
    assert!(seen.iter().all(|r| r.bearer_token() == token.as_deref()));
    assert_eq!(servers.authorization.token_requests(), 1);
}

#[test]
fn request_builder_does_what_reqwest_does() {
    let servers = Servers::start();
    let response = client(&servers)
        .post(servers.url("/echo"))
        .header("X-One", "1")
        .header("X-One", "one")
        .headers(
            [("x-two".parse().unwrap(), "2".parse().unwrap())]
                .into_iter()
                .collect(),
        )
        .timeout(AMPLE)
        .with(|request| request.version(Version::HTTP_11))
        .body("a body")
        .send()
        .unwrap();
    assert_eq!(response.text().unwrap(), "a body");
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header_values("x-one"), ["1", "one"]);
    assert_eq!(seen.header_values("x-two"), ["2"]);
}

#[cfg(feature = "json")]
#[test]
fn json_goes_both_ways() {
    let servers = Servers::start();
    let request = client(&servers).post(servers.url("/echo")).json(&["a"]);
    let response = request.send().unwrap();
    assert_eq!(response.json::<Vec<String>>().unwrap(), ["a"]);
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header("content-type"), Some("application/json"));
}

#[cfg(feature = "query")]
#[test]
fn query_is_added() {
    let servers = Servers::start();
    let request = client(&servers).get(servers.url("/?a=1"));
    request.query(&[("b", "2")]).send().unwrap();
    assert_eq!(servers.resource.requests()[0].target(), "/?a=1&b=2");
}

#[cfg(feature = "form")]
#[test]
fn form_is_sent() {
    let servers = Servers::start();
    let request = client(&servers).post(servers.url("/")).form(&[("a", "1")]);
    request.send().unwrap();
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.parameter("a").as_deref(), Some("1"));
}

#[cfg(feature = "multipart")]
#[test]
fn r4_multipart_is_sent_and_its_401_returned() {
    let servers = Servers::start();
    let client = client(&servers);
    let send = || {
        let form = blocking::multipart::Form::new().text("name", "a thing");
        let request = client.post(servers.url("/"));
        let request = request.with(|request| request.multipart(form));
        request.send().unwrap().status()
    };
    assert_eq!(send(), 200);
    assert!(servers.resource.saw("a thing"));
    servers.revoke_all();
    assert_eq!(send(), 401);
    assert_eq!(send(), 200);
    assert_eq!(servers.authorization.token_requests(), 2);
}

/// The replay has the request's timeout too.
#[test]
fn r3_replay_times_out_like_the_request() {
    let servers = Servers::start();
    let client = client(&servers);
    let gate = Gate::new();
    servers.resource.answer_next(Answer::unauthorized());
    let held = Answer::normal().held_by(&gate);
    servers.resource.answer_next(held);
    let request = client.get(servers.url("/")).timeout(BRIEF);
    let Err(Error::Transport(error)) = request.send() else {
        panic!("no timeout: {}", servers.report())
    };
    assert!(error.is_timeout());
    assert_eq!(servers.resource.request_count(), 2);
}

#[test]
fn f2_credentials_of_a_url_are_replaced() {
    let servers = Servers::start();
    let client = client(&servers);
    // reqwest's builder makes Basic of it.
    let url = servers.url("/").replace("http://", "http://user:password@");
    assert_eq!(client.get(url).send().unwrap().status(), 200);
}

#[test]
fn p3_own_client_keeps_its_settings() {
    let servers = Servers::start();
    let headers = [("x-mine".parse().unwrap(), "yes".parse().unwrap())];
    let own = blocking::Client::builder()
        .default_headers(headers.into_iter().collect())
        .user_agent("mine/1")
        .timeout(BRIEF);
    let client = builder(&servers).http_client(UncheckedRedirects(own.build().unwrap()));
    let client = client.build().unwrap();
    assert_eq!(client.get(servers.url("/")).send().unwrap().status(), 200);
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header("x-mine"), Some("yes"));
    assert_eq!(seen.header("user-agent"), Some("mine/1"));
    // It is not the client of the token requests.
    assert_eq!(servers.authorization.requests()[0].header("x-mine"), None);

    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    servers.resource.answer_next(held);
    let result = client.get(servers.url("/")).send();
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

#[test]
fn p3_own_token_client_sends_the_token_requests() {
    let servers = Servers::start();
    let own = blocking::Client::builder()
        .user_agent("mine/1")
        .redirect(Policy::none());
    let client = builder(&servers).token_http_client(UncheckedRedirects(own.build().unwrap()));
    let client = client.build().unwrap();
    client.get(servers.url("/")).send().unwrap();
    let asked = &servers.authorization.requests()[0];
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    assert_eq!(servers.resource.requests()[0].header("user-agent"), None);
}

/// For loopback too: what alf does to the proxy of the environment, it does in its own clients only.
#[test]
fn p3_own_client_keeps_its_proxy() {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let through = Proxy::http(proxy.origin()).unwrap();
    let own = blocking::Client::builder().proxy(through).build().unwrap();
    let client = builder(&servers)
        .http_client(UncheckedRedirects(own))
        .build()
        .unwrap();
    client.get(servers.url("/things")).send().unwrap();
    assert_eq!(proxy.requests()[0].target(), servers.url("/things"));
}

/// The suite tries the one that alf makes itself.
#[test]
fn t1_own_token_client_sends_a_length_too() {
    let servers = Servers::start();
    let own = blocking::Client::builder().redirect(Policy::none());
    let own = builder(&servers).token_http_client(UncheckedRedirects(own.build().unwrap()));
    let client = own.build().unwrap();
    client.get(servers.url("/")).send().unwrap();
    let asked = &servers.authorization.requests()[0];
    let length = asked.body_length().to_string();
    assert_eq!(asked.header("content-length"), Some(&*length));
    assert_eq!(asked.header("transfer-encoding"), None);
}

#[test]
fn x4_second_redirect_elsewhere_does_not_get_the_token() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.redirect_to_another_server(status);
        let own = blocking::Client::builder().redirect(guard_redirects(Policy::default()));
        let own = builder(&servers).http_client(UncheckedRedirects(own.build().unwrap()));
        for client in [client(&servers), own.build().unwrap()] {
            let result = client.post(servers.url("/moved")).body("x").send();
            assert!(
                matches!(result, Err(Error::Transport(e)) if e.is_redirect()),
                "{status}: {}",
                other_server.report()
            );
        }
        assert_eq!(other_server.request_count(), 2, "{status}: once for each");
        assert_eq!(other_server.counts().with_authorization, 0, "{status}");
    }
}

#[test]
fn errors_of_reqwest_are_untouched() {
    let servers = Servers::start();
    let client = client(&servers);
    let Err(Error::Transport(error)) = client.get("no URL").send() else {
        panic!("no error")
    };
    assert!(error.is_builder());
    assert_eq!(servers.authorization.token_requests(), 0);

    servers.resource.refuse_connections();
    let url = servers.url("/things?q=1");
    let Err(Error::Transport(error)) = client.get(&url).send() else {
        panic!("no error")
    };
    assert!(error.is_connect());
    assert_eq!(error.url().map(ToString::to_string), Some(url));
}

/// What lies beneath is shown too; the endpoint's query is not.
#[test]
fn x1_token_error_shows_no_query() {
    let servers = Servers::start();
    servers.authorization.refuse_connections();
    let endpoint = format!("{}?key=hidden", servers.token_endpoint());
    let client = Client::builder(endpoint)
        .client_secret("client-id", "secret")
        // Less than the first pause, on a clock that stands still: the first failure is the last.
        .acquire_timeout(Duration::from_millis(80))
        .runtime(VirtualTime::new())
        .build()
        .unwrap();
    let error = client.get(servers.url("/")).send().unwrap_err();
    let mut shown = format!("{error:?} {error}");
    let mut source = std::error::Error::source(&error);
    let mut depth = 0;
    while let Some(error) = source {
        shown = format!("{shown} {error:?} {error}");
        source = error.source();
        depth += 1;
    }
    assert!(depth > 1, "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn x1_debug_shows_no_secret() {
    let servers = Servers::start();
    let client = client(&servers);
    client.get(servers.url("/")).send().unwrap();
    let token = servers.authorization.last_token().unwrap();
    let request = client
        .get(servers.url("/?key=hidden"))
        .header("authorization", "hidden");
    let shown = format!(
        "{client:#?} {request:?} {:?} {:?} {:?}",
        client.tokens(),
        client.core(),
        client.core().transport(),
    );
    for secret in [&*token, "secret", "hidden"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn token_manager_works_alone() {
    let servers = Servers::start();
    let tokens = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()
        .unwrap();
    let first = tokens.token_blocking().unwrap();
    assert_eq!(
        first.generation(),
        tokens.token_blocking().unwrap().generation()
    );
    assert_eq!(servers.authorization.token_requests(), 1);
    let origin = Origin::parse(&servers.url("/")).unwrap();
    for origin in [Some(&origin), None] {
        match origin {
            Some(origin) => tokens.reject_by(&first, origin),
            None => tokens.reject(&first),
        }
        let second = tokens.token_blocking().unwrap();
        assert_ne!(first.generation(), second.generation());
    }
    assert_eq!(servers.authorization.token_requests(), 2);

    let with_calls = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .http_client(blocking::Client::new());
    assert_eq!(
        with_calls.build_tokens().unwrap_err().setting(),
        "http_client"
    );
}

/// reqwest's own methods panic there, in builds with debug assertions.
#[test]
fn p2_no_call_in_an_async_task_panics() {
    for runtime in [one_thread(), many_threads()] {
        let servers = Servers::start();
        runtime.block_on(async {
            let client = client(&servers);
            client.tokens().token_blocking().unwrap();
            servers.revoke_all();
            let replayed = client.get(servers.url("/")).send().unwrap();
            assert_eq!(replayed.status(), 200);
            let without = client.get(servers.url("/")).without_token();
            assert_eq!(without.send().unwrap().status(), 401);
            builder(&servers).build_tokens().unwrap();
        });
        assert_eq!(servers.authorization.token_requests(), 2);
    }
}

#[test]
fn p2_where_tokio_lets_block_it_works() {
    let servers = Servers::start();
    for runtime in [one_thread(), many_threads()] {
        let work = || {
            let client = client(&servers);
            let request = client.post(servers.url("/echo")).body("a body");
            assert_eq!(request.send().unwrap().text().unwrap(), "a body");
            client.tokens().token_blocking().unwrap();
        };
        thread::scope(|scope| {
            // A handle alone is no async task.
            let handle = runtime.handle();
            scope.spawn(|| {
                let _entered = handle.enter();
                work();
            });
        });
        let (client, url) = (client(&servers), servers.url("/"));
        let blocking = tokio_task(&runtime, move || client.get(url).send().unwrap().status());
        assert_eq!(blocking, 200);
    }
    many_threads().block_on(async {
        let status = tokio::task::block_in_place(|| {
            let client = client(&servers);
            client.get(servers.url("/")).send().unwrap().status()
        });
        assert_eq!(status, 200);
    });
}

/// Also the last clone, which ends reqwest's threads.
#[test]
fn p2_drop_in_an_async_task_is_no_panic() {
    let servers = Servers::start();
    for runtime in [one_thread(), many_threads()] {
        let client = client(&servers);
        let response = client.get(servers.url("/")).send().unwrap();
        let request = client.get(servers.url("/"));
        let tokens = client.tokens().clone();
        runtime.block_on(async {
            drop((client, request));
            drop(tokens);
            drop(response);
        });
    }
}

/// It blocks the task, as any call of a blocking library does there.
#[test]
fn p2_an_acquisition_that_is_an_async_task_does_not_panic() {
    let servers = Servers::start();
    let client = builder(&servers)
        .runtime(VirtualTime::on(alf_reqwest::TokioRuntime::new()))
        .build()
        .unwrap();
    let outcome = many_threads().block_on(async { client.core().tokens().token().await });
    outcome.unwrap();
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

// A helper may panic as tests may: clippy wants to be told that it is one.
#[cfg(test)]
fn client(servers: &Servers) -> Client {
    builder(servers).build().unwrap()
}

#[cfg(test)]
fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[cfg(test)]
fn many_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

#[cfg(test)]
fn tokio_task<T: Send + 'static>(
    runtime: &tokio::runtime::Runtime,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    runtime.block_on(async { tokio::task::spawn_blocking(work).await.unwrap() })
}

const AMPLE: Duration = Duration::from_secs(30);
/// What is not held is answered in it, also on a busy machine.
const BRIEF: Duration = Duration::from_secs(2);
