//! Which requests go through a proxy of the environment, and which never do.
//!
//! reqwest reads `http_proxy` when it builds a client, and a test must not change the environment
//! of the others. So each test starts this binary once more, with itself as the only test and the
//! proxy in the environment: the child makes the calls, the parent looks at what the servers saw.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::env;
use std::process::Command;

use alf_reqwest::{Client, ClientBuilder, Error, TokenManager};
use alf_testkit::{Answer, ResourceServer, Servers};

/// The loopback exemption would be void if a proxy on the way could read secret and token.
#[tokio::test]
async fn t8_x2_loopback_goes_past_the_proxy() {
    if let Some(scene) = Scene::of_child() {
        let client = scene.client().build().unwrap();
        // The second one finds the client that the first one made.
        for _ in 0..2 {
            let response = client.get(&scene.url).send().await.unwrap();
            assert_eq!(response.status(), 200);
        }
        let tokens = TokenManager::builder(scene.token_endpoint);
        let tokens = tokens.client_secret("client-id", "secret").build().unwrap();
        tokens.token().await.unwrap();
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let scene = Scene::new(&servers, servers.url("/things"));
    scene.play("t8_x2_loopback_goes_past_the_proxy", &proxy);
    assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
    assert_eq!(servers.authorization.token_requests(), 2);
    assert_eq!(servers.resource.request_count(), 2);
}

#[cfg(feature = "blocking")]
#[test]
fn t8_x2_blocking_goes_past_the_proxy() {
    if let Some(scene) = Scene::of_child() {
        let client = alf_reqwest::blocking::Client::builder(&scene.token_endpoint)
            .client_secret("client-id", "secret")
            .build()
            .unwrap();
        for _ in 0..2 {
            let response = client.get(&scene.url).send().unwrap();
            assert_eq!(response.status(), 200);
        }
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let scene = Scene::new(&servers, servers.url("/things"));
    scene.play("t8_x2_blocking_goes_past_the_proxy", &proxy);
    assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
    assert_eq!(servers.authorization.token_requests(), 1);
    assert_eq!(servers.resource.request_count(), 2);
}

/// And so the children above had a proxy to go past.
#[tokio::test]
async fn p3_other_hosts_are_reached_through_the_proxy() {
    if let Some(scene) = Scene::of_child() {
        let client = scene.client().allow_insecure_http().build().unwrap();
        let response = client.get(&scene.url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let scene = Scene::new(&servers, String::from("http://api.invalid/things"));
    scene.play("p3_other_hosts_are_reached_through_the_proxy", &proxy);
    let seen = proxy.requests();
    assert_eq!(seen.len(), 1, "{}", proxy.report());
    assert_eq!(seen[0].target(), "http://api.invalid/things");
    assert_eq!(servers.authorization.token_requests(), 1);
}

/// The servers of all other tests are on loopback: here is the client for the rest of the world.
#[tokio::test]
async fn x4_redirects_are_guarded_behind_the_proxy_too() {
    if let Some(scene) = Scene::of_child() {
        let client = scene.client().allow_insecure_http().build().unwrap();
        let result = client.get(&scene.url).send().await;
        assert!(matches!(result, Err(Error::Transport(e)) if e.is_redirect()));
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let redirect = |url| Answer::redirect(302, url);
    proxy.answer_at("/moved", redirect("http://stranger.invalid/first"));
    proxy.answer_at("/first", redirect("http://stranger.invalid/second"));
    let scene = Scene::new(&servers, String::from("http://api.invalid/moved"));
    scene.play("x4_redirects_are_guarded_behind_the_proxy_too", &proxy);
    assert_eq!(proxy.request_count(), 2, "{}", proxy.report());
    assert_eq!(proxy.counts().with_authorization, 1);
}

/// What a child is told of the servers, which the parent has.
struct Scene {
    token_endpoint: String,
    url: String,
}

impl Scene {
    fn new(servers: &Servers, url: String) -> Self {
        Self {
            token_endpoint: servers.token_endpoint(),
            url,
        }
    }

    /// `None` in the parent.
    fn of_child() -> Option<Self> {
        Some(Self {
            token_endpoint: env::var(TOKEN_ENDPOINT).ok()?,
            url: env::var(URL).ok()?,
        })
    }

    fn client(&self) -> ClientBuilder {
        Client::builder(&self.token_endpoint).client_secret("client-id", "secret")
    }

    /// Runs that test alone, in a child whose environment names the proxy.
    fn play(&self, test: &str, proxy: &ResourceServer) {
        let mut child = Command::new(env::current_exe().unwrap());
        // With this one, of a CGI, reqwest leaves `HTTP_PROXY` alone.
        child.env_remove("REQUEST_METHOD");
        for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            child.env(variable, proxy.origin());
        }
        for variable in ["no_proxy", "NO_PROXY"] {
            child.env_remove(variable);
        }
        child.env(TOKEN_ENDPOINT, &self.token_endpoint);
        child.env(URL, &self.url);
        let output = child.args(["--exact", test]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        // A name that is none would be no failure: nothing would have run.
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{told}{}",
            proxy.report()
        );
    }
}

const TOKEN_ENDPOINT: &str = "ALF_TEST_TOKEN_ENDPOINT";
const URL: &str = "ALF_TEST_URL";
