//! [`Events`]: what a client told while a case ran.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use alf_core::{Event, Moment, Observer, Runtime, TokenErrorKind};

use crate::VirtualTime;

/// Every event of a case's clients, as text; and of its failed attempts what the case acts on.
pub(super) struct Events {
    time: VirtualTime,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    shown: Vec<String>,
    stumbles: Vec<AttemptFailure>,
    handled: usize,
    deaths: usize,
}

/// An attempt that failed, in an acquisition that goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptFailure {
    pub(super) kind: TokenErrorKind,
    pub(super) is_transient: bool,
    pub(super) pause: Duration,
    pub(super) at: Moment,
}

impl Events {
    pub(super) fn new(time: VirtualTime) -> Arc<Self> {
        Arc::new(Self {
            time,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// All of them, one a line.
    pub(super) fn shown(&self) -> String {
        super::locked(&self.state).shown.join("\n")
    }

    /// The attempts that failed so far.
    pub(super) fn stumbles(&self) -> Vec<AttemptFailure> {
        super::locked(&self.state).stumbles.clone()
    }

    /// How many acquisitions died.
    pub(super) fn deaths(&self) -> usize {
        super::locked(&self.state).deaths
    }

    /// The next failed attempt whose pause has not been dealt with, if there is one within
    /// `patience`.
    pub(super) fn next_attempt_failure(&self, patience: Duration) -> Option<AttemptFailure> {
        let state = super::locked(&self.state);
        let waited = self.changed.wait_timeout_while(state, patience, |state| {
            state.handled == state.stumbles.len()
        });
        let mut state = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        let attempt_failed = state.stumbles.get(state.handled).copied();
        if attempt_failed.is_some() {
            state.handled += 1;
        }
        attempt_failed
    }
}

impl Observer for Events {
    fn on(&self, event: &Event<'_>) {
        let mut state = super::locked(&self.state);
        state.shown.push(format!("{event:?}"));
        if let Event::AttemptFailed { error, pause, .. } = event {
            state.shown.push(error.to_string());
            state.stumbles.push(AttemptFailure {
                kind: error.kind(),
                is_transient: error.is_transient(),
                pause: *pause,
                at: self.time.now(),
            });
        } else if let Event::AcquisitionFailed { error, .. } = event {
            state.shown.push(error.to_string());
        } else if let Event::AcquisitionAborted { .. } = event {
            state.deaths += 1;
        }
        drop(state);
        self.changed.notify_all();
    }
}
