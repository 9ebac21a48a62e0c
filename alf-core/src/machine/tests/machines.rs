//! The machines of one token target, combined as the driver combines them.

use super::*;

/// A renewal machine, and the breaker of its client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Machines<T> {
    pub(super) renewal: Renewal<T, u16>,
    /// Its errors are the ends of the back-offs.
    pub(super) breaker: Breaker<Moment>,
}

impl<T: PartialEq> Machines<T> {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            renewal: Renewal::new(policy),
            breaker: Breaker::new(),
        }
    }

    pub(super) fn demand(&mut self, now: Moment) -> Decision {
        let health = self.breaker.health(now);
        self.renewal.demand(now, health)
    }

    pub(super) fn reject(
        &mut self,
        now: Moment,
        generation: Generation,
        sent: RejectionCount,
        origin: Option<u16>,
    ) -> RejectionDecision {
        let health = self.breaker.health(now);
        self.renewal
            .reject(now, health, generation, sent, origin.as_ref())
    }

    pub(super) fn cacheable_until(&self, now: Moment) -> Option<Moment> {
        let health = self.breaker.health(now);
        self.renewal.cacheable_until(now, health)
    }

    /// An attempt fails. Returns whether the acquisition goes on.
    pub(super) fn attempt_failed(&mut self, now: Moment, acquisition: NewAcquisition) -> bool {
        let claim = claim(acquisition);
        let retry_at = self
            .breaker
            .attempt_failed(now, claim, Duration::ZERO, 1.0, now);
        if retry_at.is_some() {
            self.renewal.delayed(acquisition.id);
        }
        retry_at.is_some()
    }

    pub(super) fn succeeded(
        &mut self,
        now: Moment,
        acquisition: NewAcquisition,
        obtained: Obtained<T>,
        jitter: f64,
    ) -> Option<Success> {
        let success = self
            .renewal
            .succeeded(now, acquisition.id, obtained, jitter)?;
        self.breaker.succeeded(now, claim(acquisition));
        Some(success)
    }

    /// The acquisition fails in a way that every target would meet; returns the end of the back-off.
    pub(super) fn failed(
        &mut self,
        now: Moment,
        acquisition: NewAcquisition,
        failure: &Failure,
    ) -> Option<Moment> {
        let was_under_way = self.renewal.failed(acquisition.id, failure);
        was_under_way.then(|| self.back_off(now, acquisition, failure))
    }

    /// Returns the end of the back-off, if the abort is a failure.
    pub(super) fn aborted(
        &mut self,
        now: Moment,
        acquisition: NewAcquisition,
    ) -> (Option<Aborted>, Option<Moment>) {
        let aborted = self.renewal.aborted(acquisition.id);
        let until = (aborted == Some(Aborted::Failed))
            .then(|| self.back_off(now, acquisition, &Failure::TRANSIENT));
        (aborted, until)
    }

    fn back_off(&mut self, now: Moment, acquisition: NewAcquisition, failure: &Failure) -> Moment {
        let claim = claim(acquisition);
        self.breaker
            .acquisition_failed(now, claim, failure, |until| until)
    }
}

pub(super) fn claim(acquisition: NewAcquisition) -> Claim {
    Claim {
        target: TargetId(0),
        id: acquisition.id,
        deadline: acquisition.deadline,
    }
}
