//! How a case waits: for calls, for attempts, for time to pass.

use std::time::{Duration, Instant};

use alf_core::Runtime;

use crate::server::Counts;
use crate::suite::fail;
use crate::waiting::DEADLINE;

use super::case::{Case, CaseClient};
use super::events::AttemptFailure;
use super::outcome::{CallOutcome, expect_transient};
use super::tested::ThreadCall;

impl CaseClient<'_> {
    /// Sends a `GET`, and lets the pauses between attempts pass (B1).
    pub(super) fn get_with_retries(&self, path: &str) -> CallOutcome {
        self.case.wait_with_retries(self.start_get(path))
    }

    /// Sends a `GET` that may need any timer to end: time moves to the next one whenever nothing else
    /// happens, also at the servers.
    pub(super) fn get_with_timers(&self, path: &str) -> CallOutcome {
        let case = self.case;
        let call = self.start_get(path);
        let start = Instant::now();
        let (mut last_change, mut seen) = (start, case.traffic());
        while !case.ends_or_retries_within(CHECK, &call) && start.elapsed() < DEADLINE {
            let traffic = case.traffic();
            if case.let_pauses_pass() || traffic != seen {
                (last_change, seen) = (Instant::now(), traffic);
            } else if last_change.elapsed() > IDLE {
                case.time.advance_to_next_timer();
                last_change = Instant::now();
            }
        }
        call.wait()
    }
}

impl Case {
    /// Waits for a call, and lets the pauses between attempts pass (B1).
    pub(super) fn wait_with_retries(&self, call: ThreadCall) -> CallOutcome {
        while !self.ends_or_retries_within(DEADLINE, &call) && self.let_pauses_pass() {}
        call.wait()
    }

    /// Waits until the call has ended or an attempt has failed, at most for `limit`. Returns whether the call has ended.
    fn ends_or_retries_within(&self, limit: Duration, call: &ThreadCall) -> bool {
        let happens = || call.has_ended() || self.events.has_attempt_failure();
        self.time.holds_within(limit, happens);
        call.has_ended()
    }

    /// Returns counts that change whenever a server has something to do.
    fn traffic(&self) -> [Counts; 2] {
        [self.authorization.counts(), self.resource.counts()]
    }

    /// Lets every pause between attempts pass that has started. Returns whether there was one.
    pub(super) fn let_pauses_pass(&self) -> bool {
        let mut passed = false;
        while let Some(failure) = self.events.next_attempt_failure() {
            self.let_pause_pass(&failure);
            passed = true;
        }
        passed
    }

    /// Waits until no acquisition is under way, or until `is_connected`, and lets the pauses between attempts pass.
    pub(super) fn wait_until_ended_or(&self, is_connected: impl Fn() -> bool) {
        let start = Instant::now();
        let happens =
            || is_connected() || self.time.tasks() == 0 || self.events.has_attempt_failure();
        loop {
            // The servers' counts notify nobody.
            while !self.time.holds_within(CHECK, happens) && start.elapsed() < DEADLINE {}
            if is_connected() || !self.let_pauses_pass() {
                return;
            }
        }
    }

    /// Waits until the next attempt of the running acquisition has failed.
    pub(super) fn wait_for_attempt_failure(&self) -> AttemptFailure {
        let mut failure = None;
        self.time.holds_within(DEADLINE, || {
            failure = self.events.next_attempt_failure();
            failure.is_some()
        });
        failure.unwrap_or_else(|| fail("an attempt to fail and to be tried again"))
    }

    /// Lets the pause after a failed attempt pass, as soon as its timer is set.
    pub(super) fn let_pause_pass(&self, failure: &AttemptFailure) {
        let left = || failure.next_attempt_at.saturating_since(self.time.now());
        self.time.wait_until("the pause has started", |time| {
            let left = left();
            left.is_zero() || time.next_timer().is_some_and(|next| next <= left)
        });
        self.time.advance(left());
    }

    /// Waits until so many callers wait for an acquisition, which waits for its answer.
    pub(super) fn wait_for_waiters(&self, count: usize) {
        // Each has a timer of its own (S5), and so has the attempt.
        self.time.wait_for_timers(count + 1);
    }

    /// Expects that the failed attempts so far count as failures that may pass.
    pub(super) fn expect_transient_failures(&self) {
        for failure in self.events.attempt_failures() {
            expect_transient(&failure.error);
        }
    }
}

/// After this time nothing more happens by itself, on a busy machine too.
const IDLE: Duration = Duration::from_secs(2);
/// How often a case looks at what notifies nobody: the servers' counts, the machine's clock.
const CHECK: Duration = Duration::from_millis(50);
