//! One token of a client: its machine behind a lock, its cache, and the end of its acquisitions.
//!
//! No method waits, and none calls anything outside while it holds the lock: a waker may poll.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use event_listener::EventListener;

#[cfg(feature = "store")]
use crate::acquisition::Urgency;
use crate::acquisition::{AcquisitionFailure, NewToken, Progress, TokenOrigin, details};
use crate::error::{Cause, ErrorDetails};
use crate::machine::{
    Aborted, AcquisitionId, Claim, Failure, Moment, RejectionCount, ReplayOutcome, Success,
    TargetId,
};
use crate::ports::Ports;
#[cfg(feature = "store")]
use crate::store::TargetRecord;
use crate::{Event, Origin, OriginRef, Token, TokenError, TokenTarget};

use super::awaited::AwaitedOrigins;
use super::cached::TokenCache;
use super::pending::Outcome;
use super::state::State;

pub(crate) struct ManagedToken {
    pub(crate) ports: Arc<Ports>,
    pub(crate) target: TokenTarget,
    pub(super) target_id: TargetId,
    cache: TokenCache,
    // Both are read for each request, so they are not behind the lock.
    awaited: AwaitedOrigins,
    rejections: AtomicU64,
    /// Notified when the token has changed, or an acquisition has ended.
    changed: event_listener::Event,
    state: Mutex<State>,
    /// The record that this instance shares with others, if the client has a store.
    #[cfg(feature = "store")]
    pub(super) record: Option<TargetRecord>,
}

impl ManagedToken {
    pub(super) fn new(ports: Arc<Ports>, target: TokenTarget, target_id: TargetId) -> Self {
        Self {
            #[cfg(feature = "store")]
            record: {
                let store = ports.config.store.as_ref();
                store.map(|store| store.record(&ports.config.record_name(&target)))
            },
            target,
            target_id,
            cache: TokenCache::new(),
            awaited: AwaitedOrigins::new(),
            rejections: AtomicU64::new(0),
            changed: event_listener::Event::new(),
            state: Mutex::new(State::new(ports.config.policy.clone())),
            ports,
        }
    }

    /// The fast path: the held token, if it may be used without asking the machine.
    pub(crate) fn cached(&self) -> Option<Token> {
        let now = self.ports.now();
        self.cache.read(now + self.ports.clock.jumped())
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        self.ports.observe(&self.target, event);
    }

    /// How many rejections were counted (R6): a request that is sent now keeps it for [`reject`](Self::reject).
    pub(crate) fn rejections(&self) -> RejectionCount {
        RejectionCount::from_u64(self.rejections.load(Ordering::Relaxed))
    }

    /// A request that was no replay was answered, and the token was not rejected (R6).
    pub(crate) fn accepted<'o>(&self, token: &Token, origin: impl FnOnce() -> OriginRef<'o>) {
        if self.awaited.is_empty() {
            return;
        }
        let (now, origin) = (self.ports.now(), origin());
        if self.awaited.concerns(origin, now) {
            let origin = origin.to_origin();
            let mut state = self.lock();
            state.renewal.accepted(now, token.generation_id(), &origin);
            self.update_rejections(&state, now);
        }
    }

    /// A replay was answered (R6).
    pub(crate) fn replayed(&self, token: &Token, origin: &Origin, outcome: ReplayOutcome) {
        let now = self.ports.now();
        let mut state = self.lock();
        state
            .renewal
            .replayed(now, token.generation_id(), origin, outcome);
        self.update_rejections(&state, now);
    }

    pub(super) fn holds_token(&self) -> bool {
        self.lock().token.is_some()
    }

    /// Takes the held token out: nobody gets it any more. An acquisition under way, which may bring the same token, counts
    /// as replaced: its waiters ask again.
    pub(super) fn take(&self) -> Option<Token> {
        let now = self.ports.now();
        let mut state = self.lock();
        let token = state.token.take()?;
        state.renewal.forget();
        let pending = state.pending.take();
        self.update_cache(&mut state, now);
        drop(state);
        if let Some(pending) = pending {
            pending.complete(Outcome::AskAgain);
        }
        self.notify();
        Some(token)
    }

    /// The held token if it can still be used, for a caller whose acquisition failed or whose deadline has come (E4, S5).
    pub(crate) fn unexpired(&self) -> Option<Token> {
        self.unexpired_at(self.ports.now())
    }

    pub(super) fn unexpired_at(&self, now: Moment) -> Option<Token> {
        self.lock().in_use(now).cloned()
    }

    /// Whether evicting it would cost a token request: it holds a usable token, or backs off alone.
    pub(super) fn is_needed(&self, now: Moment) -> bool {
        let state = self.lock();
        state.renewal.in_use(now).is_some() || state.renewal.backs_off_alone(now)
    }

    /// Resolves when the token has changed, or an acquisition has ended.
    pub(super) fn changed(&self) -> EventListener {
        self.changed.listen()
    }

    /// How long a caller gets the token that it got now, unless something happens before.
    pub(super) fn unchanged_for(&self) -> Duration {
        let now = self.ports.now();
        let (health, _) = self.ports.server.health(now);
        let until = self.lock().renewal.cacheable_until(now, health);
        until.map_or(UNKNOWN_CHANGE, |until| until.saturating_since(now))
    }

    /// `accepted` is called under the lock, if the result counts.
    pub(super) fn succeeded(
        &self,
        claim: Claim,
        new: NewToken,
        duration: Option<Duration>,
        accepted: impl FnOnce(),
    ) {
        let NewToken {
            obtained,
            header,
            jumped,
            origin,
        } = new;
        let id = claim.id;
        let now = self.ports.now();
        let grant = Arc::clone(&obtained.token);
        let (expires_in, expires_at) = (grant.expires_in, grant.expires_at);
        let mut state = self.lock();
        let jitter = fastrand::f64();
        let Some(success) = state.renewal.succeeded(now, id, obtained, jitter) else {
            return;
        };
        state.note_jumps_since(jumped);
        self.ports.server.update(|breaker| match origin {
            TokenOrigin::Server => breaker.succeeded(now, claim),
            #[cfg(feature = "store")]
            TokenOrigin::Store => breaker.took_token(claim),
        });
        accepted();
        let (Success::New(generation)
        | Success::Unchanged(generation)
        | Success::Outdated(generation)) = success;
        let token = state.hold(generation, grant, header);
        let outcome = match success {
            Success::New(_) | Success::Unchanged(_) => Outcome::Obtained(token),
            Success::Outdated(_) => Outcome::AskAgain,
        };
        self.complete(state, now, id, outcome);
        let (acquisition, generation) = (id.as_u64(), generation.as_u64());
        self.observe(&match success {
            Success::New(_) => Event::TokenObtained {
                acquisition,
                generation,
                expires_in,
                expires_at,
                duration,
            },
            Success::Unchanged(_) | Success::Outdated(_) => Event::TokenUnchanged {
                acquisition,
                generation,
                expires_in,
                expires_at,
                duration,
            },
        });
    }

    pub(super) fn failed(
        &self,
        claim: Claim,
        failure: AcquisitionFailure,
        duration: Option<Duration>,
    ) {
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
            self.observe_failure(id, &error, duration);
        }
    }

    /// S4
    pub(super) fn aborted(&self, claim: Claim, cause: Cause) {
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

    /// All targets back off (B2). The lock of this one is held, so that no demand comes between its machine and the breaker.
    fn back_off_all(
        &self,
        claim: Claim,
        now: Moment,
        wall: SystemTime,
        details: ErrorDetails,
    ) -> TokenError {
        let failure = self.back_off_after(&details.cause);
        let error = |until: Moment| details.into_error(now, wall, until);
        self.ports
            .server
            .update(|breaker| breaker.acquisition_failed(now, claim, &failure, error))
    }

    /// The failure that decides how long the client backs off (B2). With a store, a permanent one keeps it from attempts (D11),
    /// and not from the record (D15).
    #[cfg_attr(
        not(feature = "store"),
        expect(clippy::unused_self, reason = "there is no store")
    )]
    fn back_off_after(&self, cause: &Cause) -> Failure {
        #[cfg(feature = "store")]
        if !cause.failure.is_transient() && self.record.is_some() {
            return Failure::TRANSIENT;
        }
        cause.failure
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
        self.notify();
    }

    /// The token has changed: whoever watches it asks again.
    pub(super) fn notify(&self) {
        self.changed.notify(usize::MAX);
    }

    fn observe_failure(&self, id: AcquisitionId, error: &TokenError, duration: Option<Duration>) {
        self.observe(&Event::AcquisitionFailed {
            acquisition: id.as_u64(),
            error,
            duration,
        });
    }

    /// Nothing is known of the attempts of an acquisition that was aborted (S4).
    pub(super) fn aborted_details(&self, cause: Cause) -> ErrorDetails {
        details(&self.ports, &self.target, cause, 0, Duration::ZERO)
    }

    /// Lets the cache answer as long as the machine would answer the same.
    pub(super) fn update_cache(&self, state: &mut State, now: Moment) {
        state.forget_previous();
        let (health, _) = self.ports.server.health(now);
        self.update_rejections(state, now);
        let until = state.renewal.cacheable_until(now, health);
        // E7: a jump makes the callers ask the machine.
        let until = until.map(|until| until + state.jumped());
        let Some((token, until)) = state.in_use(now).cloned().zip(until) else {
            if state.cached.take().is_some() {
                self.cache.clear();
            }
            return;
        };
        let is_cached = |(cached, known): &(Token, Moment)| cached.is(&token) && *known == until;
        if !state.cached.as_ref().is_some_and(is_cached) {
            self.cache.write(until, &token);
            state.cached = Some((token, until));
        }
    }

    /// Publishes what requests need to know of rejections (R6).
    pub(super) fn update_rejections(&self, state: &State, now: Moment) {
        let rejections = state.renewal.rejections().as_u64();
        self.rejections.store(rejections, Ordering::Relaxed);
        self.awaited.write(state.renewal.awaited_origins(now));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs while it is held panics.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.note_jumps(self.ports.clock.jumped());
        state
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

    #[cfg(feature = "store")]
    fn urgency(&self, id: AcquisitionId) -> Urgency {
        let now = self.ports.now();
        let state = self.lock();
        let pending = state.pending.as_ref().filter(|pending| pending.id() == id);
        if pending.is_some_and(|pending| pending.is_awaited()) {
            Urgency::Awaited
        } else if state.renewal.may_postpone(now) {
            Urgency::Postponable
        } else {
            Urgency::Background
        }
    }
}

/// How soon a caller asks again if it is not known when something changes.
const UNKNOWN_CHANGE: Duration = Duration::from_secs(1);
