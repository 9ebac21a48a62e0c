//! What all tokens of a client know of their authorization server: whether it is in trouble, and
//! whose attempt is next (B1, B2).

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::TokenError;
use crate::machine::{Claim, Failure, Moment, Rest, Ticket, Turn, Turns};

/// Shared by a client's views; locked after a view's own state, never before it.
#[derive(Default)]
pub(crate) struct ServerState {
    known: Mutex<Known>,
    /// Rings when what is known has changed.
    bell: Event,
}

#[derive(Default)]
struct Known {
    turns: Turns,
    /// The last attempt of any that failed, since one succeeded.
    attempt_failed: Option<(Moment, TokenError)>,
    /// The last acquisition of any that failed, since one succeeded.
    failure: Option<SharedFailure>,
}

/// A failed acquisition whose failure every other would meet too.
#[derive(Clone)]
pub(crate) struct SharedFailure {
    pub(crate) rest: Rest,
    pub(crate) error: TokenError,
}

/// What all know, while an acquisition fails.
pub(super) struct Failing<'a>(MutexGuard<'a, Known>);

/// [`Turn`], and what one fell with.
pub(crate) enum Permission {
    Go { turn: u64 },
    Wait { until: Moment },
    Stop,
    Fallen(SharedFailure),
}

impl ServerState {
    pub(super) fn ticket(&self) -> Ticket {
        self.lock().turns.ticket()
    }

    /// A place in the queue of those who are told when something has changed: to be taken before
    /// asking.
    pub(crate) fn news(&self) -> EventListener {
        self.bell.listen()
    }

    /// Whether an acquisition may make an attempt.
    pub(crate) fn ask(&self, now: Moment, claim: Claim) -> Permission {
        let mut known = self.lock();
        match (known.turns.ask(now, claim), &known.failure) {
            (Turn::Go { turn }, _) => Permission::Go { turn },
            (Turn::Wait { until }, _) => Permission::Wait { until },
            (Turn::Stop, _) => Permission::Stop,
            (Turn::Fallen, Some(failure)) => Permission::Fallen(failure.clone()),
            // None has fallen where no acquisition has failed.
            (Turn::Fallen, None) => Permission::Go { turn: 0 },
        }
    }

    /// An attempt failed, and its acquisition tries again: [`Turns::attempt_failed`].
    pub(crate) fn attempt_failed(
        &self,
        now: Moment,
        ticket: Ticket,
        at: Moment,
        jitter: f64,
        error: TokenError,
    ) {
        let mut known = self.lock();
        known.turns.attempt_failed(now, ticket, at, jitter);
        let before = known.attempt_failed.replace((now, error));
        drop(known);
        // Another's `Drop` is not run under the lock.
        drop(before);
        self.ring();
    }

    /// How the last attempt failed, if none has succeeded since, and if it was not before `since`.
    pub(crate) fn trouble(&self, since: Moment) -> Option<TokenError> {
        let attempt_failed = self.lock().attempt_failed.clone();
        let (_, error) = attempt_failed.filter(|(at, _)| since <= *at)?;
        Some(error)
    }

    /// [`Turns::renewed`].
    pub(crate) fn renewed(&self, ticket: Ticket) -> Ticket {
        self.lock().turns.renewed(ticket)
    }

    /// [`Turns::found_out`].
    pub(crate) fn found_out(&self, ticket: Ticket) {
        self.lock().turns.found_out(ticket);
        self.ring();
    }

    /// A token has landed. The bell is not rung, since a view's lock is held: it is when the acquisition
    /// leaves.
    pub(super) fn succeeded(&self, ticket: Ticket) {
        let mut known = self.lock();
        known.turns.succeeded(ticket);
        let over = (known.attempt_failed.take(), known.failure.take());
        drop(known);
        drop(over);
    }

    /// The failure in force.
    pub(super) fn failure(&self) -> Option<SharedFailure> {
        self.lock().failure.clone()
    }

    /// An acquisition is over.
    pub(crate) fn leave(&self, ticket: Ticket) {
        self.lock().turns.leave(ticket);
        self.ring();
    }

    /// For an acquisition that fails: what others know is asked and told at once, so that acquisitions that
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
    /// The failure that is rested after.
    pub(super) fn in_force(&self, now: Moment) -> Option<&SharedFailure> {
        let failure = self.0.failure.as_ref();
        failure.filter(|failure| now < failure.rest.end())
    }

    /// The one in force of which that failure is no news: of the same kind, and since its acquisition
    /// began.
    pub(super) fn known(
        &self,
        now: Moment,
        ticket: Ticket,
        failure: &Failure,
    ) -> Option<SharedFailure> {
        let known = self.in_force(now)?;
        let is_same = known.error.is_transient() == failure.is_transient();
        let is_since = self.0.turns.has_seen_failure(ticket);
        (is_same && is_since).then(|| known.clone())
    }

    /// The rest after the last failure that was everybody's; the next one is longer.
    pub(super) fn last_rest(&self) -> Rest {
        let failure = self.0.failure.as_ref();
        failure
            .map(|failure| failure.rest.clone())
            .unwrap_or_default()
    }

    /// It failed of what is [known](Self::known).
    pub(super) fn failed_too(mut self, now: Moment, ticket: Ticket) {
        self.0.turns.failed_too(now, ticket, fastrand::f64());
    }

    /// It failed of what every other would meet. The bell is not rung, since a view's lock is held:
    /// it is when the acquisition leaves.
    pub(super) fn failed(mut self, now: Moment, ticket: Ticket, failure: SharedFailure) {
        let until = failure.rest.end();
        let kind = failure.error.cause().failure;
        self.0.turns.failed(ticket, &kind, until);
        let attempt_failed = self.0.attempt_failed.replace((now, failure.error.clone()));
        let before = (attempt_failed, self.0.failure.replace(failure));
        drop(self);
        drop(before);
    }
}
