//! The acquisitions of a token: how one starts, and how it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, SystemTime};

use crate::acquisition::{
    Acquisition, AcquisitionFailure, NewToken, Progress, TokenOrigin, details,
};
use crate::error::{Activity, Cause, ErrorDetails};
use crate::machine::{Aborted, AcquisitionId, Claim, Moment, Success};
#[cfg(feature = "store")]
use crate::machine::{Failure, Urgency};
use crate::{Event, Token, TokenError};

use super::managed::{ManagedToken, State};
use super::pending::{Outcome, Pending};

/// An acquisition of a token. However it ends, the token is informed: of its result; or, when it is dropped without one (a
/// panic, a runtime that was shut down), that it was aborted (S4).
pub(super) struct Running {
    token: Arc<ManagedToken>,
    pending: Arc<Pending>,
    /// The acquisition that it replaces, if that never ended.
    replaced: Option<Arc<Pending>>,
    has_ended: bool,
}

impl Running {
    pub(super) fn new(token: &Arc<ManagedToken>, state: &mut State, claim: Claim) -> Self {
        let pending = Arc::new(Pending::new(claim));
        Self {
            token: Arc::clone(token),
            replaced: state.pending.replace(Arc::clone(&pending)),
            pending,
            has_ended: false,
        }
    }

    /// Not under the lock.
    pub(super) fn launch(mut self) {
        if let Some(replaced) = self.replaced.take() {
            // S5: its waiters ask again, and join the one that replaces it.
            replaced.complete(Outcome::AskAgain);
        }
        let Pending {
            claim, activity, ..
        } = &*self.pending;
        activity.set(Activity::Observer);
        self.token.observe(&Event::AcquisitionStarted {
            acquisition: claim.id.as_u64(),
        });
        activity.set(Activity::NextAttempt);
        // S3: it belongs to no caller.
        let runtime = Arc::clone(&self.token.ports.runtime);
        runtime.spawn(Box::pin(self.run()));
    }

    async fn run(mut self) {
        let claim = self.pending.claim;
        let ManagedToken { ports, target, .. } = &*self.token;
        let held = self.token.lock().renewal.held().cloned();
        // It keeps its place at the breaker until the token has its result.
        let mut acquisition = Acquisition::new(
            ports,
            target,
            claim,
            &*self.token,
            &self.pending.activity,
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
            let cause = Cause::aborted(self.pending.activity.get());
            self.token.aborted(self.pending.claim, cause);
        }
    }
}

impl ManagedToken {
    fn succeeded(&self, claim: Claim, new: NewToken, duration: Option<Duration>) {
        let id = claim.id;
        let now = self.ports.now();
        let mut state = self.lock();
        let jitter = fastrand::f64();
        let present = |grant, generation| Token::new(grant, generation, new.header);
        let renewal = &mut state.renewal;
        let success = renewal.succeeded(now, id, new.obtained, jitter, present);
        let Some((success, token)) = success else {
            return;
        };
        // E7: it was requested when the clock had jumped that far.
        let jump = state.jumped.saturating_sub(new.jumped);
        state.renewal.was_suspended(jump);
        self.ports.server.update(|breaker| match new.origin {
            TokenOrigin::Server => breaker.succeeded(now, claim),
            #[cfg(feature = "store")]
            TokenOrigin::Store => breaker.took_token(claim),
        });
        #[cfg(feature = "store")]
        if let Some(record) = &self.record {
            record.sharing().hold(new.number);
        }
        let outcome = match success {
            Success::New | Success::Unchanged => Outcome::Obtained(token.clone()),
            Success::Outdated => Outcome::AskAgain,
        };
        self.complete(state, now, id, outcome);
        self.observe(&Event::TokenObtained {
            acquisition: id.as_u64(),
            generation: token.generation(),
            is_new: matches!(success, Success::New),
            expires_in: token.expires_in(),
            expires_at: token.expires_at(),
            duration,
        });
    }

    fn failed(&self, claim: Claim, failure: AcquisitionFailure, duration: Option<Duration>) {
        let id = claim.id;
        let now = self.ports.now();
        // Before the lock, since the user's runtime is asked.
        let wall = self.ports.clock.wall();
        let mut state = self.lock();
        let error = match failure {
            AcquisitionFailure::NotPermitted(error) => {
                let failed = state.renewal.failed(id, &error.cause().failure);
                failed.then_some(error)
            }
            #[cfg(feature = "store")]
            AcquisitionFailure::Postponed { until } => {
                if state.renewal.postponed(id, until) {
                    self.complete(state, now, id, Outcome::AskAgain);
                    self.observe(&Event::AcquisitionPostponed {
                        acquisition: id.as_u64(),
                    });
                }
                return;
            }
            AcquisitionFailure::Attempts(details) => {
                let failure = details.cause.failure;
                if details.cause.concerns_all_targets() {
                    let failed = state.renewal.failed(id, &failure);
                    failed.then(|| self.back_off_all(claim, now, wall, *details))
                } else {
                    let error = |until| details.into_error(now, wall, until);
                    state.renewal.failed_alone(now, id, &failure, error)
                }
            }
        };
        if let Some(error) = error {
            self.complete(state, now, id, Outcome::Failed(error.clone()));
            self.observe_failure(id, &error, duration);
        }
    }

    /// S4
    fn aborted(&self, claim: Claim, cause: Cause) {
        let id = claim.id;
        let now = self.ports.now();
        let wall = self.ports.clock.wall();
        // It notifies the others in the end, outside of the lock.
        let _admission = self.ports.server.admit(claim);
        let mut state = self.lock();
        let error = match state.renewal.aborted(id) {
            None => return,
            Some(Aborted::AskAgain) => None,
            Some(Aborted::Failed) => {
                Some(self.back_off_all(claim, now, wall, self.aborted_details(cause)))
            }
        };
        let outcome = error.clone().map_or(Outcome::AskAgain, Outcome::Failed);
        self.complete(state, now, id, outcome);
        // A panic of the observer during another panic would end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| match &error {
            Some(error) => self.observe_failure(id, error, None),
            None => self.observe(&Event::AcquisitionAborted {
                acquisition: id.as_u64(),
            }),
        }));
    }

    /// Nothing is known of the attempts of an acquisition that was aborted (S4).
    pub(super) fn aborted_details(&self, cause: Cause) -> ErrorDetails {
        details(&self.ports, &self.target, cause, 0, Duration::ZERO)
    }

    /// All targets back off (B2). The lock of this one is held, so that no demand comes between its machine and the breaker.
    fn back_off_all(
        &self,
        claim: Claim,
        now: Moment,
        wall: SystemTime,
        details: ErrorDetails,
    ) -> TokenError {
        let failure = details.cause.failure;
        // D15: a permanent one keeps it from attempts (D11), and not from the record.
        #[cfg(feature = "store")]
        let failure = match failure {
            Failure::Permanent { .. } if self.record.is_some() => Failure::TRANSIENT,
            Failure::Permanent { .. } | Failure::Transient { .. } => failure,
        };
        let error = |until: Moment| details.into_error(now, wall, until);
        self.ports
            .server
            .update(|breaker| breaker.acquisition_failed(now, claim, &failure, error))
    }

    /// Hands the outcome to the waiters. Events come later: an observer may panic.
    fn complete(
        &self,
        mut state: MutexGuard<'_, State>,
        now: Moment,
        id: AcquisitionId,
        outcome: Outcome,
    ) {
        self.update_cache(&state, now);
        // Unless another one has replaced it.
        let pending = state.pending.take_if(|pending| pending.claim.id == id);
        drop(state);
        if let Some(pending) = pending {
            pending.complete(outcome);
        }
        self.notify();
    }

    fn observe_failure(&self, id: AcquisitionId, error: &TokenError, duration: Option<Duration>) {
        self.observe(&Event::AcquisitionFailed {
            acquisition: id.as_u64(),
            error,
            duration,
        });
    }
}

impl Progress for ManagedToken {
    fn delayed(&self, id: AcquisitionId) {
        let now = self.ports.now();
        let mut state = self.lock();
        state.renewal.delayed(id);
        self.update_cache(&state, now);
        let pending = state.pending.clone();
        drop(state);
        if let Some(pending) = pending.filter(|pending| pending.claim.id == id) {
            pending.wake();
        }
    }

    #[cfg(feature = "store")]
    fn urgency(&self, id: AcquisitionId) -> Urgency {
        let now = self.ports.now();
        let state = self.lock();
        let pending = state.pending.as_ref();
        let pending = pending.filter(|pending| pending.claim.id == id);
        if pending.is_some_and(|pending| pending.is_awaited()) {
            Urgency::Awaited
        } else if state.renewal.may_postpone(now) {
            Urgency::Postponable
        } else {
            Urgency::Background
        }
    }
}
