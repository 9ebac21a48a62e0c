//! Where the token endpoint is: named by the user, or by the metadata of an issuer (RFC 8414).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;

use crate::machine::Moment;

/// The authorization server, as the user named it.
pub(crate) enum Server {
    Endpoint(Arc<Place>),
    Issuer(Box<Issuer>),
}

/// Where token requests go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) token_endpoint: Uri,
    /// The same as it was written: an [`Uri`] has a `/` where there is no path.
    pub(crate) written: String,
    pub(crate) issuer: Option<String>,
}

/// An issuer, and what is known of it so far.
pub(crate) struct Issuer {
    pub(crate) name: String,
    /// Where its metadata may be, in this order.
    pub(crate) documents: [Uri; 2],
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    place: Arc<Place>,
    /// When its metadata was asked for last.
    asked_at: Moment,
    trust: Trust,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Good,
    /// The endpoint stopped answering, or the metadata could not be read again.
    Doubted,
}

/// What is known of an issuer.
pub(crate) enum Knowledge {
    /// Use it.
    Fresh(Arc<Place>),
    /// Read it again; where that fails, use it.
    Stale(Arc<Place>),
    Nothing,
}

impl Issuer {
    pub(super) fn new(name: String, documents: [Uri; 2]) -> Self {
        Self {
            name,
            documents,
            known: Mutex::default(),
        }
    }

    /// What a token request that is to be made now goes by. Who is told [`Knowledge::Stale`] is
    /// the only one for a minute, and sees to it.
    pub(crate) fn known(&self, now: Moment) -> Knowledge {
        let mut known = self.lock();
        let Some(known) = &mut *known else {
            return Knowledge::Nothing;
        };
        let place = Arc::clone(&known.place);
        let good_for = match known.trust {
            Trust::Good => A_DAY,
            Trust::Doubted => A_MINUTE,
        };
        if now.saturating_since(known.asked_at) < good_for {
            return Knowledge::Fresh(place);
        }
        known.asked_at = now;
        known.trust = Trust::Doubted;
        Knowledge::Stale(place)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.lock().is_some()
    }

    /// Its metadata was read.
    pub(crate) fn learn(&self, place: Arc<Place>, now: Moment) {
        *self.lock() = Some(Known {
            place,
            asked_at: now,
            trust: Trust::Good,
        });
    }

    /// The endpoint that it named does not answer: it may have moved.
    pub(crate) fn doubt(&self) {
        if let Some(known) = &mut *self.lock() {
            known.trust = Trust::Doubted;
        }
    }

    /// The token endpoint, where it is known.
    pub(super) fn token_endpoint(&self) -> Option<Uri> {
        let known = self.lock();
        known
            .as_ref()
            .map(|known| known.place.token_endpoint.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const A_MINUTE: Duration = Duration::from_secs(60);
