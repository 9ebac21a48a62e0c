//! Which token is used, when it is renewed, and who waits (E, S1 to S5, B2, R1, R2, R9).

use core::ops::Range;
use core::time::Duration;

use super::held::Held;
use super::rejecting_origins::RejectingOrigins;
use super::{
    Aborted, AcquisitionId, Answer, Claim, Decision, DoublingDelay, Failure, Generation, Health,
    Lifetime, Moment, Obtained, Policy, RejectionDecision, Stage, Success, TargetId,
};

/// The token of one target, and what is being done about it.
///
/// `T` is the token, `O` an origin, `E` an error: real ones in the driver, numbers in a test. Time is an argument. Nothing
/// happens by time alone: a token that is due is renewed by the next [`demand`](Self::demand). An additional `demand` is
/// never wrong.
///
/// When a method returns a [`Claim`], the caller starts that acquisition outside of every lock, and makes sure that exactly
/// one of [`succeeded`](Self::succeeded), [`failed`](Self::failed), [`failed_alone`](Self::failed_alone) and
/// [`aborted`](Self::aborted) is called for it. They change nothing if another acquisition has replaced it (S5), and say
/// so by `None` or `false`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal<T, O, E> {
    target: TargetId,
    policy: Policy,
    held: Option<Held<T>>,
    acquisition: Option<UnderWay>,
    /// After failures of this target alone; other failures are in the [`Breaker`](super::Breaker).
    back_off: Option<(Moment, E)>,
    back_off_delay: DoublingDelay,
    origins: RejectingOrigins<O>,
    /// The acquisition that ended last was aborted.
    was_aborted: bool,
    last_started: Option<Moment>,
    /// Until when a renewal in the background waits for the store (D14).
    postponed_until: Option<Moment>,
    acquisitions: u64,
    generations: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnderWay {
    claim: Claim,
    /// One of its attempts has failed, or it waits for a permit: nobody with an unexpired token waits for it (E4).
    is_delayed: bool,
}

impl<T: Clone, O: Clone + PartialEq, E: Clone> Renewal<T, O, E> {
    /// Without a token and without an acquisition.
    pub(crate) fn new(target: TargetId, policy: Policy) -> Self {
        Self {
            target,
            policy,
            held: None,
            acquisition: None,
            back_off: None,
            back_off_delay: DoublingDelay::after_permanent_failures(),
            origins: RejectingOrigins::new(),
            was_aborted: false,
            last_started: None,
            postponed_until: None,
            acquisitions: 0,
            generations: 0,
        }
    }

    /// A caller needs a token.
    pub(crate) fn demand(&mut self, now: Moment, health: &Health<E>) -> Decision<T, E> {
        self.forget_outdated(now);
        let Some((token, stage)) = self.usable(now) else {
            return self.join_or_start(now, health);
        };
        let answer = Answer::Use(token.clone());
        let start = match stage {
            Stage::Fresh => None,
            // E2
            Stage::Due => {
                let not_before = self.not_renewed_before(now, health);
                let may_start = not_before.is_none_or(|not_before| not_before <= now);
                may_start.then(|| self.start(now))
            }
            // E4: no caller waits if the acquisition is delayed, or if an earlier one failed.
            Stage::WithinLeeway if self.is_troubled(health) => {
                self.join_or_start(now, health).start
            }
            // E3
            Stage::WithinLeeway | Stage::Expired => return self.join_or_start(now, health),
        };
        Decision { answer, start }
    }

    /// The user asks for a renewal, whatever the stage of the held token. That one is used meanwhile.
    pub(crate) fn renew(&mut self, now: Moment, health: &Health<E>) -> Decision<T, E> {
        self.forget_outdated(now);
        self.join_or_start(now, health)
    }

    /// A resource server rejected the token of `generation`: the one that was sent (R1). All rejections are numbered:
    /// `numbers` is from the last one before that request was sent to this one.
    pub(crate) fn reject(
        &mut self,
        now: Moment,
        health: &Health<E>,
        generation: Generation,
        numbers: Range<u64>,
        origin: Option<&O>,
    ) -> RejectionDecision<T, E> {
        self.forget_outdated(now);
        let held = self.held.as_mut();
        let Some(held) = held.and_then(|held| held.is_rejected_with(generation).then_some(held))
        else {
            return RejectionDecision::Superseded(self.demand(now, health));
        };
        let rejected = (held.generation, held.obtained_at);
        if !self.origins.rejected(now, rejected, numbers, origin) {
            return RejectionDecision::Return;
        }
        if let Some(previous) = held.use_previous() {
            return RejectionDecision::UsePrevious(previous.clone());
        }
        let decision = self.join_or_start(now, health);
        // R1: a refused renewal leaves the token in use, or one mistaken 401 in an outage would stop every call.
        if let (Some(_), Some(held)) = (&self.acquisition, &mut self.held) {
            self.origins.change(now, origin, |record| record.wait(now));
            held.reject();
        }
        RejectionDecision::Renew(decision)
    }

    /// A resource server accepted a replay with the token of `generation` (R6).
    pub(crate) fn accepted_replay(&mut self, now: Moment, generation: Generation, origin: &O) {
        if let Some(record) = self.origins.own(now, origin) {
            record.accepted_replay(generation);
        }
    }

    /// A resource server rejected a request with the token of `rejected`, and its replay with that of `replayed`. Returns
    /// whether that is the previous token, which is not used again: then the request is replayed once more (R9).
    pub(crate) fn rejected_replay(
        &mut self,
        now: Moment,
        rejected: Generation,
        replayed: Generation,
        origin: &O,
    ) -> bool {
        if let Some(held) = &mut self.held {
            held.forget_previous(replayed);
            // Whether renewing a token helped that is not held any more is unknown.
            if held.generation == replayed {
                self.origins.change(now, Some(origin), |record| {
                    record.rejected_replay(now, replayed);
                });
            }
        }
        replayed < rejected
    }

    /// The machine was suspended that long, and `now` does not count it (E7).
    pub(crate) fn was_suspended(&mut self, time: Duration) {
        if let Some(held) = &mut self.held {
            held.shorten(time);
        }
    }

    /// The user revokes the held token: neither it nor the result of an acquisition under way is used.
    pub(crate) fn forget(&mut self) -> Option<T> {
        let held = self.held.take()?;
        self.acquisition = None;
        self.origins.stop_waiting();
        Some(held.token)
    }

    /// A resource server accepted a request that was no replay, with the token of `generation`. It must be called if the
    /// origin is among the [awaited](Self::awaited_origins) (R6).
    pub(crate) fn accepted(&mut self, now: Moment, generation: Generation, origin: &O) {
        if let Some(record) = self.origins.own(now, origin) {
            record.accepted(generation);
        }
    }

    /// The origins of which it matters whether they accept the held token (R6).
    pub(crate) fn awaited_origins(&self, now: Moment) -> Vec<O> {
        let held = self.held.as_ref();
        held.map_or_else(Vec::new, |held| {
            self.origins.whose_acceptance_matters(now, held.generation)
        })
    }

    /// An attempt of the acquisition failed and it goes on, or it waits for a permit: callers with an unexpired token do not wait for it (E4).
    pub(crate) fn delayed(&mut self, id: AcquisitionId) {
        let acquisition = self.acquisition.as_mut();
        if let Some(acquisition) = acquisition.filter(|current| current.claim.id == id) {
            acquisition.is_delayed = true;
        }
    }

    /// The acquisition brought a token, which becomes what `present` makes of it. `jitter` is a random number from 0 to 1.
    pub(crate) fn succeeded<G>(
        &mut self,
        now: Moment,
        id: AcquisitionId,
        obtained: Obtained<G>,
        jitter: f64,
        present: impl FnOnce(G, Generation) -> T,
    ) -> Option<(Success, T)>
    where
        T: PartialEq<G>,
    {
        self.end(id)?;
        self.back_off = None;
        self.back_off_delay.reset();
        let requested_at = obtained.requested_at;
        // T9: also if much time has passed since it was obtained.
        let age = obtained.age.max(now.saturating_since(requested_at));
        let stated = obtained.lifetime.or(self.policy.default_lifetime);
        let lifetime = stated.map_or(Lifetime::UNKNOWN, |stated| {
            Lifetime::new(now, age, stated, self.policy.leeway, jitter)
        });
        let token = obtained.token;
        if let Some(held) = self.held.as_mut().filter(|held| held.token == token) {
            held.lifetime = lifetime;
            let generation = held.generation;
            held.token = present(token, generation);
            let token = held.token.clone();
            if self.origins.issued_again(now, generation, requested_at) {
                return Some((Success::Outdated, token));
            }
            held.use_again();
            return Some((Success::Unchanged, token));
        }
        self.generations += 1;
        let generation = Generation(self.generations);
        let token = present(token, generation);
        let replaced = self.held.take();
        self.held = Some(Held::new(
            now,
            token.clone(),
            generation,
            lifetime,
            replaced,
        ));
        self.origins.replaced(now, generation);
        Some((Success::New, token))
    }

    /// The acquisition failed in a way that concerns this target alone. `error` makes its error from the end of the back-off.
    pub(crate) fn failed_alone(
        &mut self,
        now: Moment,
        id: AcquisitionId,
        failure: &Failure,
        error: impl FnOnce(Moment) -> E,
    ) -> Option<E> {
        self.end(id)?;
        let until = now + self.back_off_delay.take_after(failure);
        let error = error(until);
        self.back_off = Some((until, error.clone()));
        self.restore_after(failure);
        Some(error)
    }

    /// The acquisition failed in a way that every target would have met: the breaker backs off.
    pub(crate) fn failed(&mut self, id: AcquisitionId, failure: &Failure) -> bool {
        let ended = self.end(id);
        ended.inspect(|_| self.restore_after(failure)).is_some()
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
        if !core::mem::replace(&mut self.was_aborted, true) {
            return Some(Aborted::AskAgain);
        }
        self.restore_after(&Failure::TRANSIENT);
        Some(Aborted::Failed)
    }

    /// The token that may be used if nothing else helps: it has neither expired nor been rejected (E4). For a caller
    /// whose deadline has come while the acquisition hangs (S5).
    pub(crate) fn in_use(&self, now: Moment) -> Option<&T> {
        let (token, stage) = self.usable(now)?;
        (stage < Stage::Expired).then_some(token)
    }

    /// The held token, whatever its stage.
    pub(crate) fn held(&self) -> Option<&T> {
        self.held.as_ref().map(|held| &held.token)
    }

    /// The tokens that callers use, or used a moment ago.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &T> {
        self.held.iter().flat_map(Held::tokens)
    }

    /// How long a cache in front of this machine may answer: until then [`demand`](Self::demand) would return
    /// [`Answer::Use`] and change nothing, unless something else happens before.
    pub(crate) fn cacheable_until(&self, now: Moment, health: &Health<E>) -> Option<Moment> {
        let held = self.held.as_ref()?;
        if held.is_rejected() {
            return None;
        }
        match held.lifetime.stage(now) {
            Stage::Fresh => Some(held.lifetime.due),
            Stage::Due => {
                let until = self.not_renewed_before(now, health)?;
                Some(until.min(held.lifetime.within_leeway))
            }
            Stage::WithinLeeway if self.is_troubled(health) => {
                let until = self.not_started_before(now, health)?;
                Some(until.min(held.lifetime.expires))
            }
            Stage::WithinLeeway | Stage::Expired => None,
        }
        // R9: the next demand forgets the previous token.
        .map(|until| held.usable_until(until))
        .filter(|until| now < *until)
    }

    /// Whether no acquisition starts because of a failure of this target alone.
    pub(crate) fn backs_off_alone(&self, now: Moment) -> bool {
        let back_off = self.back_off.as_ref();
        back_off.is_some_and(|(until, _)| now < *until)
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
    fn usable(&self, now: Moment) -> Option<(&T, Stage)> {
        self.held.as_ref()?.usable(now)
    }

    /// E4: an attempt has failed since the latest success, so nobody with an unexpired token waits for the next one.
    fn is_troubled(&self, health: &Health<E>) -> bool {
        let acquisition = self.acquisition.as_ref();
        !matches!(health, Health::Healthy)
            || self.back_off.is_some()
            || acquisition.is_some_and(|acquisition| acquisition.is_delayed)
    }

    /// B2: until when no acquisition starts, if that is later than now, and the error for that.
    fn backs_off<'a>(&'a self, now: Moment, health: &'a Health<E>) -> Option<(Moment, &'a E)> {
        let server = match health {
            Health::BackingOff { until, error } => Some((*until, error)),
            Health::Healthy | Health::Troubled => None,
        };
        let target = self.back_off.as_ref();
        let target = target.map(|(until, error)| (*until, error));
        let both = server.into_iter().chain(target);
        both.filter(|(until, _)| now < *until)
            .max_by_key(|(until, _)| *until)
    }

    fn join_or_start(&mut self, now: Moment, health: &Health<E>) -> Decision<T, E> {
        let back_off = self.backs_off(now, health);
        let (answer, start) = match back_off {
            _ if self.acquisition.is_some() => (Answer::Wait, None),
            Some((_, error)) => (Answer::Refuse(error.clone()), None),
            None => (Answer::Wait, Some(self.start(now))),
        };
        Decision { answer, start }
    }

    /// E6: not within a second of the last one.
    fn not_renewed_before(&self, now: Moment, health: &Health<E>) -> Option<Moment> {
        let spacing = self.last_started.map(|started| started + SPACING);
        let not_started_before = self.not_started_before(now, health);
        not_started_before.max(spacing).max(self.postponed_until)
    }

    /// S1: not beside another acquisition; B2: not while backing off.
    fn not_started_before(&self, now: Moment, health: &Health<E>) -> Option<Moment> {
        let acquisition = self.acquisition.as_ref();
        let deadline = acquisition.map(|current| current.claim.deadline);
        deadline.max(self.backs_off(now, health).map(|(until, _)| until))
    }

    fn start(&mut self, now: Moment) -> Claim {
        self.acquisitions += 1;
        let claim = Claim {
            target: self.target,
            id: AcquisitionId(self.acquisitions),
            deadline: now + self.policy.acquisition_timeout,
        };
        self.last_started = Some(now);
        self.postponed_until = None;
        self.acquisition = Some(UnderWay {
            claim,
            is_delayed: false,
        });
        claim
    }

    /// S5: an acquisition past its deadline hangs; a later result of it is outdated. R9: the previous token is not used
    /// any more.
    fn forget_outdated(&mut self, now: Moment) {
        self.acquisition
            .take_if(|acquisition| acquisition.claim.deadline <= now);
        if let Some(held) = &mut self.held {
            held.forget_outdated_previous(now);
        }
    }

    /// The acquisition has a result.
    fn end(&mut self, id: AcquisitionId) -> Option<UnderWay> {
        let acquisition = self.take_acquisition(id)?;
        self.was_aborted = false;
        Some(acquisition)
    }

    fn take_acquisition(&mut self, id: AcquisitionId) -> Option<UnderWay> {
        self.acquisition
            .take_if(|acquisition| acquisition.claim.id == id)
    }
}

/// E6: renewals of a due token start at least this far apart.
const SPACING: Duration = Duration::from_secs(1);
