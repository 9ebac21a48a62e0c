//! Which token is used, when it is renewed, and who waits (E, S1 to S5, B2, R1, R2, R9).

use core::time::Duration;

use super::held::Held;
use super::rejecting_origins::RejectingOrigins;
use super::{
    Aborted, AcquisitionId, BackOffCause, Decision, DoublingDelay, Failure, Generation, Health,
    Lifetime, Moment, NewAcquisition, Obtained, Policy, RejectionCount, RejectionDecision,
    ReplayOutcome, Stage, Success,
};

/// The token of one target, and what is being done about it.
///
/// `T` is the token, `O` an origin: real ones in the driver, numbers in a test. Time is an argument. Nothing happens by
/// time alone: a token that is due is renewed by the next [`demand`](Self::demand). An additional `demand` is never wrong.
///
/// When a method returns a [`NewAcquisition`], the caller starts it outside of every lock, and makes sure that exactly
/// one of [`succeeded`](Self::succeeded), [`failed`](Self::failed), [`failed_alone`](Self::failed_alone) and
/// [`aborted`](Self::aborted) is called for it. They change nothing if another acquisition has replaced it (S5), and say
/// so by `None` or `false`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal<T, O> {
    policy: Policy,
    held: Option<Held<T>>,
    acquisition: Option<UnderWay>,
    /// After failures of this target alone; other failures are in the [`Breaker`](super::Breaker).
    back_off: TargetBackOff,
    origins: RejectingOrigins<O>,
    consecutive_aborts: u32,
    last_started: Option<Moment>,
    /// Until when a renewal in the background waits for the store (D14).
    postponed_until: Option<Moment>,
    acquisitions: u64,
    generations: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnderWay {
    id: AcquisitionId,
    deadline: Moment,
    /// One of its attempts has failed, or it waits for a permit: nobody with an unexpired token waits for it (E4).
    is_delayed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TargetBackOff {
    until: Option<Moment>,
    delay: DoublingDelay,
}

impl<T: PartialEq, O: Clone + PartialEq> Renewal<T, O> {
    /// Without a token and without an acquisition.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            held: None,
            acquisition: None,
            back_off: TargetBackOff::NONE,
            origins: RejectingOrigins::new(),
            consecutive_aborts: 0,
            last_started: None,
            postponed_until: None,
            acquisitions: 0,
            generations: 0,
        }
    }

    /// A caller needs a token.
    pub(crate) fn demand(&mut self, now: Moment, health: Health) -> Decision {
        self.forget_outdated(now);
        let Some((generation, stage)) = self.usable(now) else {
            return self.join_or_start(now, health);
        };
        match stage {
            // E2
            Stage::Due if self.may_renew_in_background(now, health) => {
                Decision::UseAndRenew(generation, self.start(now))
            }
            Stage::Fresh | Stage::Due => Decision::Use(generation),
            Stage::WithinLeeway => self.demand_within_leeway(now, health, generation),
            Stage::Expired => self.join_or_start(now, health),
        }
    }

    /// E3, E4: waits for an acquisition, unless it is delayed or an earlier one failed.
    fn demand_within_leeway(
        &mut self,
        now: Moment,
        health: Health,
        generation: Generation,
    ) -> Decision {
        let is_troubled = self.is_troubled(health);
        let decision = self.join_or_start(now, health);
        match decision {
            Decision::Join(_) if is_troubled => Decision::Use(generation),
            Decision::Refuse { .. } => Decision::Use(generation),
            Decision::Start(new) if is_troubled => Decision::UseAndRenew(generation, new),
            Decision::Use(_)
            | Decision::UseAndRenew(..)
            | Decision::Start(_)
            | Decision::Join(_) => decision,
        }
    }

    /// The user asks for a renewal, whatever the stage of the held token. That one is used meanwhile.
    pub(crate) fn renew(&mut self, now: Moment, health: Health) -> Decision {
        self.forget_outdated(now);
        self.join_or_start(now, health)
    }

    /// A resource server rejected the token of `generation`: the one that was sent (R1). `sent` is what
    /// [`rejections`](Self::rejections) returned when the request was sent.
    pub(crate) fn reject(
        &mut self,
        now: Moment,
        health: Health,
        generation: Generation,
        sent: RejectionCount,
        origin: Option<&O>,
    ) -> RejectionDecision {
        self.forget_outdated(now);
        let held = self.held.as_mut();
        let Some(held) =
            held.and_then(|held| held.is_rejected_with(now, generation).then_some(held))
        else {
            return RejectionDecision::Superseded(self.demand(now, health));
        };
        let rejected = (held.generation, held.obtained_at);
        if !self.origins.rejected(now, rejected, sent, origin) {
            return RejectionDecision::Return;
        }
        if let Some(previous) = held.use_previous() {
            return RejectionDecision::UsePrevious(previous);
        }
        let decision = self.join_or_start(now, health);
        // R1: a refused renewal leaves the token in use, or one mistaken 401 in an outage would stop every call.
        if let (Some(_), Some(held)) = (&self.acquisition, &mut self.held) {
            self.origins.wait(now, origin);
            held.reject();
        }
        RejectionDecision::Renew(decision)
    }

    /// How many rejections were counted. A request keeps the count of when it was sent, for [`reject`](Self::reject).
    pub(crate) fn rejections(&self) -> RejectionCount {
        self.origins.rejections()
    }

    /// The machine was suspended that long, and `now` does not count it (E7).
    pub(crate) fn was_suspended(&mut self, time: Duration) {
        if let Some(held) = &mut self.held {
            held.shorten(time);
        }
    }

    /// The user revokes the held token: neither it nor the result of an acquisition under way is used.
    pub(crate) fn forget(&mut self) {
        self.held = None;
        self.acquisition = None;
        self.origins.stop_waiting();
    }

    /// A resource server answered a replay that carried the token of `generation` (R6).
    pub(crate) fn replayed(
        &mut self,
        now: Moment,
        generation: Generation,
        origin: &O,
        outcome: ReplayOutcome,
    ) {
        match outcome {
            ReplayOutcome::Accepted => self.origins.accepted_replay(now, generation, origin),
            // Whether renewing a token helped that is not held any more is unknown.
            ReplayOutcome::RejectedAgain if !self.holds(generation) => {}
            ReplayOutcome::RejectedAgain => self.origins.rejected_replay(now, generation, origin),
        }
    }

    /// A resource server accepted a request that was no replay, with the token of `generation`. It must be called if the
    /// origin is among the [awaited](Self::awaited_origins) (R6).
    pub(crate) fn accepted(&mut self, now: Moment, generation: Generation, origin: &O) {
        self.origins.accepted(now, generation, origin);
    }

    /// The origins of which it matters whether they accept the held token, and until when it matters (R6).
    pub(crate) fn awaited_origins(&self, now: Moment) -> Vec<(O, Moment)> {
        let held = self.held.as_ref();
        held.map_or_else(Vec::new, |held| {
            self.origins.whose_acceptance_matters(now, held.generation)
        })
    }

    /// An attempt of the acquisition failed and it goes on, or it waits for a permit: its waiters ask again (E4).
    pub(crate) fn delayed(&mut self, id: AcquisitionId) {
        if let Some(acquisition) = self.acquisition.as_mut().filter(|current| current.id == id) {
            acquisition.is_delayed = true;
        }
    }

    /// The acquisition brought a token. `jitter` is a random number from 0 to 1.
    pub(crate) fn succeeded(
        &mut self,
        now: Moment,
        id: AcquisitionId,
        obtained: Obtained<T>,
        jitter: f64,
    ) -> Option<Success> {
        self.end(id)?;
        self.back_off = TargetBackOff::NONE;
        Some(self.hold(now, obtained, jitter))
    }

    /// The acquisition failed in a way that concerns this target alone. Returns the end of its back-off.
    pub(crate) fn failed_alone(
        &mut self,
        now: Moment,
        id: AcquisitionId,
        failure: &Failure,
    ) -> Option<Moment> {
        self.end(id)?;
        let until = now + self.back_off.delay.take_after(failure);
        self.back_off.until = Some(until);
        self.restore_after(failure);
        Some(until)
    }

    /// The acquisition failed in a way that every target would have met: the breaker backs off.
    pub(crate) fn failed(&mut self, id: AcquisitionId, failure: &Failure) -> bool {
        let was_under_way = self.end(id).is_some();
        if was_under_way {
            self.restore_after(failure);
        }
        was_under_way
    }

    /// The acquisition ended without a result: the token is renewed later (D14).
    #[cfg(feature = "store")]
    pub(crate) fn postponed(&mut self, id: AcquisitionId, until: Moment) -> bool {
        let was_under_way = self.end(id).is_some();
        if was_under_way {
            let late = self.held.as_ref().map(|held| held.lifetime.late());
            self.postponed_until = Some(late.map_or(until, |late| late.min(until)));
        }
        was_under_way
    }

    /// D14: until the middle between due and within leeway.
    #[cfg(feature = "store")]
    pub(crate) fn may_postpone(&self, now: Moment) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| !held.is_rejected() && now < held.lifetime.late())
    }

    /// The acquisition is gone without a result: its runtime was shut down, or the transport panicked (S4).
    pub(crate) fn aborted(&mut self, id: AcquisitionId) -> Option<Aborted> {
        self.take_acquisition(id)?;
        self.consecutive_aborts = self.consecutive_aborts.saturating_add(1);
        if self.consecutive_aborts < ABORTS_THAT_FAIL {
            return Some(Aborted::AskAgain);
        }
        self.restore_after(&Failure::TRANSIENT);
        Some(Aborted::Failed)
    }

    /// The token that may be used if nothing else helps: it has neither expired nor been rejected (E4). For a caller
    /// whose deadline has come while the acquisition hangs (S5).
    pub(crate) fn in_use(&self, now: Moment) -> Option<Generation> {
        let usable = self
            .usable(now)
            .filter(|(_, stage)| *stage < Stage::Expired);
        usable.map(|(generation, _)| generation)
    }

    /// Whether the token of `generation` may still be used.
    pub(crate) fn keeps(&self, generation: Generation) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| held.keeps(generation))
    }

    /// How long a cache in front of this machine may answer: until then [`demand`](Self::demand) would return
    /// [`Decision::Use`] and change nothing, unless something else happens before.
    pub(crate) fn cacheable_until(&self, now: Moment, health: Health) -> Option<Moment> {
        let held = self.held.as_ref()?;
        if held.is_rejected() {
            return None;
        }
        let back_off = self.backs_off(now, health).map(|(until, _)| until);
        match held.lifetime.stage(now) {
            Stage::Fresh => Some(held.lifetime.due),
            Stage::Due => {
                // Until the last of what prevents a renewal in the background has passed.
                let deadline = self.acquisition.as_ref().map(|current| current.deadline);
                let spacing = self.last_started.map(|started| started + SPACING);
                let until = deadline
                    .max(back_off)
                    .max(spacing)
                    .max(self.postponed_until)?;
                Some(until.min(held.lifetime.within_leeway))
            }
            Stage::WithinLeeway => {
                let until = match &self.acquisition {
                    Some(current) => self.is_troubled(health).then_some(current.deadline),
                    None => back_off,
                };
                Some(until?.min(held.lifetime.expires))
            }
            Stage::Expired => None,
        }
        // R9: the next demand forgets the previous token.
        .map(|until| held.usable_until(until))
        .filter(|until| now < *until)
    }

    /// Whether no acquisition starts because of a failure of this target alone.
    pub(crate) fn backs_off_alone(&self, now: Moment) -> bool {
        self.back_off.until.is_some_and(|until| now < until)
    }

    fn hold(&mut self, now: Moment, obtained: Obtained<T>, jitter: f64) -> Success {
        let Obtained {
            token,
            lifetime,
            requested_at,
            age,
        } = obtained;
        // T9: also if much time has passed since it was obtained.
        let age = age.max(now.saturating_since(requested_at));
        let leeway = self.policy.leeway;
        let lifetime = lifetime
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(now, age, stated, leeway, jitter)
            });
        if let Some(held) = self.held.as_mut().filter(|held| held.token == token) {
            held.lifetime = lifetime;
            let generation = held.generation;
            if self.origins.issued_again(now, generation, requested_at) {
                return Success::Outdated(generation);
            }
            held.use_again();
            return Success::Unchanged(generation);
        }
        self.generations += 1;
        let generation = Generation(self.generations);
        let replaced = self.held.take();
        self.held = Some(Held::new(now, token, generation, lifetime, replaced));
        self.origins.replaced(now, generation);
        Success::New(generation)
    }

    /// R1: a transient failure must not make one mistaken 401 stop every call.
    fn restore_after(&mut self, failure: &Failure) {
        if failure.is_transient() {
            if let Some(held) = &mut self.held {
                held.use_again();
            }
            self.origins.stop_waiting();
        }
    }

    /// The token that callers use and the stage of the held one, unless that is rejected.
    fn usable(&self, now: Moment) -> Option<(Generation, Stage)> {
        self.held.as_ref()?.usable(now)
    }

    /// E4: an attempt has failed since the latest success, so nobody with an unexpired token waits for the next one.
    fn is_troubled(&self, health: Health) -> bool {
        health != Health::Healthy
            || self.back_off.until.is_some()
            || self
                .acquisition
                .as_ref()
                .is_some_and(|acquisition| acquisition.is_delayed)
    }

    /// B2: until when no acquisition starts, if that is later than now.
    fn backs_off(&self, now: Moment, health: Health) -> Option<(Moment, BackOffCause)> {
        let target = self.back_off.until.filter(|until| now < *until);
        match (target, health) {
            (Some(target), Health::BackingOff { until }) if until <= target => {
                Some((target, BackOffCause::Target))
            }
            (_, Health::BackingOff { until }) => Some((until, BackOffCause::Server)),
            (target, Health::Healthy | Health::Troubled) => {
                target.map(|until| (until, BackOffCause::Target))
            }
        }
    }

    fn join_or_start(&mut self, now: Moment, health: Health) -> Decision {
        if let Some(acquisition) = &self.acquisition {
            return Decision::Join(acquisition.id);
        }
        match self.backs_off(now, health) {
            Some((until, cause)) => Decision::Refuse { until, cause },
            None => Decision::Start(self.start(now)),
        }
    }

    /// S1: not beside another acquisition; B2: not while backing off; E6: not within a second of the last one.
    fn may_renew_in_background(&self, now: Moment, health: Health) -> bool {
        self.acquisition.is_none()
            && self.backs_off(now, health).is_none()
            && self
                .last_started
                .is_none_or(|started| started + SPACING <= now)
            && self.postponed_until.is_none_or(|until| until <= now)
    }

    fn start(&mut self, now: Moment) -> NewAcquisition {
        self.acquisitions += 1;
        let id = AcquisitionId(self.acquisitions);
        let deadline = now + self.policy.acquisition_timeout;
        self.last_started = Some(now);
        self.postponed_until = None;
        self.acquisition = Some(UnderWay {
            id,
            deadline,
            is_delayed: false,
        });
        NewAcquisition { id, deadline }
    }

    /// S5: an acquisition past its deadline hangs; a later result of it is outdated. R9: the previous token is not used
    /// any more.
    fn forget_outdated(&mut self, now: Moment) {
        self.acquisition
            .take_if(|acquisition| acquisition.deadline <= now);
        if let Some(held) = &mut self.held {
            held.forget_outdated_previous(now);
        }
    }

    /// The acquisition has a result.
    fn end(&mut self, id: AcquisitionId) -> Option<UnderWay> {
        let acquisition = self.take_acquisition(id)?;
        self.consecutive_aborts = 0;
        Some(acquisition)
    }

    fn take_acquisition(&mut self, id: AcquisitionId) -> Option<UnderWay> {
        self.acquisition.take_if(|acquisition| acquisition.id == id)
    }

    fn holds(&self, generation: Generation) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| held.generation == generation)
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> Option<(&T, Generation)> {
        let held = self.held.as_ref();
        held.map(|held| (&held.token, held.generation))
    }
}

impl TargetBackOff {
    const NONE: Self = Self {
        until: None,
        delay: DoublingDelay::after_permanent_failures(),
    };
}

/// E6: renewals of a due token start at least this far apart.
const SPACING: Duration = Duration::from_secs(1);
/// S4
const ABORTS_THAT_FAIL: u32 = 2;
