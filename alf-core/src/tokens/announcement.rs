//! Where the waiters of one acquisition look.

use std::sync::{Arc, OnceLock};

use event_listener::Event;

use crate::machine::{AcquisitionId, Begin, Moment};
use crate::{Token, TokenError};

use super::waiting::Waiter;

/// The outcome of one acquisition, once there is one, and a bell.
pub(super) struct Announcement {
    acquisition: AcquisitionId,
    deadline: Moment,
    outcome: OnceLock<Outcome>,
    bell: Event,
}

/// What became of an acquisition, for those who waited for it (S2).
#[derive(Clone)]
pub(super) enum Outcome {
    Completion(Token),
    Failed(TokenError),
    /// It has no result: it died, or another took its place. Its waiters ask again (S4, S5).
    Gone,
}

impl Announcement {
    pub(super) fn new(begin: Begin) -> Self {
        Self {
            acquisition: begin.acquisition,
            deadline: begin.deadline,
            outcome: OnceLock::new(),
            bell: Event::new(),
        }
    }

    pub(super) fn acquisition(&self) -> AcquisitionId {
        self.acquisition
    }

    /// When the acquisition must have ended (S5).
    pub(super) fn deadline(&self) -> Moment {
        self.deadline
    }

    /// What has been announced.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.outcome.get().cloned()
    }

    /// A place in the queue: what is announced from now on wakes it.
    pub(super) fn waiter(self: &Arc<Self>) -> Waiter {
        Waiter {
            news: self.bell.listen(),
            announcement: Arc::clone(self),
        }
    }

    /// Announces the outcome; the first one counts.
    pub(super) fn announce(&self, outcome: Outcome) {
        // A second one is of an acquisition that was replaced: its waiters have been told.
        let _ = self.outcome.set(outcome);
        self.stir();
    }

    /// Wakes the waiters without an outcome: they ask again (E4).
    pub(super) fn stir(&self) {
        self.bell.notify(usize::MAX);
    }
}
