//! Where the waiters of one flight look.

use std::sync::{Arc, OnceLock};

use event_listener::Event;

use crate::machine::FlightId;
use crate::manager::Waiter;
use crate::{Token, TokenError};

/// The outcome of one flight, once there is one, and a bell.
pub(crate) struct Announcement {
    flight: FlightId,
    outcome: OnceLock<Outcome>,
    bell: Event,
}

/// What became of a flight, for those who waited for it (S2).
#[derive(Clone)]
pub(crate) enum Outcome {
    Landed(Token),
    Failed(TokenError),
    /// It has no result: it died, or another took its place. Its waiters ask again (S4, S5).
    Gone,
}

impl Announcement {
    pub(crate) fn new(flight: FlightId) -> Self {
        Self {
            flight,
            outcome: OnceLock::new(),
            bell: Event::new(),
        }
    }

    pub(crate) fn flight(&self) -> FlightId {
        self.flight
    }

    /// What has been announced.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.get().cloned()
    }

    /// A place in the queue: what is announced from now on wakes it.
    pub(crate) fn waiter(self: &Arc<Self>) -> Waiter {
        Waiter {
            news: self.bell.listen(),
            announcement: Arc::clone(self),
        }
    }

    /// Announces the outcome; the first one counts.
    pub(crate) fn announce(&self, outcome: Outcome) {
        // A second one is of a flight that was replaced: its waiters have been told.
        let _ = self.outcome.set(outcome);
        self.stir();
    }

    /// Wakes the waiters without an outcome: they ask again (E4).
    pub(crate) fn stir(&self) {
        self.bell.notify(usize::MAX);
    }
}
