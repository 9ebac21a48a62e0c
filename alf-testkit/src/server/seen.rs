//! What a [`ScriptedServer`] saw: counts, records, waiting for them, the report.

use std::fmt::Write;

use super::counts::Counts;
use super::recorded::Recorded;
use super::scripted::ScriptedServer;
use super::waiting::PATIENCE;

/// What it saw.
impl ScriptedServer {
    /// Everything that is counted, at this moment.
    pub fn counts(&self) -> Counts {
        self.core.service.log.counts()
    }

    /// How many requests arrived.
    pub fn request_count(&self) -> usize {
        self.counts().requests
    }

    /// The requests that arrived, in the order in which their bodies were complete, the first
    /// 10,000 of them (see [`record_requests_up_to`](Self::record_requests_up_to)).
    pub fn requests(&self) -> Vec<Recorded> {
        self.core.service.log.requests()
    }

    /// Whether any recorded request [`mentions`](Recorded::mentions) this text: the question of a
    /// leak test.
    pub fn saw(&self, text: &str) -> bool {
        self.requests().iter().any(|request| request.mentions(text))
    }

    /// Records that many requests and only counts the others. 0 is for benchmarks: bodies are not
    /// hashed then either.
    pub fn record_requests_up_to(&self, requests: usize) {
        self.core.service.log.keep_requests(requests);
    }

    /// Records that many bytes of each body (64 KiB unless set); of the rest only length and hash.
    pub fn record_bodies_up_to(&self, bytes: usize) {
        self.core.service.log.keep_body_bytes(bytes);
    }

    /// Forgets what was counted and recorded, to begin the next part of a test at 0. What is open
    /// or under way stays counted as that.
    pub fn forget(&self) {
        self.core.service.log.forget();
    }

    /// Waits until `count` requests in all have arrived. Their bodies have been read and they are
    /// recorded, but perhaps not yet answered.
    ///
    /// # Panics
    ///
    /// If they do not come within 30 s, with the [`report`](Self::report).
    pub fn wait_for_requests(&self, count: usize) {
        self.wait_until(&format!("{count} requests"), |counts| {
            counts.requests >= count
        });
    }

    /// Waits until the counts are as `done` wants them; `what` is that, for the message.
    ///
    /// # Panics
    ///
    /// If they are not within 30 s, with the [`report`](Self::report).
    ///
    /// # Examples
    ///
    /// ```
    /// let servers = alf_testkit::Servers::start();
    /// // … let a client go, then:
    /// servers.resource.wait_until("every connection closed", |counts| counts.open_connections == 0);
    /// ```
    pub fn wait_until(&self, what: &str, done: impl FnMut(&Counts) -> bool) {
        if !self.core.service.log.wait_until(done) {
            self.give_up(what);
        }
    }

    /// What the server saw, a line for each request, for the message of a failed test. It shows no
    /// secret: of a token only its number.
    pub fn report(&self) -> String {
        let counts = self.counts();
        let requests = self.requests();
        let mut report = format!(
            "{} at {}: {} requests (at most {} at once, {} unanswered), {} connections ({} open)\n",
            self.core.service.role.name(),
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
        if counts.requests > requests.len() {
            let _ = writeln!(
                report,
                "       {} not recorded",
                counts.requests - requests.len()
            );
        }
        if counts.unreadable > 0 {
            let _ = writeln!(report, "       {} unreadable", counts.unreadable);
        }
        report
    }

    #[expect(
        clippy::panic,
        reason = "a test double: the test fails here, saying why"
    )]
    fn give_up(&self, what: &str) -> ! {
        panic!(
            "waited {PATIENCE:?} for {what}, but this is what came:\n{}",
            self.report()
        );
    }
}
