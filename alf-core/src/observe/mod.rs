//! What alf does, told as events: the one place where it logs and counts.

mod token_target;
#[cfg(feature = "tracing")]
mod tracing;

pub use token_target::TokenTarget;

#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

use std::time::Duration;

use http::StatusCode;

use crate::{NotAllowed, Origin, TokenError};

/// Is told what happens to a client's tokens: for logs, metrics, alerts.
///
/// It is called on the thread where the event happens, never while a lock is held. It should be
/// quick, and must not panic: that would end the acquisition, or the request, that it was told of.
/// Nothing is told for a request that goes well on a token that is held: that path costs a pointer
/// read.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use alf_core::{Client, Event, Observer};
///
/// #[derive(Default)]
/// struct Renewals(AtomicU64);
///
/// impl Observer for Renewals {
///     fn on(&self, event: &Event<'_>) {
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
    /// Something happened.
    fn on(&self, event: &Event<'_>);
}

/// Something that happened. No event holds a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An acquisition was begun: one acquisition of a token, of one or more attempts.
    #[non_exhaustive]
    AcquisitionStarted {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition for it, from 1.
        acquisition: u64,
    },
    /// The metadata of an issuer was read
    /// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    #[non_exhaustive]
    IssuerDiscovered {
        /// The issuer.
        issuer: &'a str,
        /// Where token requests go from now on, without its query.
        token_endpoint: &'a str,
    },
    /// An attempt failed, and another will follow.
    #[non_exhaustive]
    AttemptFailed {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition.
        acquisition: u64,
        /// The failure so far.
        error: &'a TokenError,
        /// How long the acquisition pauses.
        pause: Duration,
    },
    /// An acquisition brought a new token.
    #[non_exhaustive]
    TokenObtained {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition.
        acquisition: u64,
        /// Which token that was got for it, from 1.
        generation: u64,
        /// The lifetime that the token states.
        expires_in: Option<Duration>,
    },
    /// An acquisition brought the token that is held already.
    #[non_exhaustive]
    TokenUnchanged {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition.
        acquisition: u64,
        /// Which token that was got for it, from 1.
        generation: u64,
        /// What is left of its lifetime.
        expires_in: Option<Duration>,
    },
    /// An acquisition failed, and alf rests.
    #[non_exhaustive]
    AcquisitionFailed {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition.
        acquisition: u64,
        /// The failure, and until when alf rests.
        error: &'a TokenError,
    },
    /// An acquisition was stopped without a result; the next caller begins another.
    #[non_exhaustive]
    AcquisitionAborted {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which acquisition.
        acquisition: u64,
    },
    /// A resource server rejected a token, and it is renewed.
    #[non_exhaustive]
    TokenRejected {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which token that was got for it, from 1.
        generation: u64,
        /// Who rejected it, where known.
        origin: Option<&'a Origin>,
    },
    /// A resource server rejected a token, and its answer is handed back without renewing,
    /// because renewing did not help lately.
    #[non_exhaustive]
    RejectionReturned {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// Which token that was got for it, from 1.
        generation: u64,
        /// Who rejected it, where known.
        origin: Option<&'a Origin>,
    },
    /// A request was replayed and answered.
    #[non_exhaustive]
    Replayed {
        /// What the token is for: a client may have several.
        target: TokenTarget<'a>,
        /// The token of the replay.
        generation: u64,
        /// Who answered it.
        origin: &'a Origin,
        /// The status of the answer.
        status: StatusCode,
    },
    /// A request was not sent.
    #[non_exhaustive]
    RequestNotAllowed {
        /// Where it was going, and why it was not sent.
        blocked: &'a NotAllowed,
    },
}

/// One observer, shared.
impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn on(&self, event: &Event<'_>) {
        (**self).on(event);
    }
}

/// Nobody listens.
pub(crate) struct NoObserver;

impl Observer for NoObserver {
    fn on(&self, _event: &Event<'_>) {}
}
