//! What is particular to reqwest. What every transport must do is in the conformance suite.

use std::future::Future;
use std::time::Duration;

use alf_reqwest::reqwest::redirect::Policy;
use alf_reqwest::reqwest::{self, Method, Proxy, Request, Version};
use alf_reqwest::{
    Client, ClientBuilder, ConfigError, Error, Origin, RequestBuilder, TokenManager, TokioRuntime,
    UncheckedRedirects, guard_redirects,
};
use alf_testkit::{Answer, Gate, Recorded, Servers, VirtualTime};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Client: Clone, Send, Sync);
assert_impl_all!(TokenManager: Clone, std::fmt::Debug, Send, Sync);
assert_impl_all!(RequestBuilder: Send, Sync);
assert_impl_all!(Error: std::error::Error, Send, Sync);
assert_not_impl_any!(RequestBuilder: Into<reqwest::RequestBuilder>);

#[test]
fn futures_of_users_are_send() {
    fn is_send<F: Future + Send>(_: F) {}
    let servers = Servers::start();
    let client = client(&servers);
    is_send(client.get("http://127.0.0.1/").send());
    is_send(client.execute(Request::new(
        Method::GET,
        "http://127.0.0.1/".parse().unwrap(),
    )));
    is_send(client.tokens().token());
}

#[tokio::test]
async fn verbs_are_those_of_reqwest() {
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
        assert_eq!(request.send().await.unwrap().status(), 200);
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

#[tokio::test]
async fn request_builder_does_what_reqwest_does() {
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
        .timeout(Duration::from_secs(30))
        .with(|request| request.version(Version::HTTP_11))
        .body("a body")
        .send()
        .await
        .unwrap();
    assert_eq!(response.text().await.unwrap(), "a body");
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header_values("x-one"), ["1", "one"]);
    assert_eq!(seen.header_values("x-two"), ["2"]);
}

#[cfg(feature = "json")]
#[tokio::test]
async fn json_goes_both_ways() {
    let servers = Servers::start();
    let response = client(&servers)
        .post(servers.url("/echo"))
        .json(&["a"])
        .send()
        .await;
    assert_eq!(
        response.unwrap().json::<Vec<String>>().await.unwrap(),
        ["a"]
    );
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header("content-type"), Some("application/json"));
}

#[cfg(feature = "query")]
#[tokio::test]
async fn query_is_added() {
    let servers = Servers::start();
    let request = client(&servers)
        .get(servers.url("/?a=1"))
        .query(&[("b", "2")]);
    request.send().await.unwrap();
    assert_eq!(servers.resource.requests()[0].target(), "/?a=1&b=2");
}

#[cfg(feature = "form")]
#[tokio::test]
async fn form_is_sent() {
    let servers = Servers::start();
    let request = client(&servers).post(servers.url("/")).form(&[("a", "1")]);
    request.send().await.unwrap();
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.parameter("a").as_deref(), Some("1"));
}

#[cfg(feature = "multipart")]
#[tokio::test]
async fn r4_multipart_is_sent_and_its_401_returned() {
    let servers = Servers::start();
    let client = client(&servers);
    let send = || {
        let form = reqwest::multipart::Form::new().text("name", "a thing");
        client
            .post(servers.url("/"))
            .with(|request| request.multipart(form))
            .send()
    };
    assert_eq!(send().await.unwrap().status(), 200);
    assert!(servers.resource.saw("a thing"));
    servers.revoke_all();
    assert_eq!(send().await.unwrap().status(), 401);
    assert_eq!(send().await.unwrap().status(), 200);
    assert_eq!(
        servers.authorization.token_requests(),
        2,
        "{}",
        servers.report()
    );
}

/// The replay has the request's timeout too.
#[tokio::test]
async fn r3_replay_times_out_like_the_request() {
    let servers = Servers::start();
    let client = client(&servers);
    let gate = Gate::new();
    servers.resource.answer_next(Answer::unauthorized());
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let request = client
        .get(servers.url("/"))
        .timeout(Duration::from_millis(300));
    let Err(Error::Transport(error)) = request.send().await else {
        panic!("no timeout: {}", servers.report())
    };
    assert!(error.is_timeout());
    assert_eq!(servers.resource.request_count(), 2);
}

#[tokio::test]
async fn f2_credentials_of_a_url_are_replaced() {
    let servers = Servers::start();
    let client = client(&servers);
    // reqwest's builder makes Basic of it.
    let url = servers.url("/").replace("http://", "http://user:password@");
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn p3_own_client_keeps_its_settings() {
    let servers = Servers::start();
    let headers = [
        ("x-mine".parse().unwrap(), "yes".parse().unwrap()),
        (
            "authorization".parse().unwrap(),
            "Bearer mine".parse().unwrap(),
        ),
    ];
    let own = reqwest::Client::builder()
        .default_headers(headers.into_iter().collect())
        .user_agent("mine/1")
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let client = builder(&servers)
        .http_client(UncheckedRedirects(own))
        .build()
        .unwrap();
    assert_eq!(
        client.get(servers.url("/")).send().await.unwrap().status(),
        200
    );
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header("x-mine"), Some("yes"));
    assert_eq!(seen.header("user-agent"), Some("mine/1"));
    assert_eq!(seen.header_values("authorization").len(), 1);
    // It is not the client of the token requests.
    assert_eq!(servers.authorization.requests()[0].header("x-mine"), None);

    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let result = client.get(servers.url("/")).send().await;
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

#[tokio::test]
async fn p3_own_token_client_sends_the_token_requests() {
    let servers = Servers::start();
    let own = reqwest::Client::builder()
        .user_agent("mine/1")
        .redirect(Policy::none());
    let client = builder(&servers)
        .token_http_client(own.build().unwrap())
        .build()
        .unwrap();
    client.get(servers.url("/")).send().await.unwrap();
    let asked = &servers.authorization.requests()[0];
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    assert_eq!(servers.resource.requests()[0].header("user-agent"), None);
}

/// For loopback too: what alf does to the proxy of the environment, it does in its own clients only.
#[tokio::test]
async fn p3_own_clients_keep_their_proxy() {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let own = || {
        let through = Proxy::http(proxy.origin()).unwrap();
        reqwest::Client::builder().proxy(through)
    };
    let calls = own().redirect(Policy::none()).build().unwrap();
    let calls = builder(&servers).http_client(calls);
    calls
        .build()
        .unwrap()
        .get(servers.url("/things"))
        .send()
        .await
        .unwrap();
    assert_eq!(proxy.requests()[0].target(), servers.url("/things"));

    proxy.answer_next(Answer::token());
    let tokens = own().redirect(Policy::none()).build().unwrap();
    let tokens = builder(&servers).token_http_client(tokens).build().unwrap();
    tokens.tokens().token().await.unwrap();
    assert_eq!(proxy.requests()[1].target(), servers.token_endpoint());
}

#[test]
fn t7_token_client_that_follows_redirects_is_refused() {
    let servers = Servers::start();
    let build = |own| builder(&servers).token_http_client(own).build();
    let error = build(reqwest::Client::new()).unwrap_err();
    assert_eq!(error.setting(), "token_http_client");
    assert!(error.to_string().contains("Policy::none()"), "{error}");
    let tokens = Client::builder(servers.token_endpoint()).client_secret("a", "b");
    assert!(
        tokens
            .token_http_client(reqwest::Client::new())
            .build_tokens()
            .is_err()
    );
}

/// Why there is `guard_redirects`. When this fails, reqwest has mended it, and the guard can go
/// once our lower bound is that version.
#[tokio::test]
async fn x4_bare_reqwest_carries_the_header_to_another_origin() {
    let servers = Servers::start();
    let other_server = servers.redirect_to_another_server(302);
    let request = reqwest::Client::new()
        .get(servers.url("/moved"))
        .bearer_auth("x");
    request.send().await.unwrap();
    let seen = other_server.requests();
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(seen[1].header("authorization"), Some("Bearer x"));
}

#[tokio::test]
async fn x4_second_redirect_elsewhere_does_not_get_the_token() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.redirect_to_another_server(status);
        let own = reqwest::Client::builder().redirect(guard_redirects(Policy::default()));
        for client in [
            client(&servers),
            builder(&servers)
                .http_client(UncheckedRedirects(own.build().unwrap()))
                .build()
                .unwrap(),
        ] {
            let result = client.post(servers.url("/moved")).body("x").send().await;
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

#[tokio::test]
async fn x4_safe_redirects_are_followed() {
    let servers = Servers::start();
    let other_server = servers.another_resource_server();
    let client = client(&servers);
    let redirect = |url| Answer::redirect(302, url);
    other_server.answer_at("/there", Answer::status(200));
    other_server.answer_at("/back", redirect(servers.url("/home")));
    servers
        .resource
        .answer_at("/a", redirect(servers.url("/home")));
    servers
        .resource
        .answer_at("/b", redirect(other_server.url("/there")));
    servers
        .resource
        .answer_at("/c", redirect(other_server.url("/back")));
    servers
        .resource
        .answer_at("/loop", redirect(servers.url("/loop")));
    // Back home the token is not there any more: the other server chose the URL.
    for (path, status) in [("/a", 200), ("/b", 200), ("/c", 401)] {
        let response = client.get(servers.url(path)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
    assert_eq!(other_server.counts().with_authorization, 0);
    // reqwest's own limit still holds.
    let result = client.get(servers.url("/loop")).send().await;
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_redirect()));
}

#[tokio::test]
async fn errors_of_reqwest_are_untouched() {
    let servers = Servers::start();
    let client = client(&servers);
    let Err(Error::Transport(error)) = client.get("no URL").send().await else {
        panic!("no error")
    };
    assert!(error.is_builder());
    let Err(Error::Transport(error)) = client.get("x").header("a b", "").send().await else {
        panic!("no error")
    };
    assert!(error.is_builder());
    assert_eq!(servers.authorization.token_requests(), 0);

    servers.resource.refuse_connections();
    let url = servers.url("/things?q=1");
    let Err(Error::Transport(error)) = client.get(&url).send().await else {
        panic!("no error")
    };
    assert!(error.is_connect());
    assert_eq!(error.url().map(ToString::to_string), Some(url));
}

/// What lies beneath is shown too; the endpoint's query is not.
#[tokio::test]
async fn x1_token_error_shows_no_query() {
    let servers = Servers::start();
    servers.authorization.refuse_connections();
    let endpoint = format!("{}?key=hidden", servers.token_endpoint());
    let client = Client::builder(endpoint)
        .client_secret("client-id", "secret")
        // Less than the first pause, on a clock that stands still: the first failure is the last.
        .acquire_timeout(Duration::from_millis(80))
        .runtime(VirtualTime::on(TokioRuntime::new()))
        .build()
        .unwrap();
    let error = client.get(servers.url("/")).send().await.unwrap_err();
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

#[tokio::test]
async fn x1_debug_shows_no_secret() {
    let servers = Servers::start();
    let client = client(&servers);
    client.get(servers.url("/")).send().await.unwrap();
    let token = servers.authorization.last_token().unwrap();
    let request = client
        .get(servers.url("/?key=hidden"))
        .header("authorization", "hidden");
    let shown = format!(
        "{client:#?} {request:?} {:?} {:?}",
        client.tokens(),
        client.core()
    );
    for secret in [&*token, "secret", "hidden"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn token_manager_works_alone() {
    let servers = Servers::start();
    let tokens = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()
        .unwrap();
    let first = tokens.token().await.unwrap();
    assert_eq!(
        first.generation(),
        tokens.token().await.unwrap().generation()
    );
    assert_eq!(servers.authorization.token_requests(), 1);
    let origin = Origin::parse(&servers.url("/")).unwrap();
    for origin in [Some(&origin), None] {
        match origin {
            Some(origin) => tokens.reject_by(&first, origin),
            None => tokens.reject(&first),
        }
        let second = tokens.token().await.unwrap();
        assert_ne!(first.generation(), second.generation());
    }
    assert_eq!(servers.authorization.token_requests(), 2);

    let with_calls = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .http_client(reqwest::Client::new());
    assert_eq!(
        with_calls.build_tokens().unwrap_err().setting(),
        "http_client"
    );
}

#[test]
fn config_errors_name_the_setting() {
    let build = |builder: ClientBuilder| -> ConfigError { builder.build().unwrap_err() };
    let error = build(Client::builder("http://auth.example.com/").client_secret("a", "b"));
    assert_eq!(error.setting(), "token_endpoint");
}

/// A blocking program: no tokio around the builder, nor around what drives the request.
#[test]
fn p2_client_is_built_outside_of_tokio() {
    let servers = Servers::start();
    let client = client(&servers);
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let response = runtime
            .unwrap()
            .block_on(client.get(servers.url("/")).send());
        assert_eq!(response.unwrap().status(), 200);
        servers.revoke_all();
    }
    assert_eq!(servers.authorization.token_requests(), 2);
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

// A helper may panic as tests may: clippy wants to be told that it is one.
#[cfg(test)]
fn client(servers: &Servers) -> Client {
    builder(servers).build().unwrap()
}
