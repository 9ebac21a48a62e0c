//! What all tokens of a client share about their authorization server: the breaker, and its metadata.

mod metadata;

pub(crate) use metadata::{CachedMetadata, MetadataCache};

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::TokenError;
use crate::machine::{Breaker, Claim, Exclusivity, Health, Moment, Permit};

/// The shared state of one authorization server. A lock of a token may be held when this one is taken, never the other
/// way round.
pub(crate) struct ServerState {
    breaker: Mutex<Breaker<TokenError>>,
    /// Notified when the breaker has changed.
    changed: Event,
    pub(crate) metadata: MetadataCache,
}

/// The place of one acquisition at the breaker. Dropping it lets the others go on.
pub(crate) struct Admission<'a> {
    server: &'a ServerState,
    claim: Claim,
}

impl ServerState {
    pub(crate) fn new() -> Self {
        Self {
            breaker: Mutex::new(Breaker::new()),
            changed: Event::new(),
            metadata: MetadataCache::default(),
        }
    }

    /// What the breaker means for a caller.
    pub(crate) fn health(&self, now: Moment) -> Health<TokenError> {
        self.lock().health(now)
    }

    /// The latest failure since the latest success, if it was not before `since`.
    pub(crate) fn latest_failure(&self, since: Moment) -> Option<TokenError> {
        let breaker = self.lock();
        let (failed_at, error) = breaker.latest_failure()?;
        (since <= *failed_at).then(|| error.clone())
    }

    /// Changes the breaker and notifies nobody, so that the lock of a token may be held: dropping the
    /// [`Admission`] notifies the others.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut Breaker<TokenError>) -> R) -> R {
        change(&mut self.lock())
    }

    pub(crate) fn admit(&self, claim: Claim) -> Admission<'_> {
        Admission {
            server: self,
            claim,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Breaker<TokenError>> {
        // Nothing that runs while it is held panics.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission<'_> {
    /// Resolves when the breaker changes. To be called before [`request`](Self::request), so that no change is missed.
    pub(crate) fn changed(&self) -> EventListener {
        self.server.changed.listen()
    }

    /// See [`Breaker::request`].
    pub(crate) fn request(&self, now: Moment, exclusivity: Exclusivity) -> Permit<TokenError> {
        self.server.lock().request(now, self.claim, exclusivity)
    }

    /// Changes the breaker, and notifies the others.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Breaker<TokenError>, Claim) -> R) -> R {
        let result = self.server.update(|breaker| change(breaker, self.claim));
        self.server.changed.notify(usize::MAX);
        result
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        self.change(Breaker::leave);
    }
}
