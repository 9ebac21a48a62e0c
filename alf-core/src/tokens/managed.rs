//! One token of a client: its machine behind a lock, and the start and the end of its acquisitions.
//!
//! Each method takes the lock, asks the machine, carries out what it decided, and releases the lock before it calls
//! anything outside: a runtime that is shut down drops a task inside `spawn`, and a waker may poll. None of them waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use event_listener::EventListener;

use crate::acquisition::{Acquisition, AcquisitionFailure, NewToken, Progress, details};
use crate::error::{Cause, ErrorDetails};
use crate::machine::{
    Aborted, AcquisitionId, Claim, Decision, Failure, Health, Moment, NewAcquisition,
    RejectionDecision, Renewal, ReplayOutcome, Success, TargetId,
};
use crate::ports::Ports;
use crate::presentation::credentials;
use crate::token::Grant;
use crate::{Event, Origin, OriginRef, Token, TokenError, TokenErrorKind, TokenTarget};

use super::cached::TokenCache;
use super::pending::{Outcome, Pending};
use super::state::{State, Step};

pub(crate) struct ManagedToken {
    pub(crate) ports: Arc<Ports>,
    pub(crate) target: TokenTarget,
    target_id: TargetId,
    cache: TokenCache,
    /// Whether the held token is unproven (R6). It is read for each request, so it is not behind the lock.
    is_unproven: AtomicBool,
    /// Notified when a token was obtained.
    obtained: event_listener::Event,
    state: Mutex<State>,
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
    has_ended: bool,
}

impl ManagedToken {
    pub(super) fn new(ports: Arc<Ports>, target: TokenTarget, target_id: TargetId) -> Self {
        Self {
            target,
            target_id,
            cache: TokenCache::new(),
            is_unproven: AtomicBool::new(false),
            obtained: event_listener::Event::new(),
            state: Mutex::new(State::new(ports.config.policy.clone())),
            ports,
        }
    }

    /// The fast path: the held token, if it may be used without asking the machine.
    pub(crate) fn cached(&self) -> Option<Token> {
        self.cache.read(self.ports.now())
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        self.ports.observe(&self.target, event);
    }

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
        decide: fn(&mut Renewal<Arc<Grant>>, Moment, Health) -> Decision,
    ) -> Step {
        let now = self.ports.now();
        let mut state = self.lock();
        // Under the lock: a failure reaches the breaker before it reaches this token.
        let (health, server_error) = self.ports.server.health(now);
        let decision = decide(&mut state.renewal, now, health);
        let (step, start) = self.carry_out(&mut state, decision, server_error);
        self.update_cache(&mut state, now);
        drop(state);
        self.launch(start);
        step
    }

    /// A resource server rejected a token: it is renewed (R1, R2). `None`: the 401 is returned, because renewing did not
    /// help lately (R6), or because the token is another manager's.
    pub(crate) fn reject(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) -> Option<Step> {
        let now = self.ports.now();
        let mut state = self.lock();
        let (health, server_error) = self.ports.server.health(now);
        if state.is_foreign(token) {
            return None;
        }
        let origin_key = state.key_of(origin.map(Origin::as_ref));
        let rejection = state
            .renewal
            .reject(now, health, token.generation_id(), origin_key);
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
        let origin_key = state.key_of(Some(origin));
        state
            .renewal
            .replayed(now, token.generation_id(), origin_key, outcome);
        self.update_cache(&mut state, now);
    }

    /// Takes the held token out: nobody gets it any more.
    pub(super) fn take(&self) -> Option<Token> {
        let now = self.ports.now();
        let mut state = self.lock();
        let token = state.token.take()?;
        state.renewal.forget(token.generation_id());
        self.update_cache(&mut state, now);
        Some(token)
    }

    /// A token that has not expired, for a caller whose deadline has come (E4, S5).
    pub(super) fn unexpired(&self) -> Option<Token> {
        self.unexpired_at(self.ports.now())
    }

    pub(super) fn unexpired_at(&self, now: Moment) -> Option<Token> {
        let state = self.lock();
        let token = state.token.clone();
        token.filter(|_| state.renewal.is_unexpired(now))
    }

    /// Resolves when a token is obtained.
    pub(super) fn obtained(&self) -> EventListener {
        self.obtained.listen()
    }

    /// How long a caller gets the token that it got now, unless something happens before.
    pub(super) fn unchanged_for(&self) -> Duration {
        let now = self.ports.now();
        let (health, _) = self.ports.server.health(now);
        let until = self.lock().renewal.cacheable_until(now, health);
        until.map_or(UNKNOWN_CHANGE, |until| until.saturating_since(now))
    }

    /// Carries out what the machine decided, except for what is done outside of the lock.
    fn carry_out(
        self: &Arc<Self>,
        state: &mut State,
        decision: Decision,
        server_error: Option<TokenError>,
    ) -> (Step, Option<Start>) {
        let start = match decision {
            Decision::UseAndRenew(_, acquisition) | Decision::Start(acquisition) => Some(Start {
                running: Running {
                    token: Arc::clone(self),
                    acquisition,
                    has_ended: false,
                },
                replaced: state.start(acquisition),
            }),
            Decision::Use(_) | Decision::Join(_) | Decision::Refuse { .. } => None,
        };
        let step = state
            .step(decision, server_error)
            .unwrap_or_else(|| Step::Fail(TokenError::new(self.aborted_details())));
        (step, start)
    }

    fn launch(&self, start: Option<Start>) {
        let Some(Start { running, replaced }) = start else {
            return;
        };
        if let Some(replaced) = replaced {
            // S5: its waiters ask again, and join the one that replaces it.
            replaced.complete(Outcome::AskAgain);
        }
        self.observe(&Event::AcquisitionStarted {
            acquisition: running.acquisition.id.as_u64(),
        });
        // S3: it belongs to no caller.
        self.ports.runtime.spawn(Box::pin(running.run()));
    }

    fn succeeded(&self, claim: Claim, new: NewToken) {
        let NewToken { obtained, header } = new;
        let id = claim.id;
        let now = self.ports.now();
        let grant = Arc::clone(&obtained.token);
        let expires_in = grant.expires_in;
        let mut state = self.lock();
        let jitter = fastrand::f64();
        let Some(success) = state.renewal.succeeded(now, id, obtained, jitter) else {
            return;
        };
        self.ports.server.update(|breaker| breaker.succeeded(claim));
        let (Success::New(generation) | Success::Unchanged(generation)) = success;
        let outcome = state.hold(generation, grant, header);
        self.complete(state, now, id, outcome);
        self.obtained.notify(usize::MAX);
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

    fn failed(&self, claim: Claim, failure: AcquisitionFailure) {
        let id = claim.id;
        let now = self.ports.now();
        // Before the lock, since the user's runtime is asked.
        let wall = self.ports.clock.wall();
        let mut state = self.lock();
        let error = match failure {
            AcquisitionFailure::Refused(error) => {
                let failed = state.renewal.failed(id, &error.cause().failure);
                failed.then_some(error)
            }
            AcquisitionFailure::Attempts(details) => {
                let failure = details.cause.failure;
                if details.cause.concerns_all_targets() {
                    let failed = state.renewal.failed(id, &failure);
                    failed.then(|| self.back_off_all(claim, now, wall, *details))
                } else {
                    let until = state.renewal.failed_alone(now, id, &failure);
                    until.map(|until| {
                        let error = details.into_error(now, wall, until);
                        state.target_error = Some(error.clone());
                        error
                    })
                }
            }
        };
        if let Some(error) = error {
            self.complete(state, now, id, Outcome::Failed(error.clone()));
            self.observe_failure(id, &error);
        }
    }

    /// S4
    fn aborted(&self, claim: Claim) {
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
                Some(self.back_off_all(claim, now, wall, self.aborted_details()))
            }
        };
        let outcome = error.clone().map_or(Outcome::AskAgain, Outcome::Failed);
        self.complete(state, now, id, outcome);
        // A panic of the observer during another panic would end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| match &error {
            Some(error) => self.observe_failure(id, error),
            None => self.observe(&Event::AcquisitionAborted {
                acquisition: id.as_u64(),
            }),
        }));
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

    /// Nothing is known of the attempts of an acquisition that was aborted (S4).
    fn aborted_details(&self) -> ErrorDetails {
        let cause = Cause::new(TokenErrorKind::Aborted, Failure::TRANSIENT);
        details(&self.ports, &self.target, cause, 0, Duration::ZERO)
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
            self.cache.write(until, || copy_of(token));
            state.cached = Some((token.clone(), until));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs while it is held panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How soon a caller asks again if it is not known when something changes.
const UNKNOWN_CHANGE: Duration = Duration::from_secs(1);

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
        // It keeps its place at the breaker until the token has its result.
        let mut acquisition = Acquisition::new(ports, target, claim, &*self.token);
        let result = acquisition.run().await;
        self.has_ended = true;
        match result {
            Ok(token) => self.token.succeeded(claim, token),
            Err(failure) => self.token.failed(claim, failure),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            self.token.aborted(self.claim());
        }
    }
}

fn copy_of(token: &Token) -> Token {
    let header = credentials(token.token_type(), token.expose_access_token());
    // It could be presented when it was obtained. If not, the copies share a header, which is correct too.
    token.unshared(header.unwrap_or_else(|| token.header_value().clone()))
}
