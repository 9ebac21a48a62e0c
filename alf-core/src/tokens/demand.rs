//! What callers ask of a token, and the start of its acquisitions.
//!
//! Each method takes the lock, asks the machine, carries out what it decided, and releases the lock before it calls
//! anything outside: a runtime that is shut down drops a task inside `spawn`, and a waker may poll. None of them waits.

use std::sync::Arc;

use crate::acquisition::Acquisition;
use crate::error::{Awaited, Cause};
use crate::machine::{
    BackOffCause, Claim, Decision, Health, Moment, NewAcquisition, RejectionCount,
    RejectionDecision, Renewal,
};
use crate::token::Grant;
use crate::{Event, Origin, Token, TokenError};

use super::managed::ManagedToken;
use super::pending::{Outcome, Pending};
use super::state::{State, Step};

impl ManagedToken {
    /// A caller needs a token.
    pub(super) fn demand(self: &Arc<Self>) -> Step {
        self.ask(Renewal::demand)
    }

    /// The user asks for a renewal.
    pub(super) fn renew(self: &Arc<Self>) -> Step {
        self.ask(Renewal::renew)
    }

    fn ask(
        self: &Arc<Self>,
        decide: fn(&mut Renewal<Arc<Grant>, Origin>, Moment, Health) -> Decision,
    ) -> Step {
        let now = self.ports.now();
        let mut state = self.lock();
        // Under the lock, as a failure changes this machine and the breaker: nobody sees only one of the two.
        let (health, server_error) = self.ports.server.health(now);
        let decision = decide(&mut state.renewal, now, health);
        let (step, start) = self.carry_out(&mut state, decision, server_error);
        self.update_cache(&mut state, now);
        drop(state);
        self.launch(start);
        step
    }

    /// A user's own loop rejects a token, which does nothing unless it is in use (R1). The next caller waits for the renewal.
    pub(super) fn reject_held(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) {
        let holds = self.lock().holds(token);
        if holds {
            // It is not known when the request was sent, nor whether others are accepted.
            let _ = self.reject(token, RejectionCount::default(), origin);
        }
    }

    /// A resource server rejected a token of this manager: it is renewed (R1, R2). `sent` is what
    /// [`rejections`](Self::rejections) returned when the request was sent. `None`: the 401 is returned, because renewing
    /// did not help lately (R6), or because the token was revoked.
    pub(crate) fn reject(
        self: &Arc<Self>,
        token: &Token,
        sent: RejectionCount,
        origin: Option<&Origin>,
    ) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let (health, server_error) = self.ports.server.health(now);
        state.token.as_ref()?;
        let rejection = state
            .renewal
            .reject(now, health, token.generation_id(), sent, origin);
        let decision = match rejection {
            RejectionDecision::Superseded(decision) | RejectionDecision::Renew(decision) => {
                decision
            }
            RejectionDecision::UsePrevious(previous) => Decision::Use(previous),
            RejectionDecision::Return => {
                self.update_rejections(&state, now);
                drop(state);
                self.observe(&Event::RejectionReturned {
                    generation: token.generation(),
                    origin,
                });
                return None;
            }
        };
        let (step, start) = self.carry_out(&mut state, decision, server_error);
        self.update_cache(&mut state, now);
        drop(state);
        self.notify();
        let generation = token.generation();
        match rejection {
            RejectionDecision::Renew(Decision::Start(_)) => {
                self.observe(&Event::TokenRejected { generation, origin });
            }
            RejectionDecision::UsePrevious(previous) => self.observe(&Event::PreviousTokenUsed {
                generation: previous.as_u64(),
                rejected: generation,
                origin,
            }),
            RejectionDecision::Superseded(_)
            | RejectionDecision::Renew(_)
            | RejectionDecision::Return => {}
        }
        self.launch(start);
        Some(step)
    }

    /// Carries out what the machine decided, except for what is done outside of the lock.
    fn carry_out(
        self: &Arc<Self>,
        state: &mut State,
        decision: Decision,
        server_error: Option<TokenError>,
    ) -> (Step, Option<Start>) {
        let used = |state: &State, generation| state.token_of(generation).cloned().map(Step::Use);
        let (step, start) = match decision {
            Decision::Use(generation) => (used(state, generation), None),
            Decision::UseAndRenew(generation, acquisition) => {
                let start = self.prepare(state, acquisition);
                (used(state, generation), Some(start))
            }
            Decision::Start(acquisition) => {
                let start = self.prepare(state, acquisition);
                (state.waiter().map(Step::Wait), Some(start))
            }
            Decision::Join(_) => (state.waiter().map(Step::Wait), None),
            Decision::Refuse { cause, .. } => {
                let error = match cause {
                    BackOffCause::Server => server_error,
                    BackOffCause::Target => state.target_error.clone(),
                };
                (error.map(Step::Fail), None)
            }
        };
        // `None` cannot occur: what a decision is about is kept in `state` until the next decision.
        let step = step.unwrap_or_else(|| {
            Step::Fail(TokenError::new(
                self.aborted_details(Cause::aborted(Awaited::NextAttempt)),
            ))
        });
        (step, start)
    }

    fn prepare(self: &Arc<Self>, state: &mut State, acquisition: NewAcquisition) -> Start {
        let pending = Arc::new(Pending::new(acquisition));
        Start {
            running: Running {
                token: Arc::clone(self),
                acquisition,
                pending: Arc::clone(&pending),
                has_ended: false,
            },
            replaced: state.pending.replace(pending),
        }
    }

    fn launch(&self, start: Option<Start>) {
        let Some(Start { running, replaced }) = start else {
            return;
        };
        if let Some(replaced) = replaced {
            // S5: its waiters ask again, and join the one that replaces it.
            replaced.complete(Outcome::AskAgain);
        }
        let awaited = &running.pending.awaited;
        awaited.set(Awaited::Observer);
        self.observe(&Event::AcquisitionStarted {
            acquisition: running.acquisition.id.as_u64(),
        });
        awaited.set(Awaited::NextAttempt);
        // S3: it belongs to no caller.
        self.ports.runtime.spawn(Box::pin(running.run()));
    }
}

/// An acquisition that starts once the lock is released.
struct Start {
    running: Running,
    /// The acquisition that it replaces, if that never ended.
    replaced: Option<Arc<Pending>>,
}

/// An acquisition that is running. However it ends, the token is informed: of its result; or, when it is dropped without
/// one (a panic, a runtime that was shut down), that it was aborted (S4).
struct Running {
    token: Arc<ManagedToken>,
    acquisition: NewAcquisition,
    pending: Arc<Pending>,
    has_ended: bool,
}

impl Running {
    fn claim(&self) -> Claim {
        let NewAcquisition { id, deadline } = self.acquisition;
        Claim {
            target: self.token.target_id,
            id,
            deadline,
        }
    }

    async fn run(mut self) {
        let claim = self.claim();
        let ManagedToken { ports, target, .. } = &*self.token;
        let held = self.token.lock().token.clone();
        // It keeps its place at the breaker until the token has its result.
        let mut acquisition = Acquisition::new(
            ports,
            target,
            claim,
            &*self.token,
            &self.pending.awaited,
            held,
            #[cfg(feature = "store")]
            self.token.record.as_ref(),
        );
        let result = acquisition.run().await;
        let duration = acquisition.last_attempt();
        self.has_ended = true;
        #[cfg(feature = "store")]
        if acquisition.is_save_awaited() {
            self.pending.save_started();
        }
        match result {
            Ok(token) => self.token.succeeded(claim, token, duration),
            Err(failure) => self.token.failed(claim, failure, duration),
        }
        #[cfg(feature = "store")]
        Box::pin(acquisition.save()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(feature = "store")]
        self.pending.save_ended();
        if !self.has_ended {
            let cause = Cause::aborted(self.pending.awaited.get());
            self.token.aborted(self.claim(), cause);
        }
    }
}
