//! The credentials of a client that were refused, and when it may try them again (D11).

use core::time::Duration;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{CredentialHash, DoublingDelay, Moment};

/// With a store, a client whose credentials were refused goes on to read records: another instance may have others. It makes
/// no attempt until this back-off is over, and fails with the error `E` of the refusal. All targets of a client share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal<E>(Option<Refused<E>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused<E> {
    credential: CredentialHash,
    error: E,
    until: Moment,
    delay: DoublingDelay,
}

impl<E> Refusal<E> {
    pub(crate) const NONE: Self = Self(None);

    /// Whether credentials were refused since the latest success.
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The error of the refusal, while an attempt with these credentials must wait.
    pub(crate) fn error_for(&self, now: Moment, credential: Option<CredentialHash>) -> Option<&E> {
        let refused = self
            .0
            .as_ref()
            .filter(|refused| now < refused.until && credential == Some(refused.credential));
        refused.map(|refused| &refused.error)
    }

    /// An attempt with these credentials was refused.
    pub(crate) fn refused(
        &mut self,
        now: Moment,
        credential: CredentialHash,
        retry_after: Duration,
        error: E,
    ) {
        let same = self.0.take();
        let same = same.filter(|refused| refused.credential == credential);
        let mut delay = same.map_or(DoublingDelay::after_permanent_failures(), |same| same.delay);
        let length = delay.take().max(retry_after.min(LONGEST_RETRY_AFTER));
        self.0 = Some(Refused {
            credential,
            error,
            until: now + length,
            delay,
        });
    }

    /// An attempt succeeded.
    pub(crate) fn ended(&mut self) {
        self.0 = None;
    }
}
