//! [`ScriptedServer`]: what both servers have in common.

use std::fmt::{self, Write};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::waiting::{DEADLINE, Watched, fail, locked};

use super::answer::Answer;
use super::connection::Sessions;
use super::counts::{Counts, Log};
use super::gate::StopSignal;
use super::port::Port;
use super::recorded::Recorded;
use super::script::Script;
use super::service::{Role, Service, serve};

/// A server on a port of its own that follows a script and records what it receives.
///
/// [`AuthorizationServer`](super::AuthorizationServer) and
/// [`ResourceServer`](super::ResourceServer) dereference to it, and so have all its methods.
///
/// **The script.** A request gets the first that exists of: what is queued for its path, what is queued
/// for any path, what is set for its path, what is set for any path, and what the server normally does.
///
/// A path may have a method before it, in upper or lower case: `answer_at("POST /things", ..)` is for that
/// method only, and wins over `answer_at("/things", ..)`. A path that no request can have, such as one with a query, panics.
///
/// **The end.** When it is dropped, the port and all connections are closed and all its threads end,
/// whatever they were doing. Clients need not be gone before.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// servers.resource.answer_at("/always-401", Answer::unauthorized());
/// servers.resource.answer_at("/moved", Answer::redirect(307, servers.url("/things")));
/// servers.resource.answer_next_at("POST /things", Answer::status(429).header("Retry-After", "1"));
/// ```
pub struct ScriptedServer {
    pub(super) service: Arc<Service>,
    port: Port,
}

/// The script.
impl ScriptedServer {
    /// Answers the next request with this, and the ones after it as before. Answers form a queue.
    ///
    /// At an authorization server, this and the other methods without a path apply to its token endpoint.
    pub fn answer_next(&self, answer: Answer) {
        self.answer_next_n(1, answer);
    }

    /// Answers each of the next `count` requests with this.
    pub fn answer_next_n(&self, count: usize, answer: Answer) {
        self.script().add(None, Some(count), answer);
    }

    /// Answers every request with this, from now on, unless another rule of the script applies.
    pub fn answer_always(&self, answer: Answer) {
        self.script().add(None, None, answer);
    }

    /// Answers every request with what `answer` returns for it: [`answer_always`](Self::answer_always) with an
    /// [`Answer::from_fn`], which also works with the other methods.
    pub fn answer_with(&self, answer: impl FnMut(&Recorded) -> Answer + Send + 'static) {
        self.answer_always(Answer::from_fn(answer));
    }

    /// Answers the next request for this path (without query) with this.
    #[track_caller]
    pub fn answer_next_at(&self, path: &str, answer: Answer) {
        self.script().add(Some(path), Some(1), answer);
    }

    /// Answers every request for this path (without query) with this, from now on.
    #[track_caller]
    pub fn answer_at(&self, path: &str, answer: Answer) {
        self.script().add(Some(path), None, answer);
    }

    /// Removes the script, queued answers included: the server answers normally from now on.
    pub fn answer_normally(&self) {
        self.script().clear();
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        locked(&self.service.script)
    }
}

/// The port.
impl ScriptedServer {
    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Returns `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.address())
    }

    /// Returns the URL of a path, which starts with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.origin(), absolute(path))
    }

    /// Returns the URL of a path under the host `localhost`: the same server, but another origin.
    pub fn localhost_url(&self, path: &str) -> String {
        let port = self.address().port();
        format!("{}://localhost:{port}{}", self.scheme(), absolute(path))
    }

    /// Refuses new connections and cuts the open ones, before it returns. The port stays reserved.
    pub fn refuse_connections(&self) {
        self.port.close();
    }

    /// Accepts connections again, on the same port, from when it returns.
    ///
    /// # Panics
    ///
    /// If the system does not let it listen on the port again.
    pub fn accept_connections(&self) {
        self.port
            .open()
            .unwrap_or_else(|error| cannot_listen(&error));
    }
}

/// What it received.
impl ScriptedServer {
    /// Returns everything that is counted, as it is now.
    pub fn counts(&self) -> Counts {
        self.service.log.read(|log| log.counts.clone())
    }

    /// Returns how many requests arrived.
    pub fn request_count(&self) -> usize {
        self.counts().requests
    }

    /// Returns the first 10,000 requests that arrived, in the order in which their bodies were complete. More are
    /// only counted.
    pub fn requests(&self) -> Vec<Recorded> {
        self.service.log.read(|log| log.requests.clone())
    }

    /// Returns whether the target, a header value, the credentials or the body of any recorded request
    /// contain this text, plain, percent-encoded or in Basic credentials. It finds leaked secrets.
    pub fn saw(&self, text: &str) -> bool {
        self.requests().iter().any(|request| request.contains(text))
    }

    /// Drops the counts and the records, so that the next part of a test starts at 0. What is open or
    /// under way stays counted as that.
    pub fn forget(&self) {
        self.service.log.change(Log::forget);
    }

    /// Waits until `count` requests in all have arrived. Their bodies have been read and they are
    /// recorded, but perhaps not yet answered.
    ///
    /// # Panics
    ///
    /// If they do not arrive within 30 s, with the [`report`](Self::report).
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        self.wait_until(&format!("{count} requests"), |counts| {
            counts.requests >= count
        });
    }

    /// Waits until `done` accepts the counts; `what` describes that in the message of the panic.
    ///
    /// # Panics
    ///
    /// If that takes more than 30 s, with the [`report`](Self::report).
    ///
    /// # Examples
    ///
    /// ```
    /// let servers = alf_testkit::Servers::start();
    /// // … let a client close its connections, then:
    /// servers.resource.wait_until("every connection closed", |counts| counts.open_connections == 0);
    /// ```
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut done: impl FnMut(&Counts) -> bool) {
        let log = &self.service.log;
        assert!(
            log.wait_until(DEADLINE, |log| done(&log.counts)),
            "waited {DEADLINE:?} for {what}, but this is what came:\n{}",
            self.report()
        );
    }

    /// Returns what the server received, a line for each request, for the message of a failed test. It
    /// shows no secret: of a token only its number.
    pub fn report(&self) -> String {
        let counts = self.counts();
        let requests = self.requests();
        let mut report = format!(
            "{} at {}: {} requests (at most {} at once, {} unanswered), {} connections ({} open)\n",
            self.service.role.name(),
            self.address(),
            counts.requests,
            counts.most_at_once,
            counts.unanswered,
            counts.connections,
            counts.open_connections,
        );
        for (index, request) in requests.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(report, "{:5}. {}", index + 1, request.line());
        }
        let not_recorded = counts.requests.saturating_sub(requests.len());
        for (count, what) in [
            (not_recorded, "not recorded"),
            (counts.unreadable, "unreadable"),
        ] {
            if count > 0 {
                let _ = writeln!(report, "       {count} {what}");
            }
        }
        report
    }
}

impl ScriptedServer {
    /// Starts on a free port of 127.0.0.1.
    pub(super) fn start(role: Arc<dyn Role>, script: Script, sessions: Option<Sessions>) -> Self {
        let service = Arc::new(Service {
            role,
            script: Mutex::new(script),
            log: Watched::default(),
            stop: StopSignal::default(),
            sessions,
        });
        let serving = Arc::clone(&service);
        let port = Port::start(move |number, tcp| serve(&serving, number, tcp));
        Self {
            service,
            port: port.unwrap_or_else(|error| cannot_listen(&error)),
        }
    }

    /// Returns the `http` URL of a path, on the same host and port. A server that speaks TLS speaks
    /// both.
    #[cfg(feature = "conformance")]
    pub(crate) fn plain_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    fn scheme(&self) -> &'static str {
        match self.service.sessions {
            None => "http",
            Some(_) => "https",
        }
    }
}

/// Fails the test if a path would become a part of the host.
#[track_caller]
fn absolute(path: &str) -> &str {
    if !path.is_empty() && !path.starts_with('/') {
        fail(format_args!(
            "the path {path:?} must start with a slash: write \"/{path}\""
        ));
    }
    path
}

fn cannot_listen(error: &io::Error) -> ! {
    fail(format_args!(
        "alf-testkit cannot listen on a port of 127.0.0.1: {error}"
    ));
}

impl fmt::Debug for ScriptedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedServer")
            .field("role", &self.service.role.name())
            .field("address", &self.address())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.service.stop.stop();
        self.port.close();
        self.port.join();
    }
}
