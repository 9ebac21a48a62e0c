//! Which requests go through a proxy of the environment, and which never do.
//!
//! curl reads `http_proxy` from the environment, and a test must not change the environment
//! of the others. So each test starts this binary once more, with itself as the only test and the
//! proxy in the environment: the child makes the calls, the parent looks at what the servers saw.

#![cfg(feature = "curl-client")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::env;
use std::process::Command;

use alf_surf::isahc::HttpClient;
use alf_surf::{Client, ClientBuilder, CurlClient, TokenManager, surf};
use alf_testkit::{ResourceServer, Servers};
use pollster::block_on;

/// The loopback exemption would be void if a proxy on the way could read secret and token.
#[test]
fn t8_x2_loopback_goes_past_the_proxy() {
    if let Some(scene) = Scene::of_child() {
        let client = scene.client().build().unwrap();
        for _ in 0..2 {
            let response = block_on(client.get(&scene.url).send()).unwrap();
            assert_eq!(response.status(), 200);
        }
        let tokens = TokenManager::builder(scene.token_endpoint);
        let tokens = tokens.client_secret("client-id", "secret").build().unwrap();
        block_on(tokens.token()).unwrap();
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

/// And so the child above had a proxy to go past.
#[test]
fn p3_other_hosts_are_reached_through_the_proxy() {
    if let Some(scene) = Scene::of_child() {
        let client = scene.client().allow_insecure_http().build().unwrap();
        let response = block_on(client.get(&scene.url).send()).unwrap();
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

/// What the documentation warns of.
#[test]
fn p3_own_client_goes_through_its_proxy_on_loopback_too() {
    if let Some(scene) = Scene::of_child() {
        let curl = CurlClient::from_isahc(HttpClient::new().unwrap());
        let own = surf::Client::with_http_client(curl);
        let client = scene.client().http_client(own).build().unwrap();
        let response = block_on(client.get(&scene.url).send()).unwrap();
        assert_eq!(response.status(), 200);
        return;
    }
    let servers = Servers::start();
    let proxy = servers.another_resource_server();
    let scene = Scene::new(&servers, servers.url("/things"));
    let test = "p3_own_client_goes_through_its_proxy_on_loopback_too";
    scene.play(test, &proxy);
    assert_eq!(proxy.request_count(), 1, "{}", proxy.report());
    assert_eq!(servers.resource.request_count(), 0);
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
