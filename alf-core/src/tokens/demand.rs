//! What callers ask of a token.
//!
//! Each method takes the lock, asks the machine, carries out what it decided, and releases the lock before it calls
//! anything outside: a runtime that is shut down drops a task inside `spawn`, and a waker may poll. None of them waits.

use std::sync::{Arc, MutexGuard};

use crate::error::{Awaited, Cause};
use crate::machine::{Answer, Decision, Health, Moment, RejectionDecision, Renewal};
use crate::{Event, Origin, Token, TokenError};

use super::acquiring::Running;
use super::managed::{ManagedToken, State};
use super::pending::Step;

type Machine = Renewal<Token, Origin, TokenError>;

impl ManagedToken {
    /// A caller needs a token.
    pub(super) fn demand(self: &Arc<Self>) -> Step {
        self.ask(Machine::demand)
    }

    /// The user asks for a renewal.
    pub(super) fn renew(self: &Arc<Self>) -> Step {
        self.ask(Machine::renew)
    }

    fn ask(
        self: &Arc<Self>,
        decide: fn(&mut Machine, Moment, &Health<TokenError>) -> Decision<Token, TokenError>,
    ) -> Step {
        let now = self.ports.now();
        let mut state = self.lock();
        // Under the lock, as a failure changes this machine and the breaker: nobody sees only one of the two.
        let health = self.ports.server.health(now);
        let decision = decide(&mut state.renewal, now, &health);
        self.carry_out(state, now, decision, None)
    }

    /// A user's own loop rejects a token, which does nothing unless it is in use (R1). The next caller waits for the renewal.
    pub(super) fn reject_held(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) {
        // A token of another manager may have the same number.
        let holds = self
            .lock()
            .renewal
            .tokens()
            .any(|known| known.is_same_token(token));
        if holds {
            let _ = self.reject(token, origin);
        }
    }

    /// A resource server rejected a token of this manager: it is renewed (R1, R2). `None`: the 401 is returned, because
    /// renewing did not help lately (R6), or because the token was revoked.
    pub(crate) fn reject(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) -> Option<Step> {
        self.ask_after_rejection(token, origin, |renewal, now, health| {
            Some(renewal.reject(now, health, token.generation_id(), origin))
        })
    }

    /// A resource server rejected a request with `token`, and its replay with the token `replayed`. `None`: the 401 is
    /// returned (R3). It is replayed once more if that was the previous token (R9).
    pub(crate) fn reject_replay(
        self: &Arc<Self>,
        token: &Token,
        replayed: &Token,
        origin: &Origin,
    ) -> Option<Step> {
        let (first, second) = (token.generation_id(), replayed.generation_id());
        self.ask_after_rejection(replayed, Some(origin), |renewal, now, health| {
            renewal.rejected_replay(now, health, first, second, origin)
        })
    }

    fn ask_after_rejection(
        self: &Arc<Self>,
        rejected: &Token,
        origin: Option<&Origin>,
        decide: impl FnOnce(
            &mut Machine,
            Moment,
            &Health<TokenError>,
        ) -> Option<RejectionDecision<Token, TokenError>>,
    ) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let health = self.ports.server.health(now);
        state.renewal.held()?;
        let decision = decide(&mut state.renewal, now, &health);
        let generation = rejected.generation();
        let (decision, event) = match decision {
            None => (None, None),
            Some(RejectionDecision::Superseded(decision)) => (Some(decision), None),
            Some(RejectionDecision::Renew(decision)) => {
                let event = decision
                    .start
                    .is_some()
                    .then_some(Event::TokenRejected { generation, origin });
                (Some(decision), event)
            }
            Some(RejectionDecision::UsePrevious(previous)) => {
                let event = Event::PreviousTokenUsed {
                    generation: previous.generation(),
                    rejected: generation,
                    origin,
                };
                let answer = Answer::Use(previous);
                let start = None;
                (Some(Decision { answer, start }), Some(event))
            }
            Some(RejectionDecision::Return) => {
                (None, Some(Event::RejectionReturned { generation, origin }))
            }
        };
        if let Some(decision) = decision {
            return Some(self.carry_out(state, now, decision, event));
        }
        self.update_cache(&state, now);
        drop(state);
        if let Some(event) = event {
            self.observe(&event);
        }
        None
    }

    fn carry_out(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        now: Moment,
        decision: Decision<Token, TokenError>,
        event: Option<Event<'_>>,
    ) -> Step {
        let Decision { answer, start } = decision;
        let start = start.map(|claim| Running::new(self, &mut state, claim));
        let step = match answer {
            Answer::Use(token) => Step::Use(token),
            Answer::Refuse(error) => Step::Fail(error),
            Answer::Wait => match &state.pending {
                Some(pending) => pending.wait(),
                // Cannot occur: `pending` is what the machine knows as under way.
                None => Step::Fail(self.aborted_error(Cause::aborted(Awaited::NextAttempt))),
            },
        };
        self.update_cache(&state, now);
        drop(state);
        if let Some(event) = event {
            self.observe(&event);
        }
        if let Some(start) = start {
            start.launch();
        }
        step
    }
}
