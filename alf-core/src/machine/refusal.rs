//! The credentials of a client that were refused, and when it may try them again (D11).

use core::time::Duration;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{CredentialHash, DoublingDelay, Moment};

/// With a store, a client whose credentials were refused goes on to read records: another instance may have others. It makes
/// no attempt until this back-off is over. All targets of a client share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(Option<Refused>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    credential: CredentialHash,
    until: Moment,
    delay: DoublingDelay,
}

impl Refusal {
    pub(crate) const NONE: Self = Self(None);

    /// Whether credentials were refused since the latest success.
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Whether an attempt with these credentials must wait.
    pub(crate) fn binds(&self, now: Moment, credential: Option<CredentialHash>) -> bool {
        let refused = self.0.as_ref();
        refused.is_some_and(|refused| now < refused.until && credential == Some(refused.credential))
    }

    /// An attempt with these credentials was refused.
    pub(crate) fn refused(
        &mut self,
        now: Moment,
        credential: CredentialHash,
        retry_after: Duration,
    ) {
        let same = self.0.take();
        let same = same.filter(|refused| refused.credential == credential);
        let mut delay = same.map_or(DoublingDelay::after_permanent_failures(), |same| same.delay);
        let length = delay.take().max(retry_after.min(LONGEST_RETRY_AFTER));
        self.0 = Some(Refused {
            credential,
            until: now + length,
            delay,
        });
    }

    /// An attempt succeeded.
    pub(crate) fn ended(&mut self) {
        self.0 = None;
    }
}
