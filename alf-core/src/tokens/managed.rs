//! One token of a client: its machine behind a lock, and its cache.
//!
//! No method waits, and none calls anything outside while it holds the lock: a waker may poll.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_listener::EventListener;

use crate::machine::{Moment, Renewal, TargetId};
use crate::ports::Ports;
#[cfg(feature = "store")]
use crate::store::TargetRecord;
use crate::{Event, Origin, OriginRef, Token, TokenError, TokenTarget};

use super::awaited::AwaitedOrigins;
use super::cached::TokenCache;
use super::pending::{Outcome, Pending};

pub(crate) struct ManagedToken {
    pub(crate) ports: Arc<Ports>,
    pub(crate) target: TokenTarget,
    cache: TokenCache,
    // Both are read for each request, so they are not behind the lock.
    awaited: AwaitedOrigins,
    pub(super) rejections: AtomicU64,
    /// Notified when the token has changed, or an acquisition has ended.
    changed: event_listener::Event,
    state: Mutex<State>,
    /// The record that this instance shares with others, if the client has a store.
    #[cfg(feature = "store")]
    pub(super) record: Option<TargetRecord>,
}

pub(super) type Machine = Renewal<Token, Origin, TokenError>;

pub(super) struct State {
    pub(super) renewal: Machine,
    /// The acquisition that is under way.
    pub(super) pending: Option<Arc<Pending>>,
    /// How far the clock had jumped when the lock was last taken (E7).
    pub(super) jumped: Duration,
}

impl ManagedToken {
    pub(super) fn new(ports: Arc<Ports>, target: TokenTarget, target_id: TargetId) -> Self {
        Self {
            #[cfg(feature = "store")]
            record: ports.config.record(&target),
            target,
            cache: TokenCache::new(),
            awaited: AwaitedOrigins::new(),
            rejections: AtomicU64::new(0),
            changed: event_listener::Event::new(),
            state: Mutex::new(State {
                renewal: Renewal::new(target_id, ports.config.policy.clone()),
                pending: None,
                jumped: Duration::ZERO,
            }),
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

    /// How many requests were rejected: one that is sent now keeps it for [`reject`](Self::reject) (R6).
    pub(crate) fn rejections(&self) -> u64 {
        self.rejections.load(Ordering::Relaxed)
    }

    /// A request that was no replay was answered, and the token was not rejected (R6).
    pub(crate) fn accepted<'o>(&self, token: &Token, origin: impl FnOnce() -> OriginRef<'o>) {
        if self.awaited.is_empty() {
            return;
        }
        let origin = origin();
        if self.awaited.contains(origin) {
            let (now, origin) = (self.ports.now(), origin.to_origin());
            let mut state = self.lock();
            let renewal = &mut state.renewal;
            renewal.accepted(now, token.generation_id(), &origin);
            self.awaited.write(renewal.awaited_origins(now));
        }
    }

    /// A replay was answered, and the token was not rejected (R6).
    pub(crate) fn accepted_replay(&self, token: &Token, origin: &Origin) {
        let now = self.ports.now();
        let mut state = self.lock();
        let renewal = &mut state.renewal;
        renewal.accepted_replay(now, token.generation_id(), origin);
        self.awaited.write(renewal.awaited_origins(now));
    }

    pub(super) fn holds_token(&self) -> bool {
        self.lock().renewal.held().is_some()
    }

    /// Takes the held token out: nobody gets it any more. An acquisition under way, which may bring the same token, counts
    /// as replaced: its waiters ask again.
    pub(super) fn take(&self) -> Option<Token> {
        let now = self.ports.now();
        let mut state = self.lock();
        let token = state.renewal.forget()?;
        let pending = state.pending.take();
        self.update_cache(&state, now);
        drop(state);
        if let Some(pending) = pending {
            pending.complete(Outcome::AskAgain);
        }
        self.notify();
        Some(token)
    }

    /// The held token if it can still be used, for a caller whose acquisition failed or whose deadline has come (E4, S5).
    pub(super) fn unexpired(&self) -> Option<Token> {
        let now = self.ports.now();
        self.lock().renewal.in_use(now).cloned()
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

    /// The token has changed: whoever watches it asks again.
    pub(super) fn notify(&self) {
        self.changed.notify(usize::MAX);
    }

    /// How long a caller gets the token that it got now, unless something happens before.
    pub(super) fn unchanged_for(&self) -> Duration {
        let now = self.ports.now();
        let health = self.ports.server.health(now);
        let until = self.lock().renewal.cacheable_until(now, &health);
        until.map_or(UNKNOWN_CHANGE, |until| until.saturating_since(now))
    }

    /// Lets requests that ask no machine know what it would say.
    pub(super) fn update_cache(&self, state: &State, now: Moment) {
        let renewal = &state.renewal;
        self.awaited.write(renewal.awaited_origins(now));
        let health = self.ports.server.health(now);
        let until = renewal.cacheable_until(now, &health);
        // E7: a jump makes the callers ask the machine.
        let until = until.map(|until| until + state.jumped);
        self.cache.write(renewal.in_use(now).zip(until));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs while it is held panics.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // E7
        let jumped = self.ports.clock.jumped();
        let jump = jumped.saturating_sub(state.jumped);
        if !jump.is_zero() {
            state.renewal.was_suspended(jump);
            state.jumped = jumped;
        }
        state
    }
}

/// How soon a caller asks again if it is not known when something changes.
const UNKNOWN_CHANGE: Duration = Duration::from_secs(1);
