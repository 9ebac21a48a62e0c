//! Waiting, in a case: for calls, for attempts, for time to pass.

use std::time::{Duration, Instant};

use alf_core::{Moment, Runtime};

use crate::server::Counts;

use super::call::PATIENCE;
use super::events::AttemptFailure;
use super::{Call, Case, Subject, fail};

impl<S: Subject> Case<S> {
    /// Waits for a call, and lets the pauses between attempts pass as they come (B1).
    pub(super) fn ride_out<T: Send + 'static>(&self, mut call: Call<T>) -> T {
        let begun = Instant::now();
        while !call.ends_within(Duration::from_millis(1)) {
            self.let_pauses_pass();
            if begun.elapsed() > PATIENCE {
                fail(&format!(
                    "a call to end after some attempts, but {PATIENCE:?} later it has not; now: {:?}",
                    self.time
                ));
            }
        }
        call.wait()
    }

    /// Waits for a call that may need any timer to end: time passes whenever nothing else happens,
    /// at the servers neither.
    pub(super) fn outlast<T: Send + 'static>(&self, mut call: Call<T>) -> T {
        let begun = Instant::now();
        let (mut last, mut seen) = (begun, self.traffic());
        while !call.ends_within(Duration::from_millis(1)) {
            let traffic = self.traffic();
            if self.let_pauses_pass() || traffic != seen {
                (last, seen) = (Instant::now(), traffic);
            } else if last.elapsed() > IDLE {
                self.time.advance_to_next_timer();
                last = Instant::now();
            }
            if begun.elapsed() > PATIENCE {
                fail("a call to end, whatever the server answered");
            }
        }
        call.wait()
    }

    /// What changes whenever a server has something to do.
    fn traffic(&self) -> [(usize, usize, usize, u64); 2] {
        let servers = [
            self.servers.authorization.counts(),
            self.servers.resource.counts(),
        ];
        servers.map(|counts| {
            let Counts {
                requests,
                connections,
                open_connections,
                bytes_sent,
                ..
            } = counts;
            (requests, connections, open_connections, bytes_sent)
        })
    }

    /// Lets every pause between attempts pass that has begun.
    ///
    /// Says whether there was one.
    pub(super) fn let_pauses_pass(&self) -> bool {
        let mut passed = false;
        while let Some(attempt_failed) = self.events.next_attempt_failure(Duration::ZERO) {
            self.let_pass(attempt_failed.at + attempt_failed.pause);
            passed = true;
        }
        passed
    }

    /// Waits until the running acquisition's next attempt has failed, and says why.
    pub(super) fn wait_for_attempt_failure(&self) -> AttemptFailure {
        self.events
            .next_attempt_failure(PATIENCE)
            .unwrap_or_else(|| fail("an attempt to fail and to be tried again"))
    }

    /// Lets the pause pass that ends then: not before its timer is set.
    pub(super) fn let_pass(&self, end: Moment) {
        self.time.wait_until("the pause has begun", |time| {
            let left = end.saturating_since(time.now());
            left.is_zero() || time.next_timer().is_some_and(|next| next <= left)
        });
        self.time.advance(end.saturating_since(self.time.now()));
    }

    /// Waits until that many callers wait for an acquisition, which waits for its answer.
    pub(super) fn wait_for_waiters(&self, count: usize) {
        // Each has a timer of its own (S5), and so has the attempt.
        self.time.wait_for_timers(count + 1);
    }
}

/// After that long in real time nothing more happens by itself, on a busy machine too.
const IDLE: Duration = Duration::from_secs(2);
