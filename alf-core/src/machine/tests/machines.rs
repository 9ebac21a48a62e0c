//! The machines of one token target, combined as the driver combines them.

use super::*;

/// A renewal machine, and the breaker of its client. Their errors are the ends of the back-offs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Machines {
    pub(super) renewal: Renewal<TestToken, u16, Moment>,
    pub(super) breaker: Breaker<Moment>,
    /// How many requests were rejected.
    pub(super) rejections: u64,
}

/// What a server issued, and the number that the machine gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TestToken {
    value: u32,
    pub(super) generation: Generation,
}

pub(super) type TestDecision = Decision<TestToken, Moment>;
pub(super) type TestRejection = RejectionDecision<TestToken, Moment>;

/// The caller does that, and no acquisition starts.
pub(super) fn only(answer: Answer<TestToken, Moment>) -> TestDecision {
    let start = None;
    Decision { answer, start }
}

impl TestToken {
    pub(super) fn new(value: u32, generation: Generation) -> Self {
        Self { value, generation }
    }
}

impl PartialEq<u32> for TestToken {
    fn eq(&self, other: &u32) -> bool {
        self.value == *other
    }
}

impl Machines {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            renewal: Renewal::new(TargetId(0), policy),
            breaker: Breaker::new(),
            rejections: 0,
        }
    }

    pub(super) fn demand(&mut self, now: Moment) -> TestDecision {
        let health = self.breaker.health(now);
        self.renewal.demand(now, &health)
    }

    pub(super) fn reject(
        &mut self,
        now: Moment,
        generation: Generation,
        origin: Option<u16>,
    ) -> TestRejection {
        self.reject_sent(self.rejections, now, generation, origin)
    }

    /// The request was sent after that many rejections.
    pub(super) fn reject_sent(
        &mut self,
        sent_after: u64,
        now: Moment,
        generation: Generation,
        origin: Option<u16>,
    ) -> TestRejection {
        let health = self.breaker.health(now);
        self.rejections += 1;
        let numbers = sent_after..self.rejections;
        self.renewal
            .reject(now, &health, generation, numbers, origin.as_ref())
    }

    /// A replay with the token of `generation` is answered, after another one of the same token.
    pub(super) fn replayed(
        &mut self,
        now: Moment,
        generation: Generation,
        origin: u16,
        outcome: ReplayOutcome,
    ) {
        match outcome {
            ReplayOutcome::Accepted => self.renewal.accepted_replay(now, generation, &origin),
            ReplayOutcome::RejectedAgain => {
                let renewal = &mut self.renewal;
                let again = renewal.rejected_replay(now, generation, generation, &origin);
                assert!(!again, "R3");
            }
        }
    }

    pub(super) fn cacheable_until(&self, now: Moment) -> Option<Moment> {
        let health = self.breaker.health(now);
        self.renewal.cacheable_until(now, &health)
    }

    /// An attempt fails. Returns whether the acquisition goes on.
    pub(super) fn attempt_failed(&mut self, now: Moment, claim: Claim) -> bool {
        let retry_at = self
            .breaker
            .attempt_failed(now, claim, Duration::ZERO, 1.0, now);
        if retry_at.is_some() {
            self.renewal.delayed(claim.id);
        }
        retry_at.is_some()
    }

    pub(super) fn succeeded(
        &mut self,
        now: Moment,
        claim: Claim,
        obtained: Obtained<u32>,
        jitter: f64,
    ) -> Option<Success> {
        let renewal = &mut self.renewal;
        let (success, token) =
            renewal.succeeded(now, claim.id, obtained, jitter, TestToken::new)?;
        assert_eq!(renewal.held(), Some(&token));
        self.breaker.succeeded(now, claim);
        Some(success)
    }

    /// The acquisition fails in a way that every target would meet; returns the end of the back-off.
    pub(super) fn failed(
        &mut self,
        now: Moment,
        claim: Claim,
        failure: &Failure,
    ) -> Option<Moment> {
        let was_under_way = self.renewal.failed(claim.id, failure);
        was_under_way.then(|| self.back_off(now, claim, failure))
    }

    /// Returns the end of the back-off, if the abort is a failure.
    pub(super) fn aborted(
        &mut self,
        now: Moment,
        claim: Claim,
    ) -> (Option<Aborted>, Option<Moment>) {
        let aborted = self.renewal.aborted(claim.id);
        let until = (aborted == Some(Aborted::Failed))
            .then(|| self.back_off(now, claim, &Failure::TRANSIENT));
        (aborted, until)
    }

    fn back_off(&mut self, now: Moment, claim: Claim, failure: &Failure) -> Moment {
        self.breaker
            .acquisition_failed(now, claim, failure, |until| until)
    }
}
