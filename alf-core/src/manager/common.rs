//! What all tokens of a client know of their authorization server: whether it is in trouble, and
//! whose attempt is next (B1, B2).

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::TokenError;
use crate::machine::{Failure, Moment, Rest, Ticket, Turn, Turns};

/// Shared by a client's views; locked after a view's own state, never before it.
#[derive(Default)]
pub(crate) struct Common {
    known: Mutex<Known>,
    /// Rings when what is known has changed.
    bell: Event,
}

#[derive(Default)]
struct Known {
    turns: Turns,
    /// The last attempt of any that failed, since one succeeded.
    stumble: Option<TokenError>,
    /// The last flight of any that failed, since one succeeded.
    failure: Option<CommonFailure>,
}

/// A failed flight whose failure every other would meet too.
#[derive(Clone)]
pub(crate) struct CommonFailure {
    pub(crate) rest: Rest,
    pub(crate) error: TokenError,
}

/// What all know, while a flight fails.
pub(super) struct Failing<'a>(MutexGuard<'a, Known>);

/// [`Turn`], and what one fell with.
pub(crate) enum Permission {
    Go,
    Wait { until: Moment },
    Stop,
    Fallen(CommonFailure),
}

impl Common {
    pub(super) fn ticket(&self) -> Ticket {
        self.lock().turns.ticket()
    }

    /// A place in the queue of those who are told when something has changed: to be taken before
    /// asking.
    pub(crate) fn news(&self) -> EventListener {
        self.bell.listen()
    }

    /// Whether a flight may make an attempt; `alone` as in [`Turns::ask`].
    pub(crate) fn ask(
        &self,
        now: Moment,
        ticket: Ticket,
        deadline: Moment,
        alone: bool,
    ) -> Permission {
        let mut known = self.lock();
        let failure = known.failure.clone();
        match (known.turns.ask(now, ticket, deadline, alone), failure) {
            (Turn::Wait { until }, _) => Permission::Wait { until },
            (Turn::Stop, _) => Permission::Stop,
            (Turn::Fallen, Some(failure)) => Permission::Fallen(failure),
            // None has fallen where no flight has failed.
            (Turn::Go, _) | (Turn::Fallen, None) => Permission::Go,
        }
    }

    /// An attempt failed, and its flight tries again: [`Turns::stumbled`].
    pub(crate) fn stumbled(
        &self,
        now: Moment,
        ticket: Ticket,
        at: Moment,
        jitter: f64,
        error: TokenError,
    ) {
        let mut known = self.lock();
        known.turns.stumbled(now, ticket, at, jitter);
        known.stumble = Some(error);
        drop(known);
        self.ring();
    }

    /// How the last attempt failed, if none has succeeded since.
    pub(crate) fn trouble(&self) -> Option<TokenError> {
        self.lock().stumble.clone()
    }

    /// An attempt succeeded.
    pub(crate) fn succeeded(&self, ticket: Ticket) {
        let mut known = self.lock();
        known.turns.succeeded(ticket);
        known.stumble = None;
        known.failure = None;
        drop(known);
        self.ring();
    }

    /// The failure in force.
    pub(super) fn failure(&self) -> Option<CommonFailure> {
        self.lock().failure.clone()
    }

    /// A flight is over.
    pub(crate) fn leave(&self, ticket: Ticket) {
        self.lock().turns.leave(ticket);
        self.ring();
    }

    /// For a flight that fails: what others know is asked and told at once, so that flights that
    /// meet the same failure at the same time are one failure.
    pub(super) fn failing(&self) -> Failing<'_> {
        Failing(self.lock())
    }

    fn ring(&self) {
        self.bell.notify(usize::MAX);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failing<'_> {
    /// The failure of which that one is no news: of the same kind, and since that flight began.
    pub(super) fn known(&self, ticket: Ticket, failure: &Failure) -> Option<CommonFailure> {
        let is_same = |known: &CommonFailure| known.error.is_transient() == failure.is_transient();
        let known = self.0.failure.as_ref();
        known
            .filter(|known| is_same(known) && self.0.turns.has_seen_failure(ticket))
            .cloned()
    }

    /// The rest after the last failure that was everybody's; the next one is longer.
    pub(super) fn last_rest(&self) -> Rest {
        let failure = self.0.failure.as_ref();
        failure
            .map(|failure| failure.rest.clone())
            .unwrap_or_default()
    }

    /// It failed of what every other would meet. The bell is not rung, since a view's lock is held:
    /// it is when the flight leaves.
    pub(super) fn failed(mut self, ticket: Ticket, failure: CommonFailure) {
        let until = failure.rest.end();
        let kind = failure.error.cause().failure;
        self.0.turns.failed(ticket, &kind, until);
        self.0.stumble = Some(failure.error.clone());
        self.0.failure = Some(failure);
    }
}
