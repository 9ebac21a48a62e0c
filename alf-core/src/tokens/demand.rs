//! What callers ask of a token.
//!
//! Each method takes the lock, asks the machine, carries out what it decided, and releases the lock before it calls
//! anything outside: a runtime that is shut down drops a task inside `spawn`, and a waker may poll. None of them waits.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use crate::error::{Awaited, Cause};
use crate::machine::{Answer, Decision, Health, Moment, RejectionDecision};
use crate::{Event, Origin, Token, TokenError};

use super::acquiring::Running;
use super::managed::{Machine, ManagedToken, State};
use super::pending::{Pending, Step};

impl ManagedToken {
    /// A caller needs a token.
    pub(super) fn demand(self: &Arc<Self>) -> Step {
        self.ask(Machine::demand)
    }

    /// The user asks for a renewal.
    pub(super) fn demand_renewal(self: &Arc<Self>) -> Step {
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
            // It is not known when the request was sent, nor whether others are accepted.
            let _ = self.reject(token, 0, origin);
        }
    }

    /// A resource server rejected a token of this manager: it is renewed (R1, R2). `sent_after` is what
    /// [`rejections`](Self::rejections) returned when the request was sent. It is 0 if that is not known, or if this rejection
    /// was counted already. `None`: the 401 is returned, because renewing did not help lately (R6), or because the token was
    /// revoked.
    pub(crate) fn reject(
        self: &Arc<Self>,
        token: &Token,
        sent_after: u64,
        origin: Option<&Origin>,
    ) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let health = self.ports.server.health(now);
        state.renewal.held()?;
        let (id, generation) = (token.generation_id(), token.generation());
        let numbers = sent_after..self.rejections.fetch_add(1, Ordering::Relaxed) + 1;
        let rejection = state.renewal.reject(now, &health, id, numbers, origin);
        let (decision, event) = match rejection {
            RejectionDecision::Superseded(decision) => (decision, None),
            RejectionDecision::Renew(decision) => {
                let event = Event::TokenRejected { generation, origin };
                let starts = decision.start.is_some();
                (decision, starts.then_some(event))
            }
            RejectionDecision::UsePrevious(previous) => {
                let event = Event::PreviousTokenUsed {
                    generation: previous.generation(),
                    rejected: generation,
                    origin,
                };
                let answer = Answer::Use(previous);
                let start = None;
                (Decision { answer, start }, Some(event))
            }
            RejectionDecision::Return => {
                self.update_cache(&state, now);
                drop(state);
                self.observe(&Event::RejectionReturned { generation, origin });
                return None;
            }
        };
        Some(self.carry_out(state, now, decision, event))
    }

    /// A resource server rejected a request with `token`, and its replay with the token `replayed`. `None`: the response is
    /// returned (R3). If that was the previous token, the request is replayed once more (R9).
    pub(crate) fn reject_replay(
        self: &Arc<Self>,
        token: &Token,
        replayed: &Token,
        origin: &Origin,
    ) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let (rejected, replayed) = (token.generation_id(), replayed.generation_id());
        let is_previous = state
            .renewal
            .rejected_replay(now, rejected, replayed, origin);
        self.update_cache(&state, now);
        drop(state);
        is_previous.then(|| self.reject(token, 0, Some(origin)))?
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
            Answer::Wait => {
                let waits = state.pending.as_ref().map(Pending::wait);
                // `None` cannot occur: `pending` is what the machine knows as under way.
                waits.unwrap_or_else(|| {
                    let cause = Cause::aborted(Awaited::NextAttempt);
                    Step::Fail(TokenError::new(self.aborted_details(cause)))
                })
            }
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
