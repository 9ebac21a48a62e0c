//! Events: the only place where alf logs and counts.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "metrics")]
pub use self::metrics::MetricsObserver;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::{Moment, NotAllowed, Origin, TokenError, TokenTarget};

/// Receives the events of a client's tokens, for logs, metrics and alerts.
///
/// alf calls it on the thread of the event, and never while it holds a lock. It should be fast. It must not
/// panic, because a panic ends the acquisition or the request of the event. A request that succeeds with a
/// cached token has no event.
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
    /// Receives an event. `context` says which client and which of its tokens the event belongs to.
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>);
}

/// The client and the token that an event belongs to. It never contains a secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventContext<'a> {
    /// The client's identifier.
    pub client_id: &'a str,
    /// The token endpoint, without its query. If the client was built with an issuer, this is the issuer
    /// until its metadata has been read.
    pub token_endpoint: &'a str,
    /// What the token is for.
    pub target: &'a TokenTarget,
    /// The time of the event, from the clock of the client's runtime.
    pub now: Moment,
}

/// An event. It never contains a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An acquisition of a token has started. It makes one or more attempts.
    #[non_exhaustive]
    AcquisitionStarted {
        /// The number of the acquisition: the first acquisition of a target has 1.
        acquisition: u64,
    },
    /// The metadata of an issuer was read
    /// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    #[non_exhaustive]
    IssuerDiscovered {
        /// The issuer.
        issuer: &'a str,
        /// The token endpoint that the metadata names, without its query.
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
        /// How long the attempt took: the token request and its preparation, such as reading a secret.
        duration: Duration,
    },
    /// An acquisition obtained a token: from the authorization server, or from the token store.
    #[non_exhaustive]
    TokenObtained {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number of the token: the first token of a target has 1.
        generation: u64,
        /// Whether it is another token than the one in use. A server may issue the same token again (E6).
        is_new: bool,
        /// The remaining lifetime of the token, if the authorization server stated one.
        expires_in: Option<Duration>,
        /// When the token expires: [`Token::expires_at`](crate::Token::expires_at).
        expires_at: Option<SystemTime>,
        /// How long the attempt took, if this instance made it. `None` if the token is from the token store.
        duration: Option<Duration>,
    },
    /// An acquisition failed, and alf backs off.
    #[non_exhaustive]
    AcquisitionFailed {
        /// The number of the acquisition.
        acquisition: u64,
        /// The failure. Its `retry_at()` is the end of the back-off.
        error: &'a TokenError,
        /// How long the last attempt took. `None` if the acquisition made no attempt, or if
        /// [`AttemptFailed`](Self::AttemptFailed) has already reported the last one.
        duration: Option<Duration>,
    },
    /// The token of a target was evicted, because the client has more targets than `max_targets`. The next caller for
    /// this target causes a token request.
    #[non_exhaustive]
    TargetEvicted {
        /// Whether the token could still be used. If so, `max_targets` is too small for the targets in use.
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
        /// The number of the token: the first token of a target has 1.
        generation: u64,
        /// The origin that rejected the token, if it is known.
        origin: Option<&'a Origin>,
    },
    /// A resource server rejected a token that was obtained a moment ago, and may be too new for it. alf uses the token
    /// before it until the new one is 5 s old (R9).
    #[non_exhaustive]
    PreviousTokenUsed {
        /// The number of the token that is used.
        generation: u64,
        /// The number of the token that was rejected.
        rejected: u64,
        /// The origin that rejected the token, if it is known.
        origin: Option<&'a Origin>,
    },
    /// A resource server rejected a token. alf returns the answer without a renewal, because the previous
    /// renewal did not help (R6).
    #[non_exhaustive]
    RejectionReturned {
        /// The number of the token: the first token of a target has 1.
        generation: u64,
        /// The origin that rejected the token, if it is known.
        origin: Option<&'a Origin>,
    },
    /// A request was replayed, and has a response.
    #[non_exhaustive]
    Replayed {
        /// The number of the token that was sent with the replay.
        generation: u64,
        /// The origin of the request.
        origin: &'a Origin,
        /// The status of the response.
        status: StatusCode,
        /// Whether the response rejects the renewed token too. alf returns it in any case (R3).
        rejected: bool,
        /// How often the request was sent again: 1, or 2 if the first replay was rejected with the previous token (R9).
        resend_count: u32,
    },
    /// An acquisition uses a token from the store, which another instance obtained (D4). [`TokenObtained`](Self::TokenObtained)
    /// follows.
    #[cfg(feature = "store")]
    #[non_exhaustive]
    TokenTaken {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number of the lease with which the token was obtained. It is the same in all instances.
        number: u64,
        /// How old the token is, by the wall clock.
        age: Duration,
    },
    /// An acquisition has taken the lease of the shared record, and makes an attempt (D7): normally one token request for all
    /// instances.
    #[cfg(feature = "store")]
    #[non_exhaustive]
    LeaseTaken {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number of the lease. It is the same in all instances.
        number: u64,
    },
    /// An acquisition could not take the lease, because another instance took it first. It waits for that instance (D7).
    #[cfg(feature = "store")]
    #[non_exhaustive]
    LeaseConflict {
        /// The number of the acquisition.
        acquisition: u64,
        /// The number that the lease would have had.
        number: u64,
    },
    /// An acquisition ended without a result, because the token store failed. The token can still be used, and is renewed
    /// later (D14).
    #[cfg(feature = "store")]
    #[non_exhaustive]
    AcquisitionPostponed {
        /// The number of the acquisition.
        acquisition: u64,
    },
    /// The token store failed. alf obtains tokens without it until an operation succeeds (D13).
    ///
    /// Further failures are not reported until [`StoreRecovered`](Self::StoreRecovered).
    #[cfg(feature = "store")]
    #[non_exhaustive]
    StoreFailed {
        /// The failure.
        error: &'a crate::StoreError,
    },
    /// An operation of the token store succeeded after [`StoreFailed`](Self::StoreFailed). The store is used again.
    #[cfg(feature = "store")]
    #[non_exhaustive]
    StoreRecovered {},
    /// alf did not send a request, because its origin must not get the token.
    #[non_exhaustive]
    RequestNotAllowed {
        /// The origin of the request, and the reason.
        error: &'a NotAllowed,
    },
}

/// Both observers receive every event, in this order.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>) {
        self.0.on(event, context);
        self.1.on(event, context);
    }
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
