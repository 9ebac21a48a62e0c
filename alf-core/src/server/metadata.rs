//! The metadata of an issuer that was read last (T10, RFC 8414).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::TokenEndpoint;
use crate::machine::Moment;

/// Keeps the token endpoint that an issuer's metadata names. Empty if the user named the endpoint.
#[derive(Default)]
pub(crate) struct MetadataCache(Mutex<Option<CachedEndpoint>>);

struct CachedEndpoint {
    endpoint: Arc<TokenEndpoint>,
    requested_at: Moment,
    valid_for: Duration,
}

/// What the cache holds.
pub(crate) enum CachedMetadata {
    /// Use it.
    Fresh(Arc<TokenEndpoint>),
    /// Read the metadata again; if that fails, use this.
    Stale(Arc<TokenEndpoint>),
    Missing,
}

impl MetadataCache {
    /// The endpoint for a token request that is made now. Of several callers one a minute gets
    /// [`CachedMetadata::Stale`], and reads the metadata again.
    pub(crate) fn look_up(&self, now: Moment) -> CachedMetadata {
        let mut entry = self.lock();
        let Some(entry) = &mut *entry else {
            return CachedMetadata::Missing;
        };
        let endpoint = Arc::clone(&entry.endpoint);
        if now.saturating_since(entry.requested_at) < entry.valid_for {
            return CachedMetadata::Fresh(endpoint);
        }
        entry.requested_at = now;
        entry.valid_for = A_MINUTE;
        CachedMetadata::Stale(endpoint)
    }

    /// The endpoint, however old the metadata is.
    pub(crate) fn endpoint(&self) -> Option<Arc<TokenEndpoint>> {
        let entry = self.lock();
        entry.as_ref().map(|entry| Arc::clone(&entry.endpoint))
    }

    pub(crate) fn insert(&self, endpoint: Arc<TokenEndpoint>, now: Moment) {
        *self.lock() = Some(CachedEndpoint {
            endpoint,
            requested_at: now,
            valid_for: A_DAY,
        });
    }

    /// The endpoint does not answer: it may have moved.
    pub(crate) fn doubt(&self) {
        if let Some(entry) = &mut *self.lock() {
            entry.valid_for = A_MINUTE;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<CachedEndpoint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const A_MINUTE: Duration = Duration::from_secs(60);
