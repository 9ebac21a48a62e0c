//! [`Events`]: what the clients of a case reported.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use alf_core::{Event, EventContext, Moment, Observer, Runtime, TokenError};

use crate::runtime::VirtualTime;
use crate::waiting::locked;

/// Every event as text, and the failed attempts.
pub(super) struct Events {
    time: VirtualTime,
    seen: Mutex<SeenEvents>,
}

#[derive(Default)]
struct SeenEvents {
    shown: Vec<String>,
    failures: Vec<AttemptFailure>,
    /// How many of the failures the case has taken.
    taken: usize,
    aborted: usize,
}

/// An attempt that failed, in an acquisition that continues.
#[derive(Clone, Debug)]
pub(super) struct AttemptFailure {
    pub(super) error: TokenError,
    pub(super) pause: Duration,
    /// When the pause ends.
    pub(super) next_attempt_at: Moment,
}

impl Events {
    pub(super) fn new(time: VirtualTime) -> Arc<Self> {
        Arc::new(Self {
            time,
            seen: Mutex::default(),
        })
    }

    /// Returns all of them, one a line.
    pub(super) fn shown(&self) -> String {
        self.lock().shown.join("\n")
    }

    pub(super) fn attempt_failures(&self) -> Vec<AttemptFailure> {
        self.lock().failures.clone()
    }

    pub(super) fn aborted_acquisitions(&self) -> usize {
        self.lock().aborted
    }

    /// Returns whether an attempt has failed that was not taken yet.
    pub(super) fn has_attempt_failure(&self) -> bool {
        let seen = self.lock();
        seen.taken < seen.failures.len()
    }

    /// Returns the next failed attempt that was not taken yet.
    pub(super) fn next_attempt_failure(&self) -> Option<AttemptFailure> {
        let mut seen = self.lock();
        let failure = seen.failures.get(seen.taken).cloned()?;
        seen.taken += 1;
        Some(failure)
    }

    fn lock(&self) -> MutexGuard<'_, SeenEvents> {
        locked(&self.seen)
    }
}

impl Observer for Events {
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        let mut seen = self.lock();
        seen.shown.push(format!("{event:?}"));
        if let Event::AttemptFailed { error, pause, .. } = event {
            seen.shown.push(error.to_string());
            seen.failures.push(AttemptFailure {
                error: (*error).clone(),
                pause: *pause,
                next_attempt_at: self.time.now() + *pause,
            });
        } else if let Event::AcquisitionFailed { error, .. } = event {
            seen.shown.push(error.to_string());
        } else if let Event::AcquisitionAborted { .. } = event {
            seen.aborted += 1;
        }
        drop(seen);
        self.time.notify();
    }
}
