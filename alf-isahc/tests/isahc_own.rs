//! What is particular to isahc. What every transport must do is in the conformance suite.

use std::future::Future;
use std::time::Duration;

use alf_isahc::isahc::auth::{Authentication, Credentials};
use alf_isahc::isahc::config::{Configurable, RedirectPolicy};
use alf_isahc::isahc::error::ErrorKind;
use alf_isahc::isahc::http::{HeaderValue, Uri};
use alf_isahc::isahc::{
    AsyncBody, AsyncReadResponseExt, Body, HttpClient, ReadResponseExt, Request, Response,
    ResponseExt,
};
use alf_isahc::{
    Client, ClientBuilder, ConfigError, Error, Origin, ResponseFuture, TokenErrorKind, TokenManager,
};
use alf_testkit::{Answer, Gate, Recorded, Servers};
use pollster::block_on;
use static_assertions::assert_impl_all;

assert_impl_all!(Client: Clone, std::fmt::Debug, Send, Sync);
assert_impl_all!(TokenManager: Clone, std::fmt::Debug, Send, Sync);
assert_impl_all!(ResponseFuture<'_>: Send, Unpin);
assert_impl_all!(Error: std::error::Error, Send, Sync);

#[test]
fn futures_of_users_are_send() {
    fn is_send<F: Future + Send>(_: F) {}
    let servers = Servers::start();
    let client = client(&servers);
    is_send(client.get_async("http://127.0.0.1/"));
    is_send(client.send_async(Request::new(())));
    is_send(client.tokens().token());
}

#[test]
fn verbs_are_those_of_isahc() {
    let servers = Servers::start();
    let client = client(&servers);
    let url = servers.url("/things");
    let uri: Uri = url.parse().unwrap();
    let blocking: [Result<Response<Body>, Error>; 6] = [
        client.get(&url),
        client.head(uri.clone()),
        client.post(&*url, "a str"),
        client.put(&url, vec![0; 10]),
        client.delete(url.clone()),
        client.send(Request::patch(&url).body(()).unwrap()),
    ];
    assert!(blocking.iter().all(|r| r.as_ref().unwrap().status() == 200));
    block_on(async {
        for future in [
            client.get_async(&url),
            client.head_async(uri),
            client.post_async(&*url, "a str"),
            client.put_async(&url, vec![0; 10]),
            client.delete_async(url.clone()),
            client.send_async(Request::patch(&url).body(()).unwrap()),
        ] {
            let response: Response<AsyncBody> = future.await.unwrap();
            assert_eq!(response.status(), 200);
        }
    });
    let seen = servers.resource.requests();
    let methods: Vec<_> = seen.iter().map(Recorded::method).collect();
    let verbs = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];
    assert_eq!(methods, [verbs, verbs].concat());
    let token = servers.authorization.last_token();
    assert!(seen.iter().all(|r| r.bearer_token() == token.as_deref()));
    assert_eq!(servers.authorization.token_requests(), 1);
}

#[test]
fn responses_are_those_of_isahc() {
    let servers = Servers::start();
    let client = client(&servers);
    let url = servers.url("/echo");
    let mut response = client.post(&url, "a body").unwrap();
    assert_eq!(response.effective_uri().unwrap().to_string(), url);
    assert!(response.remote_addr().is_some());
    assert_eq!(response.bytes().unwrap(), b"a body");
    let mut response = block_on(client.post_async(&url, "a body")).unwrap();
    assert_eq!(response.effective_uri().unwrap().to_string(), url);
    assert_eq!(block_on(response.bytes()).unwrap(), b"a body");
}

#[cfg(feature = "text-decoding")]
#[test]
fn text_is_decoded() {
    let servers = Servers::start();
    let latin_1 = Answer::status(200).header("Content-Type", "text/plain; charset=iso-8859-1");
    servers
        .resource
        .answer_next_at("/text", latin_1.body(&b"caf\xe9"[..]));
    let mut response = client(&servers).get(servers.url("/text")).unwrap();
    assert_eq!(response.text().unwrap(), "café");
}

#[cfg(feature = "cookies")]
#[test]
fn cookies_are_kept_on_a_replay() {
    use alf_isahc::isahc::cookies::CookieJar;
    let servers = Servers::start();
    let client = client(&servers);
    let cookie = Answer::status(200).header("Set-Cookie", "one=1");
    servers.resource.answer_next_at("/set", cookie);
    let jar = CookieJar::new();
    let get = |path| {
        let request = Request::get(servers.url(path)).cookie_jar(jar.clone());
        client.send(request.body(()).unwrap()).unwrap()
    };
    get("/set");
    servers.revoke_all();
    servers.resource.forget();
    assert_eq!(get("/things").status(), 200);
    let seen = servers.resource.requests();
    let cookies: Vec<_> = seen.iter().map(|r| r.header("cookie")).collect();
    assert_eq!(cookies, [Some("one=1"), Some("one=1")]);
}

#[test]
fn r3_replay_is_the_same_request() {
    let servers = Servers::start();
    let client = client(&servers);
    client.get(servers.url("/")).unwrap();
    servers.revoke_all();
    servers.resource.forget();
    let request = Request::put(servers.url("/echo?q"))
        .header("X-A", "a")
        .header("X-A", "b")
        .title_case_headers(true)
        .body("content");
    let mut response = client.send(request.unwrap()).unwrap();
    assert_eq!(response.bytes().unwrap(), b"content");
    let seen = servers.resource.requests();
    assert_eq!(seen.len(), 2, "{}", servers.report());
    for request in seen {
        assert_eq!((request.method(), request.target()), ("PUT", "/echo?q"));
        assert_eq!(request.header_values("x-a"), ["a", "b"]);
        assert_eq!(request.header_values("authorization").len(), 1);
        assert_eq!(request.body(), b"content");
        // isahc's setting for this request.
        let names = request.headers().iter().map(|(name, _)| &**name);
        assert!(names.into_iter().any(|name| name == "X-A"));
    }
}

/// The replay has the request's timeout too.
#[test]
fn r3_replay_times_out_like_the_request() {
    let servers = Servers::start();
    let client = client(&servers);
    let gate = Gate::new();
    servers.resource.answer_next(Answer::unauthorized());
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let request = Request::get(servers.url("/"))
        .timeout(Duration::from_millis(300))
        .body(());
    let Err(Error::Transport(error)) = client.send(request.unwrap()) else {
        panic!("no timeout: {}", servers.report())
    };
    assert!(error.is_timeout());
    assert_eq!(servers.resource.request_count(), 2);
}

/// A setting of the request's own is kept beside what alf sets: here, the proxy for loopback.
#[test]
fn p3_settings_of_a_request_are_kept() {
    let servers = Servers::start();
    let client = client(&servers);
    let moved = Answer::redirect(302, "/things");
    servers.resource.answer_at("/moved", moved);
    let status = |policy| {
        let request = Request::get(servers.url("/moved")).redirect_policy(policy);
        client.send(request.body(()).unwrap()).unwrap().status()
    };
    assert_eq!(status(RedirectPolicy::Follow), 200);
    assert_eq!(status(RedirectPolicy::None), 302);
    // As with isahc, none is followed unless it is asked for.
    assert_eq!(client.get(servers.url("/moved")).unwrap().status(), 302);
}

#[test]
fn f2_authorization_of_the_request_is_replaced() {
    let servers = Servers::start();
    let own = HttpClient::builder()
        .default_header("authorization", "Bearer mine")
        .authentication(Authentication::basic())
        .credentials(Credentials::new("user", "password"));
    let client = builder(&servers).http_client(own.build().unwrap());
    let client = client.build().unwrap();
    let request = Request::get(servers.url("/"))
        .header("authorization", "Basic eDp5")
        .header("authorization", "Bearer other");
    assert_eq!(
        client.send(request.body(()).unwrap()).unwrap().status(),
        200
    );
    // curl can make Basic of it.
    let url = servers.url("/").replace("http://", "http://user:password@");
    assert_eq!(client.get(url).unwrap().status(), 200);
    for request in servers.resource.requests() {
        assert_eq!(request.header_values("authorization").len(), 1);
    }
}

#[test]
fn p3_own_client_keeps_its_settings() {
    let servers = Servers::start();
    let own = HttpClient::builder()
        .default_header("x-mine", "yes")
        .default_header("user-agent", "mine/1")
        .redirect_policy(RedirectPolicy::Follow)
        .timeout(Duration::from_millis(300));
    let client = builder(&servers).http_client(own.build().unwrap());
    let client = client.build().unwrap();
    let moved = Answer::redirect(302, "/things");
    servers.resource.answer_at("/moved", moved);
    assert_eq!(client.get(servers.url("/moved")).unwrap().status(), 200);
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.header("x-mine"), Some("yes"));
    assert_eq!(seen.header("user-agent"), Some("mine/1"));
    // It is not the client of the token requests.
    assert_eq!(servers.authorization.requests()[0].header("x-mine"), None);

    let gate = Gate::new();
    servers
        .resource
        .answer_next(Answer::normal().held_by(&gate));
    let result = client.get(servers.url("/"));
    assert!(matches!(result, Err(Error::Transport(e)) if e.is_timeout()));
}

#[test]
fn p3_own_token_client_sends_the_token_requests() {
    let servers = Servers::start();
    let own = HttpClient::builder().default_header("user-agent", "mine/1");
    let client = builder(&servers).token_http_client(own.build().unwrap());
    client.build().unwrap().get(servers.url("/")).unwrap();
    let asked = &servers.authorization.requests()[0];
    assert_eq!(asked.header("user-agent"), Some("mine/1"));
    let seen = &servers.resource.requests()[0];
    assert_ne!(seen.header("user-agent"), Some("mine/1"));
}

/// For loopback too: what alf does to the proxy of the environment, it does in its own clients only.
#[test]
fn p3_own_clients_keep_their_proxy() {
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let own = || {
        let through: Uri = proxy.origin().parse().unwrap();
        HttpClient::builder().proxy(through).build().unwrap()
    };
    let calls = builder(&servers).http_client(own()).build().unwrap();
    calls.get(servers.url("/things")).unwrap();
    assert_eq!(proxy.requests()[0].target(), servers.url("/things"));

    proxy.answer_next(Answer::token());
    let tokens = builder(&servers).token_http_client(own()).build().unwrap();
    tokens.tokens().token_blocking().unwrap();
    assert_eq!(proxy.requests()[1].target(), servers.token_endpoint());
}

/// Whatever its policy. The suite tries the one that alf makes itself.
#[test]
fn t7_own_token_client_that_follows_does_not_follow_for_alf() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.another_resource_server();
        servers
            .authorization
            .answer_always(Answer::redirect(status, other_server.url("/caught")));
        let follows = HttpClient::builder().redirect_policy(RedirectPolicy::Follow);
        let own = builder(&servers).token_http_client(follows.build().unwrap());
        let Err(Error::Token(error)) = own.build().unwrap().get(servers.url("/")) else {
            panic!("{status}: no error")
        };
        assert_eq!(error.kind(), TokenErrorKind::Redirected, "{status}");
        assert_eq!(servers.authorization.token_requests(), 1, "{status}");
        assert_eq!(other_server.request_count(), 0, "{status}");
    }
}

/// isahc takes the header away, and it does not come back. When this fails, alf must see to it.
#[test]
fn x4_own_client_that_follows_carries_no_token_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.redirect_to_another_server(status);
        let follows = HttpClient::builder().redirect_policy(RedirectPolicy::Follow);
        let client = builder(&servers).http_client(follows.build().unwrap());
        let client = client.build().unwrap();
        other_server.answer_at("/second", Answer::status(200));
        let response = client.post(servers.url("/moved"), "x").unwrap();
        assert_eq!(response.status(), 200, "{status}");
        assert_eq!(other_server.request_count(), 2, "{status}");
        assert_eq!(other_server.counts().with_authorization, 0, "{status}");
    }
}

#[test]
fn errors_of_isahc_are_untouched() {
    let servers = Servers::start();
    let client = client(&servers);
    for result in [
        client.get("no URL").map(drop),
        block_on(client.get_async("no URL")).map(drop),
    ] {
        let Err(Error::Transport(error)) = result else {
            panic!("no error")
        };
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
    // What has no scheme, curl would make one for.
    for nowhere in ["localhost", "/things"] {
        let result = client.get(nowhere);
        assert!(matches!(result, Err(Error::NotAllowed(_))), "{nowhere}");
    }
    assert_eq!(servers.authorization.token_requests(), 0);

    servers.resource.refuse_connections();
    let Err(Error::Transport(error)) = client.get(servers.url("/things?q=1")) else {
        panic!("no error")
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionFailed);
    assert_eq!(error.local_addr(), None);
}

/// isahc panics at such a header.
#[test]
fn x5_panic_of_isahc_is_an_error() {
    let servers = Servers::start();
    let client = client(&servers);
    let mut request = Request::get(servers.url("/")).body(()).unwrap();
    let value = HeaderValue::from_bytes(b"caf\xe9").unwrap();
    request.headers_mut().insert("x-odd", value);
    let Err(Error::Transport(error)) = client.send(request) else {
        panic!("no error")
    };
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(client.get(servers.url("/")).unwrap().status(), 200);
}

#[test]
fn x1_debug_shows_no_secret() {
    let servers = Servers::start();
    let client = client(&servers);
    client.get(servers.url("/")).unwrap();
    let token = servers.authorization.last_token().unwrap();
    let shown = format!(
        "{client:#?} {:?} {:?} {:?}",
        client.tokens(),
        client.core(),
        client.core().transport(),
    );
    for secret in [&*token, "secret"] {
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
    let again = block_on(tokens.token()).unwrap();
    assert_eq!(first.generation(), again.generation());
    assert_eq!(servers.authorization.token_requests(), 1);
    let origin = Origin::parse(&servers.url("/")).unwrap();
    for origin in [Some(&origin), None] {
        match origin {
            Some(origin) => tokens.reject_by(&first, origin),
            None => tokens.reject(&first),
        }
        let second = block_on(tokens.token()).unwrap();
        assert_ne!(first.generation(), second.generation());
    }
    assert_eq!(servers.authorization.token_requests(), 2);

    let with_calls = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .http_client(HttpClient::new().unwrap());
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

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

// A helper may panic as tests may: clippy wants to be told that it is one.
#[cfg(test)]
fn client(servers: &Servers) -> Client {
    builder(servers).build().unwrap()
}
