//! [`BehindProxy`]: a test with a proxy in its environment.

use std::env;
use std::io;
use std::process::{Command, Output};

use crate::waiting::fail;
use crate::{ResourceServer, Servers};

/// Runs a test once more, alone, in a process whose environment names a proxy.
///
/// HTTP libraries read `http_proxy` from the environment, and a test must not change the environment of
/// the other tests. So the test starts its own binary again, with itself as the only test: the child
/// makes the calls, the parent checks what the servers received.
///
/// A [`ResourceServer`] serves as the proxy: of an `http` request it records the whole URL as
/// [`target`](crate::Recorded::target), and answers it by its path.
///
/// # Examples
///
/// A token for a server on this machine should not go through a proxy on another one:
///
/// ```
/// use alf_testkit::{BehindProxy, Servers};
/// # fn call(_token_endpoint: &str, _url: &str) {}
///
/// // Under `#[test]`.
/// fn loopback_does_not_use_the_proxy() {
///     if let Some(child) = BehindProxy::child() {
///         call(child.token_endpoint(), child.url()); // with your client
///         return;
///     }
///     let servers = Servers::start();
///     let proxy = servers.another_resource_server();
///     let child = BehindProxy::new(&servers, servers.url("/things"));
///     child.run("loopback_does_not_use_the_proxy", &proxy);
///     assert_eq!(proxy.request_count(), 0, "{}", proxy.report());
///     assert_eq!(servers.resource.request_count(), 1, "{}", servers.report());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BehindProxy {
    token_endpoint: String,
    url: String,
}

impl BehindProxy {
    /// Prepares a child that gets the token endpoint of these servers and the URL to call, which may be
    /// one that only a proxy can reach (`http://api.invalid/things`).
    pub fn new(servers: &Servers, url: impl Into<String>) -> Self {
        Self {
            token_endpoint: servers.token_endpoint(),
            url: url.into(),
        }
    }

    /// Returns what the parent gave to this process, if it is a child; `None` in the parent.
    pub fn child() -> Option<Self> {
        Some(Self {
            token_endpoint: env::var(TOKEN_ENDPOINT).ok()?,
            url: env::var(URL).ok()?,
        })
    }

    /// Returns the URL of the token endpoint.
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// Returns the URL to call.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs the test of that name in a child, and waits until it has ended. The name is the one that
    /// `cargo test` prints, with its modules.
    ///
    /// # Panics
    ///
    /// If the test fails in the child, with its output; if no test has that name; if it is called in the
    /// child, which would start a child of its own.
    #[track_caller]
    pub fn run(&self, test: &str, proxy: &ResourceServer) {
        assert!(
            Self::child().is_none(),
            "{test} runs in the child, which must not start another: check BehindProxy::child() first"
        );
        match self.output_of(test, proxy) {
            Ok(output) => {
                let printed = String::from_utf8_lossy(&output.stdout);
                // With a wrong name no test runs, and the child succeeds.
                assert!(
                    output.status.success() && printed.contains("1 passed"),
                    "{test} failed behind the proxy:\n{printed}{}{}",
                    String::from_utf8_lossy(&output.stderr),
                    proxy.report()
                );
            }
            Err(error) => fail(format_args!(
                "alf-testkit cannot run {test} in a process of its own: {error}"
            )),
        }
    }

    fn output_of(&self, test: &str, proxy: &ResourceServer) -> io::Result<Output> {
        let mut child = Command::new(env::current_exe()?);
        for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            child.env(variable, proxy.origin());
        }
        // The first two exclude hosts; with the last one, which is set for a CGI program, some libraries
        // ignore `HTTP_PROXY`.
        for variable in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
            child.env_remove(variable);
        }
        child.env(TOKEN_ENDPOINT, &self.token_endpoint);
        child.env(URL, &self.url);
        child.args(["--exact", test]).output()
    }
}

const TOKEN_ENDPOINT: &str = "ALF_TESTKIT_TOKEN_ENDPOINT";
const URL: &str = "ALF_TESTKIT_URL";
