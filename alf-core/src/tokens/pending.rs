//! An acquisition that is under way, and those who wait for it.

use std::sync::{Arc, OnceLock};

use event_listener::{Event, EventListener};

use crate::error::CurrentlyAwaited;
use crate::machine::{AcquisitionId, Moment, NewAcquisition};
use crate::{Token, TokenError};

/// The outcome of one acquisition, once there is one.
pub(crate) struct Pending {
    acquisition: NewAcquisition,
    pub(super) awaited: CurrentlyAwaited,
    outcome: OnceLock<Outcome>,
    changed: Event,
}

/// What the waiters of an acquisition share (S2).
#[derive(Clone)]
pub(super) enum Outcome {
    Obtained(Token),
    Failed(TokenError),
    /// None: it was aborted, another one replaced it, or the token was revoked. Its waiters ask again (S4, S5, F5).
    AskAgain,
}

/// A caller that waits for an acquisition. An outcome from before it was made wakes nobody, so the outcome is looked at
/// first.
pub(crate) struct Waiter {
    pub(super) pending: Arc<Pending>,
    pub(super) changed: EventListener,
}

impl Pending {
    pub(super) fn new(acquisition: NewAcquisition) -> Self {
        Self {
            acquisition,
            awaited: CurrentlyAwaited::default(),
            outcome: OnceLock::new(),
            changed: Event::new(),
        }
    }

    pub(super) fn id(&self) -> AcquisitionId {
        self.acquisition.id
    }

    pub(super) fn deadline(&self) -> Moment {
        self.acquisition.deadline
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.outcome.get().cloned()
    }

    pub(super) fn waiter(self: &Arc<Self>) -> Waiter {
        Waiter {
            changed: self.changed.listen(),
            pending: Arc::clone(self),
        }
    }

    pub(super) fn complete(&self, outcome: Outcome) {
        // The first one counts. A second one is of an acquisition that was replaced: its waiters have asked again.
        let _ = self.outcome.set(outcome);
        self.wake();
    }

    /// Wakes the waiters without an outcome: they ask again (E4).
    pub(super) fn wake(&self) {
        self.changed.notify(usize::MAX);
    }
}
