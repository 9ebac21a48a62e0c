//! A permanent failure of a client with a store, and when it may make the next attempt (D11).

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{DoublingDelay, Failure, Moment};

/// After a permanent failure, a client with a store goes on to read records: another instance may obtain a token. It makes no
/// attempt until this back-off is over, and fails with the error `E`. All targets of a client share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal<E> {
    latest: Option<(E, Moment)>,
    delay: DoublingDelay,
}

impl<E> Refusal<E> {
    pub(crate) const fn none() -> Self {
        Self {
            latest: None,
            delay: DoublingDelay::after_permanent_failures(),
        }
    }

    /// The error of the failure, while the next attempt must wait.
    pub(crate) fn error_at(&self, now: Moment) -> Option<&E> {
        let latest = self.latest.as_ref();
        latest.and_then(|(error, until)| (now < *until).then_some(error))
    }

    /// An attempt failed permanently.
    pub(crate) fn refused(&mut self, now: Moment, failure: &Failure, error: E) {
        // B2: attempts that were under way when the back-off began are the same failure, and only lengthen it by a
        // `Retry-After`.
        let length = if self.error_at(now).is_some() {
            failure.retry_after().min(LONGEST_RETRY_AFTER)
        } else {
            self.delay.take_after(failure)
        };
        let until = now + length;
        if self
            .latest
            .as_ref()
            .is_none_or(|(_, latest)| *latest < until)
        {
            self.latest = Some((error, until));
        }
    }

    /// An attempt succeeded.
    pub(crate) fn ended(&mut self) {
        *self = Self::none();
    }
}
