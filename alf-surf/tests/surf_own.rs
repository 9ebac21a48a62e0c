//! What is particular to surf. What every transport must do is in the conformance suite.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::time::Duration;

use alf_surf::surf::http::{Method, mime};
use alf_surf::surf::middleware::{Middleware, Next, Redirect};
use alf_surf::surf::{self, Body, Request, Response, Url};
use alf_surf::{
    Client, ClientBuilder, ConfigError, Error, FollowRedirects, H1Client, Origin, RequestBuilder,
    SurfError, TokenErrorKind, TokenManager,
};
use alf_testkit::{Answer, Gate, Recorded, ResourceServer, Servers};
use async_trait::async_trait;
use futures_util::io::{AllowStdIo, BufReader};
use pollster::block_on;
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Client: Clone, Send, Sync);
assert_impl_all!(TokenManager: Clone, std::fmt::Debug, Send, Sync);
assert_impl_all!(RequestBuilder: Send);
assert_impl_all!(Error: std::error::Error, Send, Sync);
assert_impl_all!(SurfError: std::error::Error, Send, Sync);
assert_not_impl_any!(RequestBuilder: Into<surf::RequestBuilder>, Into<Request>);

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[test]
fn futures_of_users_are_send() {
    fn is_send<F: Future + Send>(_: F) {}
    let servers = Servers::start();
    let client = client(&servers);
    is_send(client.get("http://127.0.0.1/").into_future());
    is_send(client.get("http://127.0.0.1/").send());
    is_send(client.get("http://127.0.0.1/").recv_json::<u8>());
    is_send(client.send(get("http://127.0.0.1/")));
    is_send(client.tokens().token());
}

#[test]
fn verbs_are_those_of_surf() {
    let servers = Servers::start();
    let client = client(&servers);
    let url = || servers.url("/things");
    for request in [
        client.get(url()),
        client.head(url()),
        client.post(url()),
        client.put(url()),
        client.delete(url()),
        client.options(url()),
        client.trace(url()),
        client.patch(url()),
        client.request(Method::PropFind, url()),
    ] {
        assert_eq!(block_on(request.into_future()).unwrap().status(), 200);
    }
    assert_eq!(
        client.connect(url()).build().unwrap().method(),
        Method::Connect
    );
    let seen = servers.resource.requests();
    let methods: Vec<_> = seen.iter().map(Recorded::method).collect();
    assert_eq!(
        methods,
        [
            "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"
        ]
    );
    let token = servers.authorization.last_token();
    assert!(seen.iter().all(|r| r.bearer_token() == token.as_deref()));
    assert_eq!(servers.authorization.token_requests(), 1);
}

/// As `surf`'s own documentation writes them.
#[test]
fn chains_read_as_with_surf() -> Outcome {
    let servers = Servers::start();
    let client = client(&servers);
    let url = servers.url("/echo");
    block_on(async {
        let sent = vec![String::from("a")];
        let echoed: Vec<String> = client.post(&url).body_json(&sent)?.recv_json().await?;
        assert_eq!(echoed, sent);
        let echoed: Vec<String> = client
            .post(&url)
            .body_json(&sent)?
            .await?
            .body_json()
            .await?;
        assert_eq!(echoed, sent);
        let text = client.post(&url).body_string("text".into()).recv_string();
        assert_eq!(text.await?, "text");
        let bytes = client.post(&url).body_bytes(b"bytes").recv_bytes();
        assert_eq!(bytes.await?, b"bytes");
        let form = client.post(&url).body_form(&[("a", "1")])?;
        assert_eq!(
            form.recv_form::<Vec<(String, u8)>>().await?,
            [("a".into(), 1)]
        );
        let file = client
            .post(&url)
            .body_file("Cargo.toml")
            .await?
            .recv_string();
        assert!(file.await?.contains("alf-surf"));

        let built = client.post(&url).body("built").build()?;
        assert_eq!(client.send(built).await?.body_string().await?, "built");
        Ok(())
    })
}

#[test]
fn request_builder_does_what_surf_does() -> Outcome {
    let servers = Servers::start();
    let request = client(&servers)
        .post(servers.url("/echo?old"))
        .query(&BTreeMap::from([("a", "1"), ("b", "é")]))?
        .header("X-One", "no")
        .header("X-One", "one")
        .content_type(mime::HTML)
        .body("a body");
    assert_eq!(block_on(request.recv_string())?, "a body");
    let seen = &servers.resource.requests()[0];
    assert_eq!(seen.target(), "/echo?a=1&b=%C3%A9");
    assert_eq!(seen.header_values("x-one"), ["one"]);
    assert_eq!(seen.header("content-type"), Some("text/html;charset=utf-8"));
    Ok(())
}

#[test]
fn what_surf_would_panic_over_is_an_error_when_it_is_sent() {
    let servers = Servers::start();
    let client = client(&servers);
    for request in [
        client.get("no URL").header("a", "b").body("c"),
        client.get("/relative"),
        client.get(servers.url("/")).header("X-Odd", "é"),
    ] {
        assert!(matches!(block_on(request.send()), Err(Error::Transport(_))));
    }
    let built = client.get("no URL").build();
    assert!(matches!(built, Err(Error::Transport(_))));
    assert_eq!(servers.authorization.token_requests(), 0);
}

#[test]
fn r3_replay_is_the_same_request() -> Outcome {
    for body in bodies() {
        let servers = with_rejected_token();
        let client = servers.client();
        let request = client
            .put(servers.url("/echo"))
            .query(&BTreeMap::from([("q", "1")]))?
            .header("X-A", "a")
            .middleware(Marks("x-marked"))
            .body(body);
        assert_eq!(block_on(request.recv_string())?, "content");
        let seen = servers.resource.requests();
        assert_eq!(seen.len(), 2, "{}", servers.report());
        assert_eq!(
            seen[0].header("content-type"),
            seen[1].header("content-type")
        );
        for request in seen {
            assert_eq!((request.method(), request.target()), ("PUT", "/echo?q=1"));
            assert_eq!(request.header_values("x-a"), ["a"]);
            assert_eq!(request.header_values("x-marked"), ["yes"]);
            assert_eq!(request.header_values("authorization").len(), 1);
            assert_eq!(request.body(), b"content");
        }
    }
    Ok(())
}

#[test]
fn r4_request_that_was_built_elsewhere_is_replayed() -> Outcome {
    let servers = with_rejected_token();
    let mut request = Request::new(Method::Post, servers.url("/echo").parse()?);
    request.append_header("x-a", "1");
    request.append_header("x-a", "2");
    request.set_body("content");
    let mut response = block_on(servers.client().send(request))?;
    assert_eq!(block_on(response.body_string())?, "content");
    let seen = servers.resource.requests();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.header_values("x-a").join(", "), "1, 2");
    }
    Ok(())
}

#[test]
fn r4_streaming_body_is_not_replayed() -> Outcome {
    let servers = with_rejected_token();
    let client = servers.client();
    let content = "streamed ".repeat(2000);
    let stream = || BufReader::new(AllowStdIo::new(std::io::Cursor::new(content.clone())));
    let send = |length| {
        let body = Body::from_reader(stream(), length);
        client.post(servers.url("/echo")).body(body).send()
    };
    assert_eq!(block_on(send(None))?.status(), 401);
    assert_eq!(block_on(block_on(send(None))?.body_string())?, content);
    servers.revoke_all();
    assert_eq!(block_on(send(Some(content.len())))?.status(), 401);
    assert_eq!(block_on(send(Some(content.len())))?.status(), 200);
    Ok(())
}

#[test]
fn p3_own_client_keeps_its_settings() -> Outcome {
    let servers = Servers::start();
    let base = Url::parse(&servers.url("/api/v1/"))?;
    let config = surf::Config::new()
        .set_base_url(base)
        .set_http_client(H1Client::new().timeout(Some(Duration::from_millis(300))))
        .add_header("x-mine", "yes")?
        .add_header("authorization", "Bearer mine")?;
    let own = surf::Client::try_from(config)?.with(Marks("x-marked"));
    let client = builder(&servers).http_client(own).build()?;
    for (url, path) in [
        ("things", "/api/v1/things"),
        ("/things?a", "/things?a"),
        (&servers.url("/absolute"), "/absolute"),
    ] {
        servers.resource.forget();
        assert_eq!(block_on(client.get(url).send())?.status(), 200);
        let seen = &servers.resource.requests()[0];
        assert_eq!(seen.target(), path);
        for name in ["x-mine", "x-marked"] {
            assert_eq!(seen.header_values(name), ["yes"]);
        }
        assert_eq!(seen.header_values("authorization").len(), 1);
    }
    // It is not the client of the token requests.
    let seen = &servers.authorization.requests()[0];
    assert_eq!(
        (seen.header("x-mine"), seen.header("x-marked")),
        (None, None)
    );

    let gate = Gate::new();
    let held = Answer::normal().held_by(&gate);
    servers.resource.answer_next(held);
    assert!(matches!(
        block_on(client.get("x").send()),
        Err(Error::Transport(_))
    ));
    Ok(())
}

/// `allowed_origins` and plain http are about where the request really goes.
#[test]
fn x3_relative_url_has_the_origin_of_the_base() -> Outcome {
    let servers = Servers::start();
    let with_base = |base: &str| -> Outcome<Client> {
        let config = surf::Config::new()
            .set_base_url(base.parse()?)
            .set_http_client(H1Client::new());
        let builder = builder(&servers).allowed_origins([servers.resource.origin()]);
        Ok(builder
            .http_client(surf::Client::try_from(config)?)
            .build()?)
    };
    let response = block_on(with_base(&servers.url("/"))?.get("/things").send())?;
    assert_eq!(response.status(), 200);
    let elsewhere = with_base("https://192.0.2.1/")?.get("/things");
    assert!(matches!(
        block_on(elsewhere.send()),
        Err(Error::NotAllowed(_))
    ));
    let insecure = with_base(&servers.url("/"))?.get("//192.0.2.1/things");
    assert!(matches!(
        block_on(insecure.send()),
        Err(Error::NotAllowed(_))
    ));
    Ok(())
}

/// The suite tries the one that alf makes itself, and one without middleware.
#[test]
fn t7_middleware_of_an_own_token_client_carries_no_secret_elsewhere() -> Outcome {
    for status in [301, 302, 303, 307, 308] {
        let servers = Servers::start();
        let other_server = servers.another_resource_server();
        let moved = Answer::redirect(status, other_server.url("/caught"));
        servers.authorization.answer_always(moved);
        let follows: [surf::Client; 2] = [
            with(FollowRedirects::new(3)),
            // It asks first, without the secret.
            with(Redirect::default()),
        ];
        for own in follows {
            let client = builder(&servers).token_http_client(own).build()?;
            let sent = block_on(client.get(servers.url("/")).send());
            let Err(Error::Token(error)) = sent else {
                panic!("{status}: no error")
            };
            assert_eq!(error.kind(), TokenErrorKind::Redirected, "{status}");
        }
        assert_eq!(other_server.counts().with_authorization, 0);
        assert!(!other_server.saw("client-id"), "{}", other_server.report());
    }
    Ok(())
}

/// Why alf puts the token on behind the user's middleware.
#[test]
fn x4_bare_surf_carries_the_header_to_another_origin() -> Outcome {
    let servers = Servers::start();
    let other_server = servers.redirect_to_another_server(302);
    let request = surf::RequestBuilder::new(Method::Get, servers.url("/moved").parse()?)
        .header("authorization", "Bearer x");
    block_on(with(Redirect::default()).send(request))?;
    assert!(other_server.counts().with_authorization > 0);
    Ok(())
}

#[test]
fn x4_no_middleware_carries_the_token_elsewhere() -> Outcome {
    for status in [301, 302, 303, 307, 308] {
        for to in [Elsewhere::Port, Elsewhere::Host] {
            let servers = Servers::start();
            let other_server = servers.redirect_to_another_server(status);
            servers.resource.answer_at(
                "/moved",
                Answer::redirect(status, to.url(&servers, &other_server)),
            );
            for own in [with(Redirect::default()), with(FollowRedirects::new(5))] {
                let client = builder(&servers).http_client(own).build()?;
                block_on(client.get(servers.url("/moved")).send())?;
                block_on(client.post(servers.url("/moved")).body("x").send())?;
            }
            let once = client(&servers).get(servers.url("/moved"));
            block_on(once.middleware(Redirect::default()).send())?;
            assert_eq!(other_server.counts().with_authorization, 0, "{status}");
            for request in servers.resource.requests() {
                let strayed =
                    request.path() == "/first" && request.header("authorization").is_some();
                assert!(!strayed, "{status}: {}", servers.report());
            }
        }
    }
    Ok(())
}

#[test]
fn x4_redirects_are_followed() -> Outcome {
    let servers = Servers::start();
    let other_server = servers.another_resource_server();
    let follows = with(FollowRedirects::new(3));
    let client = builder(&servers).http_client(follows).build()?;
    let redirect = |status, url: String| Answer::redirect(status, url);
    other_server.answer_at("/there", Answer::status(200));
    other_server.answer_at("/back", redirect(302, servers.url("/there")));
    for (path, answer) in [
        ("/kept", redirect(307, String::from("echo"))),
        ("/get", redirect(303, servers.url("/home"))),
        ("/away", redirect(302, other_server.url("/there"))),
        ("/loop", redirect(302, servers.url("/loop"))),
        ("/nowhere", redirect(302, String::from("http://"))),
        ("/file", redirect(302, String::from("file:///etc/hosts"))),
        ("/back", redirect(302, other_server.url("/back"))),
    ] {
        servers.resource.answer_at(path, answer);
    }
    let post = |path| block_on(client.post(servers.url(path)).body("x").send());
    assert_eq!(block_on(post("/kept")?.body_string())?, "x");
    for (path, status) in [
        ("/get", 200),
        ("/away", 200),
        ("/nowhere", 302),
        ("/file", 302),
        ("/back", 302),
    ] {
        assert_eq!(post(path)?.status(), status, "{path}");
    }
    // That one belongs to the other server, which chose where it leads.
    let back = post("/back")?;
    assert_eq!(
        back.header("location").unwrap().as_str(),
        servers.url("/there")
    );
    assert_eq!(servers.resource.counts().at("/there"), 0);
    servers.resource.forget();
    assert_eq!(post("/loop")?.status(), 302);
    assert_eq!(servers.resource.request_count(), 4);
    let (first, last) = (
        &servers.resource.requests()[0],
        &servers.resource.requests()[3],
    );
    assert_eq!((first.method(), first.body()), ("POST", &b"x"[..]));
    assert_eq!((last.method(), last.body()), ("GET", &b""[..]));
    assert_eq!(last.header("content-type"), None);
    assert_eq!(other_server.counts().with_authorization, 0);
    Ok(())
}

/// The one behind has left the origin where the one before thinks that it is still there.
#[test]
fn x4_one_follower_behind_another_leads_nobody_home() -> Outcome {
    let servers = Servers::start();
    let other_server = servers.another_resource_server();
    let redirect = |url: &str| Answer::redirect(302, url);
    servers
        .resource
        .answer_at("/moved", redirect(&other_server.url("/first")));
    for location in [servers.url("/there"), String::from("/there")] {
        other_server.answer_at("/first", redirect(&location));
        let client = builder(&servers).http_client(with(FollowRedirects::new(3)));
        let request = client.build()?.get(servers.url("/moved"));
        let request = request.middleware(FollowRedirects::new(1));
        assert_eq!(block_on(request.send())?.status(), 302);
        assert_eq!(servers.resource.counts().at("/there"), 0, "{location}");
    }
    Ok(())
}

#[test]
fn x4_what_is_for_home_stays_there() -> Outcome {
    let servers = Servers::start();
    let other_server = servers.another_resource_server();
    other_server.answer_at("/caught", Answer::status(200));
    for (path, url) in [
        ("/within", servers.url("/away")),
        ("/away", other_server.url("/caught")),
    ] {
        servers.resource.answer_at(path, Answer::redirect(307, url));
    }
    let follows = with(FollowRedirects::new(3)).with(FollowRedirects::new(3));
    let client = builder(&servers).http_client(follows).build()?;
    let own = ["cookie", "proxy-authorization", "host", "x-mine"];
    let mut request = client.get(servers.url("/within"));
    for name in own {
        request = request.header(name, "mine");
    }
    assert_eq!(block_on(request.send())?.status(), 200);
    let at_home = servers.resource.requests();
    assert_eq!(at_home.len(), 2);
    for request in at_home {
        assert!(own.iter().all(|name| request.header(name) == Some("mine")));
    }
    let away = &other_server.requests()[0];
    assert_eq!(away.header("x-mine"), Some("mine"));
    for name in ["cookie", "proxy-authorization", "authorization"] {
        assert_eq!(away.header(name), None);
    }
    let authority = other_server.origin().replace("http://", "");
    assert_eq!(away.header_values("host"), [authority]);
    Ok(())
}

/// surf's own pool is where alf reads a body to its end.
#[test]
fn x5_redirect_with_an_endless_body_is_followed() -> Outcome {
    let servers = Servers::start();
    let gate = Gate::new();
    let moved = Answer::redirect(302, servers.url("/things")).body_of_length(100);
    servers
        .resource
        .answer_at("/moved", moved.remainder_held_by(&gate));
    let own = surf::Client::with_http_client(http_client::h1::H1Client::new());
    let client = builder(&servers)
        .http_client(own.with(FollowRedirects::new(3)))
        .build()?;
    let response = block_on(client.get(servers.url("/moved")).send())?;
    assert_eq!(response.status(), 200);
    Ok(())
}

#[test]
fn x4_401_that_a_middleware_made_rejects_nothing() -> Outcome {
    let servers = Servers::start();
    let client = builder(&servers).http_client(with(SaysNo)).build()?;
    for _ in 0..2 {
        assert_eq!(block_on(client.get(servers.url("/")).send())?.status(), 401);
    }
    assert_eq!(servers.authorization.token_requests(), 1);
    Ok(())
}

/// Whatever alf gives up of such a client does not go back into its pool.
#[test]
fn r8_rejections_on_surfs_own_pool_are_not_the_next_answer() -> Outcome {
    let servers = Servers::start();
    let own = surf::Client::with_http_client(http_client::h1::H1Client::new());
    let client = builder(&servers).http_client(own).build()?;
    let long = Answer::unauthorized().body_of_length(200_000);
    let chunked = Answer::unauthorized().chunks_of_length(200_000);
    let short = Answer::unauthorized().body_of_length(500);
    for rejection in [long, chunked, short] {
        servers.resource.reject_with(rejection);
        for number in 0..5 {
            servers.revoke_all();
            let number = format!("number {number}");
            let request = client.post(servers.url("/echo")).body(number.as_str());
            assert_eq!(block_on(request.recv_string())?, number);
        }
    }
    Ok(())
}

#[test]
fn p3_head_has_no_body_to_wait_for() -> Outcome {
    let servers = Servers::start();
    servers
        .resource
        .answer_always(Answer::status(200).body("x"));
    let mut response = block_on(client(&servers).head(servers.url("/")).send())?;
    assert_eq!(block_on(response.body_string())?, "");
    assert_eq!(response.header("content-length").unwrap().as_str(), "1");
    Ok(())
}

/// A row of them that does not end must not keep its caller, or the acquisition that gets the token.
#[test]
fn x5_endless_interim_responses_are_an_error() -> Outcome {
    let servers = Servers::start();
    let row = || Answer::raw("HTTP/1.1 100\r\n\r\n".repeat(20_000));
    let own = || surf::Client::with_http_client(H1Client::new().timeout(None));
    let builder = builder(&servers)
        .http_client(own())
        .token_http_client(own());
    let client = builder.build()?;
    servers.authorization.answer_next(row());
    assert_eq!(block_on(client.get(servers.url("/")).send())?.status(), 200);
    assert_eq!(servers.authorization.token_requests(), 2);
    servers.resource.answer_next(row());
    let sent = block_on(client.get(servers.url("/")).send());
    assert!(matches!(sent, Err(Error::Transport(_))));
    Ok(())
}

/// What is behind a line end would be a header of its own, or another request.
#[test]
fn x5_headers_with_line_ends_are_not_sent() -> Outcome {
    let servers = Servers::start();
    let own = surf::Client::with_http_client(H1Client::new());
    let client = builder(&servers).http_client(own).build()?;
    for value in [
        "a\r\nX-B: b",
        "a\nX-B: b",
        "a\rb",
        "a\0b",
        "\r\n\r\nGET / HTTP/1.1",
    ] {
        let sent = client.get(servers.url("/")).header("X-A", value).send();
        assert!(
            matches!(block_on(sent), Err(Error::Transport(_))),
            "{value:?}"
        );
    }
    let sent = client.get(servers.url("/")).header("X-A\r\nX-B", "a");
    assert!(matches!(block_on(sent.send()), Err(Error::Transport(_))));
    assert_eq!(servers.resource.request_count(), 0, "{}", servers.report());
    Ok(())
}

#[test]
fn x1_debug_shows_no_secret() -> Outcome {
    let servers = Servers::start();
    let client = client(&servers);
    block_on(client.get(servers.url("/")).send())?;
    let token = servers.authorization.last_token().unwrap();
    let request = client
        .get(servers.url("/?key=hidden"))
        .header("authorization", "hidden");
    let shown = format!(
        "{client:#?} {request:?} {:?} {:?} {:?} {:?}",
        client.tokens(),
        client.core(),
        client.core().transport(),
        H1Client::new(),
    );
    for secret in [&*token, "secret", "hidden"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // No middleware is shown it either.
    let own = with(RefusesAuthorization);
    let client = builder(&servers).http_client(own).build()?;
    assert_eq!(block_on(client.get(servers.url("/")).send())?.status(), 200);
    Ok(())
}

#[test]
fn token_manager_works_alone() -> Outcome {
    let servers = Servers::start();
    let manager = || Client::builder(servers.token_endpoint()).client_secret("client-id", "secret");
    let tokens = manager().build_tokens()?;
    let first = block_on(tokens.token())?;
    assert_eq!(first.generation(), block_on(tokens.token())?.generation());
    assert_eq!(servers.authorization.token_requests(), 1);
    let origin = Origin::parse(&servers.url("/")).unwrap();
    for origin in [Some(&origin), None] {
        match origin {
            Some(origin) => tokens.reject_by(&first, origin),
            None => tokens.reject(&first),
        }
        let second = block_on(tokens.token())?;
        assert_ne!(first.generation(), second.generation());
    }
    let with_calls = manager().http_client(with(SaysNo)).build_tokens();
    assert_eq!(with_calls.unwrap_err().setting(), "http_client");
    let own = surf::Client::with_http_client(H1Client::new());
    block_on(manager().token_http_client(own).build_tokens()?.token())?;
    Ok(())
}

#[test]
fn config_errors_name_the_setting() {
    let build = |builder: ClientBuilder| -> ConfigError { builder.build().unwrap_err() };
    let error = build(Client::builder("http://auth.example.com/").client_secret("a", "b"));
    assert_eq!(error.setting(), "token_endpoint");
}

#[cfg(not(any(feature = "curl-client", feature = "h1-client")))]
#[test]
fn without_tls_the_error_says_so() -> Outcome {
    let client = Client::builder("https://127.0.0.1:1/token")
        .client_secret("a", "b")
        .acquire_timeout(Duration::from_millis(50));
    let Err(Error::Token(error)) = block_on(client.build()?.get("https://127.0.0.1/").send())
    else {
        panic!("no error")
    };
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("no TLS"), "{error:?}");
    Ok(())
}

/// A middleware that leaves a mark on the request.
struct Marks(&'static str);

/// A middleware that answers by itself.
struct SaysNo;

/// A middleware that will have no `Authorization`.
struct RefusesAuthorization;

#[async_trait]
impl Middleware for Marks {
    async fn handle(
        &self,
        mut request: Request,
        client: surf::Client,
        next: Next<'_>,
    ) -> surf::Result<Response> {
        request.insert_header(self.0, "yes");
        next.run(request, client).await
    }
}

#[async_trait]
impl Middleware for SaysNo {
    async fn handle(&self, _: Request, _: surf::Client, _: Next<'_>) -> surf::Result<Response> {
        Ok(surf::http::Response::new(401).into())
    }
}

#[async_trait]
impl Middleware for RefusesAuthorization {
    async fn handle(
        &self,
        request: Request,
        client: surf::Client,
        next: Next<'_>,
    ) -> surf::Result<Response> {
        assert!(request.header("authorization").is_none());
        next.run(request, client).await
    }
}

#[derive(Clone, Copy)]
enum Elsewhere {
    Port,
    Host,
}

impl Elsewhere {
    fn url(self, servers: &Servers, other_server: &ResourceServer) -> String {
        match self {
            Self::Port => other_server.url("/first"),
            Self::Host => servers.resource.localhost_url("/first"),
        }
    }
}

/// Servers whose first token was rejected.
struct Rejected {
    servers: Servers,
    client: Client,
}

impl Rejected {
    fn client(&self) -> &Client {
        &self.client
    }
}

impl std::ops::Deref for Rejected {
    type Target = Servers;

    fn deref(&self) -> &Servers {
        &self.servers
    }
}

// A helper may panic as tests may: clippy wants to be told that it is one.
#[cfg(test)]
fn with_rejected_token() -> Rejected {
    let servers = Servers::start();
    let client = client(&servers);
    block_on(client.get(servers.url("/")).send()).unwrap();
    servers.revoke_all();
    servers.resource.forget();
    Rejected { servers, client }
}

#[cfg(test)]
fn bodies() -> Vec<Body> {
    let in_memory = |content: &'static str| std::io::Cursor::new(content);
    let content = BufReader::new(AllowStdIo::new(in_memory("content")));
    vec![
        Body::from("content"),
        Body::from(String::from("content")),
        Body::from(b"content".to_vec()),
        // A stream that is there at once may be sent twice too.
        Body::from_reader(content, Some(7)),
    ]
}

fn builder(servers: &Servers) -> ClientBuilder {
    Client::builder(servers.token_endpoint()).client_secret("client-id", "secret")
}

#[cfg(test)]
fn client(servers: &Servers) -> Client {
    builder(servers).build().unwrap()
}

fn with(middleware: impl Middleware) -> surf::Client {
    surf::Client::with_http_client(H1Client::new()).with(middleware)
}

#[cfg(test)]
fn get(url: &str) -> Request {
    Request::new(Method::Get, url.parse().unwrap())
}
