//! [`ScriptedServer`]: what both servers have in common.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::answer::Answer;
use super::core::Core;
use super::role::Role;
use super::script::Script;
use super::waiting::locked;
use super::wire::Sessions;

/// A server on a port of its own that does what a script says and remembers what it saw.
///
/// [`AuthorizationServer`](super::AuthorizationServer) and
/// [`ResourceServer`](super::ResourceServer) are one, and have all its methods.
///
/// **The script.** A request gets the first of: what is queued for its path, what is queued for any
/// path, what is set for its path, what is set for the longest prefix of it, what is set for any
/// path, and what the server normally does.
///
/// **The end.** When it is dropped, the port and all connections are closed and all threads have
/// ended, whatever they were doing; no client has to be gone before.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// servers.resource.answer_under("/always-401", Answer::unauthorized());
/// servers.resource.answer_at("/moved", Answer::redirect(307, servers.url("/things")));
/// servers.resource.answer_next_at("/things", Answer::status(429).header("Retry-After", "1"));
/// ```
pub struct ScriptedServer {
    pub(super) core: Arc<Core>,
    outages: Mutex<Vec<JoinHandle<()>>>,
}

/// The script.
impl ScriptedServer {
    /// Answers the next request so; after that goes on as before. Several wait in a queue.
    ///
    /// At an authorization server this and the other methods that name no path are for its token
    /// endpoint.
    pub fn answer_next(&self, answer: impl Into<Answer>) {
        self.answer_next_n(1, answer);
    }

    /// Answers each of the next `count` requests so.
    pub fn answer_next_n(&self, count: usize, answer: impl Into<Answer>) {
        self.core.service.script.next(count, &answer.into());
    }

    /// Answers every request so, from now on, where nothing else is scripted.
    pub fn answer_always(&self, answer: impl Into<Answer>) {
        self.core.service.script.always(answer.into());
    }

    /// Answers the next request for this path (without query) so.
    pub fn answer_next_at(&self, path: &str, answer: impl Into<Answer>) {
        self.core.service.script.next_at(path, answer.into());
    }

    /// Answers every request for this path (without query) so, from now on.
    pub fn answer_at(&self, path: &str, answer: impl Into<Answer>) {
        self.core.service.script.at(path, answer.into());
    }

    /// Answers every request whose path begins so, from now on.
    pub fn answer_under(&self, prefix: &str, answer: impl Into<Answer>) {
        self.core.service.script.under(prefix, answer.into());
    }

    /// Tears up the script: answers normally from now on, what was queued included.
    pub fn answer_normally(&self) {
        self.core.service.script.clear();
    }

    /// How many queued answers have not been given yet.
    pub fn answers_left(&self) -> usize {
        self.core.service.script.left()
    }
}

/// The port.
impl ScriptedServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.core.address()
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.address())
    }

    /// The URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The URL of a path under the host `localhost`: the same server, but another origin.
    pub fn localhost_url(&self, path: &str) -> String {
        let port = self.address().port();
        format!("{}://localhost:{port}{path}", self.scheme())
    }

    /// Goes down: the port refuses connections, and those that are open are cut. When this returns,
    /// it is so. The port stays reserved.
    pub fn refuse_connections(&self) {
        self.core.refuse_connections();
    }

    /// Comes up again, on the same port. When this returns, connections succeed.
    ///
    /// # Panics
    ///
    /// If the system does not give the port back.
    pub fn accept_connections(&self) {
        if let Err(error) = self.core.accept_connections() {
            cannot_listen(&self.address(), &error);
        }
    }

    /// Goes down for a while, and comes up by itself; does not wait for it. For demos and
    /// simulations: a test calls [`accept_connections`](Self::accept_connections) when it wants.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let servers = alf_testkit::Servers::start();
    /// servers.authorization.refuse_connections_for(Duration::from_secs(2));
    /// // … call an API meanwhile
    /// ```
    pub fn refuse_connections_for(&self, duration: Duration) {
        self.refuse_connections();
        let core = Arc::clone(&self.core);
        let outage = thread::spawn(move || {
            core.service.shutdown.sleep(duration);
            if !core.service.shutdown.has_begun()
                && let Err(error) = core.accept_connections()
            {
                cannot_listen(&core.address(), &error);
            }
        });
        locked(&self.outages).push(outage);
    }

    /// Cuts every open connection, idle or not, and goes on listening.
    pub fn cut_connections(&self) {
        self.core.cut_connections();
    }
}

impl ScriptedServer {
    pub(super) fn start(
        address: impl ToSocketAddrs,
        role: Box<dyn Role>,
        script: Script,
        sessions: Option<Arc<dyn Sessions>>,
    ) -> Self {
        match Core::start(address, role, script, sessions) {
            Ok(core) => Self {
                core,
                outages: Mutex::default(),
            },
            Err(error) => cannot_listen(&"the address asked for", &error),
        }
    }

    /// The URL of a path in the clear, on the same host and port. A server that speaks TLS speaks
    /// both.
    #[cfg(feature = "conformance")]
    pub(crate) fn plain_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    fn scheme(&self) -> &'static str {
        match self.core.sessions() {
            None => "http",
            Some(_) => "https",
        }
    }
}

#[expect(
    clippy::panic,
    reason = "a test double: nothing can be tested without its port"
)]
fn cannot_listen(address: &dyn fmt::Display, error: &std::io::Error) -> ! {
    panic!("alf-testkit cannot listen on {address}: {error}");
}

impl fmt::Debug for ScriptedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedServer")
            .field("role", &self.core.service.role.name())
            .field("address", &self.address())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.core.service.shutdown.begin();
        // First: one that ends in this moment opens the port.
        for outage in std::mem::take(&mut *locked(&self.outages)) {
            drop(outage.join());
        }
        self.core.stop();
    }
}
