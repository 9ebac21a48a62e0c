//! Events: the only place where alf logs and counts.

#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

use std::time::Duration;

use http::StatusCode;

use crate::{Moment, NotAllowed, Origin, TokenError, TokenTarget};

/// Receives the events of a client's tokens: for logs, metrics and alerts.
///
/// It is called on the thread of the event, never while a lock is held. It should be quick, and must
/// not panic: that would end the acquisition, or the request, that the event is about. There is no
/// event for a request that succeeds with a token from the cache.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use alf_core::{Client, Event, EventContext, Observer};
///
/// #[derive(Default)]
/// struct Renewals(AtomicU64);
///
/// impl Observer for Renewals {
///     fn on(&self, event: &Event<'_>, _context: &EventContext<'_>) {
///         if let Event::TokenObtained { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let renewals = Arc::new(Renewals::default());
/// Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .observer(Arc::clone(&renewals));
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Receives an event. `context` tells which client and which of its tokens it is about.
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>);
}

/// What an event is about. It never contains a secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventContext<'a> {
    /// The client's identifier.
    pub client_id: &'a str,
    /// The endpoint of token requests, without its query. Until the metadata of an issuer names it,
    /// the issuer.
    pub token_endpoint: &'a str,
    /// What the token is for.
    pub target: &'a TokenTarget,
    /// The time of the event, by the clock of the client's runtime.
    pub now: Moment,
}

/// An event. It never contains a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An acquisition of a token has started. It makes one or more attempts.
    #[non_exhaustive]
    AcquisitionStarted {
        /// The number of the acquisition for this target, from 1.
        acquisition: u64,
    },
    /// The metadata of an issuer was read
    /// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    #[non_exhaustive]
    IssuerDiscovered {
        /// The issuer.
        issuer: &'a str,
        /// The endpoint of token requests from now on, without its query.
        token_endpoint: &'a str,
    },
    /// An attempt failed, and the acquisition makes another.
    #[non_exhaustive]
    AttemptFailed {
        /// The number of the acquisition.
        acquisition: u64,
        /// The failure.
        error: &'a TokenError,
        /// How long the acquisition waits before the next attempt.
        pause: Duration,
    },
    /// An acquisition obtained a new token.
    #[non_exhaustive]
    TokenObtained {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number of the token for this target, from 1.
        generation: u64,
        /// The lifetime that the token states.
        expires_in: Option<Duration>,
    },
    /// An acquisition obtained the token that is already in use.
    #[non_exhaustive]
    TokenUnchanged {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number of the token for this target, from 1.
        generation: u64,
        /// Its remaining lifetime.
        expires_in: Option<Duration>,
    },
    /// An acquisition failed, and alf backs off.
    #[non_exhaustive]
    AcquisitionFailed {
        /// The number of the acquisition.
        acquisition: u64,
        /// The failure; its `retry_at()` is the end of the back-off.
        error: &'a TokenError,
    },
    /// The token of a target was dropped, because the client has more targets than `max_targets`. Its next caller
    /// causes a token request.
    #[non_exhaustive]
    TargetEvicted {
        /// Whether its token could still be used: if so, `max_targets` is too small for the targets in use.
        had_usable_token: bool,
    },
    /// An acquisition was stopped without a result. The next caller starts another.
    #[non_exhaustive]
    AcquisitionAborted {
        /// The number of the acquisition.
        acquisition: u64,
    },
    /// A resource server rejected a token, and alf renews it.
    #[non_exhaustive]
    TokenRejected {
        /// The number of the token for this target, from 1.
        generation: u64,
        /// The origin that rejected it, if it is known.
        origin: Option<&'a Origin>,
    },
    /// A resource server rejected a token. Its answer is returned without a renewal, because renewing
    /// did not help before (R6).
    #[non_exhaustive]
    RejectionReturned {
        /// The number of the token for this target, from 1.
        generation: u64,
        /// The origin that rejected it, if it is known.
        origin: Option<&'a Origin>,
    },
    /// A request was replayed and answered.
    #[non_exhaustive]
    Replayed {
        /// The token of the replay.
        generation: u64,
        /// The origin that answered it.
        origin: &'a Origin,
        /// The status of the answer.
        status: StatusCode,
        /// Whether the answer rejects the renewed token too. It is returned all the same (R3).
        rejected: bool,
    },
    /// A request was not sent.
    #[non_exhaustive]
    RequestNotAllowed {
        /// Its origin, and why it was not sent.
        error: &'a NotAllowed,
    },
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>) {
        (**self).on(event, context);
    }
}

/// The default.
pub(crate) struct NoObserver;

impl Observer for NoObserver {
    fn on(&self, _event: &Event<'_>, _context: &EventContext<'_>) {}
}
