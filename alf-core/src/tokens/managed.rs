//! One token of a client: its machine behind a lock, and the start and the end of its acquisitions.
//!
//! Each method takes the lock, asks the machine, carries out what it decided, and releases the lock before it calls
//! anything outside: a runtime that is shut down drops a task inside `spawn`, and a waker may poll. None of them waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::acquisition::{Acquisition, AcquisitionFailure, NewToken, Progress, details};
use crate::error::{Cause, ErrorDetails};
use crate::machine::{
    Aborted, AcquisitionId, Claim, Decision, Failure, Moment, NewAcquisition, RejectionDecision,
    ReplayOutcome, Success, TargetId,
};
use crate::ports::Ports;
use crate::wire::token_request::GrantParameters;
use crate::{Event, Origin, OriginRef, Token, TokenError, TokenErrorKind};

use super::cached::TokenCache;
use super::pending::{Outcome, Pending};
use super::state::{State, Step};

pub(crate) struct ManagedToken {
    pub(crate) ports: Arc<Ports>,
    /// What the token is requested with.
    pub(crate) grant: GrantParameters,
    id: TargetId,
    cache: TokenCache,
    /// Whether the held token is unproven (R6). It is read for each request, so it is not behind the lock.
    is_unproven: AtomicBool,
    state: Mutex<State>,
}

/// An acquisition that starts once the lock is released.
struct Start {
    acquisition: NewAcquisition,
    /// The acquisition that it replaces, if that never ended.
    replaced: Option<Arc<Pending>>,
}

/// An acquisition that is running. However it ends, the token is informed: of its result; or, when it is dropped without
/// one (a panic, a runtime that was shut down), that it was aborted (S4).
struct Running {
    token: Arc<ManagedToken>,
    acquisition: NewAcquisition,
    has_ended: bool,
}

impl ManagedToken {
    pub(super) fn new(ports: Arc<Ports>, grant: GrantParameters, id: TargetId) -> Self {
        Self {
            grant,
            id,
            cache: TokenCache::new(),
            is_unproven: AtomicBool::new(false),
            state: Mutex::new(State::new(ports.config.policy.clone())),
            ports,
        }
    }

    /// The fast path: the held token, if it may be used without asking the machine.
    pub(crate) fn cached(&self) -> Option<Token> {
        self.cache.read(self.ports.now())
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        self.ports.observe(&self.grant, event);
    }

    /// A caller needs a token.
    pub(super) fn demand(self: &Arc<Self>) -> Step {
        let now = self.ports.now();
        let mut state = self.lock();
        // Under the lock: a failure reaches the breaker before it reaches this token.
        let (health, server_error) = self.ports.server.health(now);
        let decision = state.renewal.demand(now, health);
        let (step, start) = self.carry_out(&mut state, decision, server_error);
        self.update_cache(&mut state, now);
        drop(state);
        self.launch(start);
        step
    }

    /// A resource server rejected a token: it is renewed (R1, R2). `None`: renewing did not help lately, and the 401 is
    /// returned (R6).
    pub(super) fn reject(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let (health, server_error) = self.ports.server.health(now);
        if state.is_foreign(token) {
            return None;
        }
        let key = state.key_of(origin.map(Origin::as_ref));
        let rejection = state.renewal.reject(now, health, token.key(), key);
        let decision = match rejection {
            RejectionDecision::Superseded(decision) | RejectionDecision::Renew(decision) => {
                decision
            }
            RejectionDecision::Return => {
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
        if matches!(rejection, RejectionDecision::Renew(Decision::Start(_))) {
            self.observe(&Event::TokenRejected {
                generation: token.generation(),
                origin,
            });
        }
        self.launch(start);
        Some(step)
    }

    /// A request was answered, and the token was not rejected (R6).
    pub(crate) fn accepted<'o>(&self, token: &Token, origin: impl FnOnce() -> OriginRef<'o>) {
        if self.is_unproven.load(Ordering::Relaxed) {
            self.replayed(token, origin(), ReplayOutcome::Accepted);
        }
    }

    /// A replay was answered (R6).
    pub(crate) fn replayed(&self, token: &Token, origin: OriginRef<'_>, outcome: ReplayOutcome) {
        let now = self.ports.now();
        let mut state = self.lock();
        let key = state.key_of(Some(origin));
        state.renewal.replayed(now, token.key(), key, outcome);
        self.update_cache(&mut state, now);
    }

    /// A token that has not expired, for a caller whose deadline has come (E4, S5).
    pub(super) fn unexpired(&self) -> Option<Token> {
        let now = self.ports.now();
        let state = self.lock();
        let token = state.token.clone();
        token.filter(|_| state.renewal.is_unexpired(now))
    }

    /// Carries out what the machine decided, except for what is done outside of the lock.
    fn carry_out(
        &self,
        state: &mut State,
        decision: Decision,
        server_error: Option<TokenError>,
    ) -> (Step, Option<Start>) {
        let start = match decision {
            Decision::UseAndRenew(_, acquisition) | Decision::Start(acquisition) => Some(Start {
                acquisition,
                replaced: state.start(acquisition),
            }),
            Decision::Use(_) | Decision::Join(_) | Decision::Refuse { .. } => None,
        };
        let step = state
            .step(decision, server_error)
            .unwrap_or_else(|| Step::Fail(self.aborted_error(None)));
        (step, start)
    }

    fn launch(self: &Arc<Self>, start: Option<Start>) {
        let Some(Start {
            acquisition,
            replaced,
        }) = start
        else {
            return;
        };
        if let Some(replaced) = replaced {
            // S5: its waiters ask again, and join the one that replaces it.
            replaced.complete(Outcome::AskAgain);
        }
        self.observe(&Event::AcquisitionStarted {
            acquisition: acquisition.id.as_u64(),
        });
        let running = Running {
            token: Arc::clone(self),
            acquisition,
            has_ended: false,
        };
        // S3: it belongs to no caller.
        self.ports.runtime.spawn(Box::pin(running.run()));
    }

    fn succeeded(&self, id: AcquisitionId, new: NewToken) {
        let NewToken { obtained, header } = new;
        let now = self.ports.now();
        let grant = Arc::clone(&obtained.token);
        let expires_in = grant.expires_in;
        let mut state = self.lock();
        let jitter = fastrand::f64();
        let Some(success) = state.renewal.succeeded(now, id, obtained, jitter) else {
            return;
        };
        let (Success::New(generation) | Success::Unchanged(generation)) = success;
        let outcome = state.hold(generation, grant, header);
        self.complete(state, now, id, outcome);
        let (acquisition, generation) = (id.as_u64(), generation.as_u64());
        self.observe(&match success {
            Success::New(_) => Event::TokenObtained {
                acquisition,
                generation,
                expires_in,
            },
            Success::Unchanged(_) => Event::TokenUnchanged {
                acquisition,
                generation,
                expires_in,
            },
        });
    }

    fn failed(&self, id: AcquisitionId, failure: AcquisitionFailure) {
        let now = self.ports.now();
        // Before the lock, since the user's runtime is asked.
        let wall = self.ports.clock.wall();
        let mut state = self.lock();
        let error = match failure {
            AcquisitionFailure::Server(error) => {
                if !state.renewal.failed(id, &error.cause().failure) {
                    return;
                }
                error
            }
            AcquisitionFailure::Target(details) => {
                let failure = details.cause.failure;
                let Some(until) = state.renewal.failed_alone(now, id, &failure) else {
                    return;
                };
                let retry_at = wall.checked_add(until.saturating_since(now));
                let error = TokenError::new(ErrorDetails {
                    retry_at,
                    ..*details
                });
                state.target_error = Some(error.clone());
                error
            }
        };
        self.complete(state, now, id, Outcome::Failed(error.clone()));
        self.observe_failure(id, &error);
    }

    /// S4
    fn aborted(&self, acquisition: NewAcquisition) {
        let NewAcquisition { id, deadline } = acquisition;
        let now = self.ports.now();
        let wall = self.ports.clock.wall();
        let mut state = self.lock();
        let Some(aborted) = state.renewal.aborted(id) else {
            return;
        };
        self.update_cache(&mut state, now);
        let pending = state.take_pending(id);
        drop(state);
        let error = (aborted == Aborted::Failed).then(|| {
            let claim = Claim {
                target: self.id,
                deadline,
            };
            let error = |until: Moment| {
                let retry_at = wall.checked_add(until.saturating_since(now));
                self.aborted_error(retry_at)
            };
            let admission = self.ports.server.admit(claim);
            admission.change(|breaker, claim| {
                breaker.acquisition_failed(now, claim, &Failure::TRANSIENT, error)
            })
        });
        if let Some(pending) = pending {
            pending.complete(error.clone().map_or(Outcome::AskAgain, Outcome::Failed));
        }
        // A panic of the observer during another panic would end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| match &error {
            Some(error) => self.observe_failure(id, error),
            None => self.observe(&Event::AcquisitionAborted {
                acquisition: id.as_u64(),
            }),
        }));
    }

    /// Hands the outcome to the waiters. Events come later: an observer may panic.
    fn complete(
        &self,
        mut state: MutexGuard<'_, State>,
        now: Moment,
        id: AcquisitionId,
        outcome: Outcome,
    ) {
        self.update_cache(&mut state, now);
        let pending = state.take_pending(id);
        drop(state);
        if let Some(pending) = pending {
            pending.complete(outcome);
        }
    }

    fn observe_failure(&self, id: AcquisitionId, error: &TokenError) {
        self.observe(&Event::AcquisitionFailed {
            acquisition: id.as_u64(),
            error,
        });
    }

    fn aborted_error(&self, retry_at: Option<SystemTime>) -> TokenError {
        let cause = Cause::new(TokenErrorKind::Aborted, Failure::TRANSIENT);
        // Nothing is known of its attempts (S4).
        let details = details(&self.ports, &self.grant, cause, 0, Duration::ZERO);
        TokenError::new(ErrorDetails {
            retry_at,
            ..details
        })
    }

    /// Lets the cache answer as long as the machine would answer the same.
    fn update_cache(&self, state: &mut State, now: Moment) {
        let (health, _) = self.ports.server.health(now);
        let is_unproven = state.renewal.is_unproven();
        self.is_unproven.store(is_unproven, Ordering::Relaxed);
        let until = state.renewal.cacheable_until(now, health);
        let Some((token, until)) = state.token.as_ref().zip(until) else {
            if state.cached.take().is_some() {
                self.cache.clear();
            }
            return;
        };
        let is_cached = |(cached, known): &(Token, Moment)| cached.is(token) && *known == until;
        if !state.cached.as_ref().is_some_and(is_cached) {
            self.cache.write(until, || self.copy_of(token));
            state.cached = Some((token.clone(), until));
        }
    }

    fn copy_of(&self, token: &Token) -> Token {
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(token.token_type(), token.expose_access_token());
        // It could be presented when it was obtained. If not, the copies share a header, which is correct too.
        token.unshared(header.unwrap_or_else(|| token.header_value().clone()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs while it is held panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for ManagedToken {
    fn delayed(&self, id: AcquisitionId) {
        let now = self.ports.now();
        let mut state = self.lock();
        state.renewal.delayed(id);
        self.update_cache(&mut state, now);
        let pending = state.pending.clone().filter(|pending| pending.id() == id);
        drop(state);
        if let Some(pending) = pending {
            pending.wake();
        }
    }
}

impl Running {
    async fn run(mut self) {
        let ManagedToken {
            ports, grant, id, ..
        } = &*self.token;
        let acquisition = Acquisition::new(ports, grant, *id, self.acquisition, &*self.token);
        let result = acquisition.run().await;
        self.has_ended = true;
        match result {
            Ok(token) => self.token.succeeded(self.acquisition.id, token),
            Err(failure) => self.token.failed(self.acquisition.id, failure),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            self.token.aborted(self.acquisition);
        }
    }
}
