//! What a [`ScriptedServer`] received: counts, records, waiting for them, the report.

use std::fmt::Write;

use super::counts::{Counts, Log};
use super::recorded::Recorded;
use super::scripted::ScriptedServer;
use crate::waiting::DEADLINE;

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
