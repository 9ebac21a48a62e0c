//! Which token is used, when it is renewed, and who waits (E, S1 to S5, B2, R1, R2, R6).

use core::time::Duration;

use super::cooldown::Cooldowns;
use super::rest::Rest;
use super::{
    AbortOutcome, AcquisitionId, Begin, Completion, Demand, Failure, Generation, Lifetime, Moment,
    Obtained, OriginKey, Policy, Reject, Reply, Stage,
};

/// The token of one client, and what is being done about it.
///
/// `T` is the token: a real one in the driver, a number in a model checker. Every method takes
/// `now`; time passes for the machine only when it is told so, and nothing happens by time alone:
/// a token that is due is renewed by the next [`demand`](Self::demand). A spurious call of
/// `demand` is never wrong.
///
/// When a method says [`Begin`], the caller begins that acquisition, outside of every lock, and sees
/// to it that exactly one of [`land`](Self::land) and [`die`](Self::die) is called for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal<T> {
    policy: Policy,
    held: Option<Held<T>>,
    acquisition: Option<Acquisition>,
    rest: Rest,
    /// An attempt has failed since an acquisition landed last, though no acquisition has failed: the one that
    /// is under way attempt_failed, or one that froze or died had.
    attempt_failed: bool,
    cooldowns: Cooldowns,
    consecutive_aborts: u32,
    last_begun: Option<Moment>,
    acquisitions: u64,
    generations: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held<T> {
    token: T,
    generation: Generation,
    response_origin: Moment,
    life: Lifetime,
    standing: Standing,
    /// Because of whose rejections it was got, but for those who have accepted it since (R6).
    unproven: Vec<OriginKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Good,
    /// Rejected; not destroyed, since the one who rejected it may be odd (R1).
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Acquisition {
    id: AcquisitionId,
    deadline: Moment,
    /// Whose rejections wait for it (R6).
    rejected_by: Vec<OriginKey>,
}

impl<T: PartialEq> Renewal<T> {
    /// Without a token; nothing is under way.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            held: None,
            acquisition: None,
            rest: Rest::new(),
            attempt_failed: false,
            cooldowns: Cooldowns::default(),
            consecutive_aborts: 0,
            last_begun: None,
            acquisitions: 0,
            generations: 0,
        }
    }

    /// A caller needs a token.
    pub(crate) fn demand(&mut self, now: Moment) -> Demand {
        self.forget_overdue_acquisition(now);
        let Some((generation, stage)) = self.usable(now) else {
            return self.wait_for_one(now);
        };
        match stage {
            // E2: nobody waits; one renewal runs beside.
            Stage::Due if self.may_renew_beside(now) => {
                Demand::UseAndRenew(generation, self.begin(now))
            }
            Stage::Fresh | Stage::Due => Demand::Use(generation),
            Stage::Expired => self.demand_expired(now, generation),
            Stage::Over => self.wait_for_one(now),
        }
    }

    /// E3, E4: waits for an acquisition, but not for one that has attempt_failed, nor after one that failed.
    fn demand_expired(&mut self, now: Moment, generation: Generation) -> Demand {
        match &self.acquisition {
            Some(_) if self.is_troubled() => Demand::Use(generation),
            Some(acquisition) => Demand::Join(acquisition.id),
            None if self.rest.until(now).is_some() => Demand::Use(generation),
            None if self.is_troubled() => Demand::UseAndRenew(generation, self.begin(now)),
            None => Demand::Begin(self.begin(now)),
        }
    }

    /// A resource server rejected the token of `generation`: the one that was sent (R1).
    pub(crate) fn reject(
        &mut self,
        now: Moment,
        generation: Generation,
        origin: OriginKey,
    ) -> Reject {
        self.forget_overdue_acquisition(now);
        if !self.holds(generation) {
            return Reject::Superseded(self.demand(now));
        }
        self.judge(now, origin);
        if self.cooldowns.is_on(origin, now) {
            return Reject::HandBack;
        }
        if let Some(acquisition) = &mut self.acquisition {
            acquisition.note(origin);
            let id = acquisition.id;
            self.set_standing(Standing::Rejected);
            return Reject::Join(id);
        }
        if let Some(until) = self.rest.until(now) {
            // R1: not set aside, or one odd 401 while the AS is down would stop every call.
            return Reject::Refuse { until };
        }
        let begin = self.begin(now);
        if let Some(acquisition) = &mut self.acquisition {
            acquisition.note(origin);
        }
        self.set_standing(Standing::Rejected);
        Reject::Begin(begin)
    }

    /// R6: a token that was got because `origin` rejected the one before it, and that it rejects
    /// before it was seen to accept it, was a useless renewal: the replay that would have told so
    /// is not answered yet, was lost, or there is none. One that served for a while was not.
    fn judge(&mut self, now: Moment, origin: OriginKey) {
        let Some(held) = &self.held else {
            return;
        };
        let generation = held.generation;
        if now.saturating_since(held.response_origin) < useless_within(origin) {
            if held.unproven.contains(&origin) {
                self.cooldowns.useless(origin, generation, now);
            }
        } else if !self.cooldowns.has_counted(origin, generation) {
            self.cooldowns.accepted(origin, generation);
        }
    }

    /// A resource server answered a replay that carried the token of `generation`; or, where that
    /// token [is on trial](Self::is_unproven), accepted another request with it (R6).
    pub(crate) fn replayed(
        &mut self,
        now: Moment,
        generation: Generation,
        origin: OriginKey,
        reply: Reply,
    ) {
        match reply {
            Reply::Accepted => {
                self.cooldowns.accepted(origin, generation);
                if let Some(held) = &mut self.held {
                    if held.generation == generation {
                        held.unproven.retain(|rejecter| *rejecter != origin);
                    }
                }
            }
            // Of a token that is not held any more nobody knows whether renewing it helped.
            Reply::RejectedAgain if !self.holds(generation) => {}
            Reply::RejectedAgain => self.cooldowns.useless(origin, generation, now),
        }
    }

    /// An attempt of `acquisition` failed, and the acquisition goes on: its waiters ask again, and use a
    /// token that is not over (E4).
    pub(crate) fn attempt_failed(&mut self, acquisition: AcquisitionId) {
        let is_current = |current: &Acquisition| current.id == acquisition;
        self.attempt_failed |= self.acquisition.as_ref().is_some_and(is_current);
    }

    /// `acquisition` has ended. `jitter` is a random number from 0 to 1.
    pub(crate) fn land(
        &mut self,
        now: Moment,
        acquisition: AcquisitionId,
        result: Result<Obtained<T>, Failure>,
        jitter: f64,
    ) -> Completion {
        let Some(acquisition) = self.end(acquisition) else {
            return Completion::Late;
        };
        match result {
            Ok(obtained) => {
                self.rest.succeeded();
                self.take(now, acquisition, obtained, jitter)
            }
            Err(failure) => Completion::Failed {
                until: self.fail(now, &failure),
            },
        }
    }

    /// `acquisition` is gone without a result: its runtime was shut down, the transport panicked (S4).
    pub(crate) fn die(&mut self, now: Moment, acquisition: AcquisitionId) -> AbortOutcome {
        if self.take_acquisition(acquisition).is_none() {
            return AbortOutcome::Late;
        }
        self.consecutive_aborts = self.consecutive_aborts.saturating_add(1);
        if self.consecutive_aborts < DEATHS_THAT_FAIL {
            AbortOutcome::AskAgain
        } else {
            AbortOutcome::Failed {
                until: self.fail(now, &Failure::TRANSIENT),
            }
        }
    }

    /// `acquisition` ended because another token's of the same client failed, of what this one would
    /// have met too (B2): as if it had failed by itself, but for the rest, which is that one's.
    pub(crate) fn fall(&mut self, acquisition: AcquisitionId, rest: &Rest) -> Completion {
        if self.end(acquisition).is_none() {
            return Completion::Late;
        }
        if rest.follows_a_transient_failure() {
            self.set_standing(Standing::Good);
        }
        self.rest_with(rest);
        Completion::Failed {
            until: self.rest.end(),
        }
    }

    /// Another token of the same client rests, after a failure that this one would meet too (B2).
    /// Says whether that is news: a rest that ends later stands.
    pub(crate) fn rest_with(&mut self, rest: &Rest) -> bool {
        let is_news = rest.is_longer_than(&self.rest);
        if is_news {
            self.rest = rest.clone();
        }
        is_news
    }

    /// `acquisition` failed, of what any other token of the same client would have met too (B2). `last`
    /// is the rest after the last such failure, of whichever token: this one's is longer.
    pub(crate) fn land_after(
        &mut self,
        now: Moment,
        acquisition: AcquisitionId,
        failure: &Failure,
        last: Rest,
    ) -> Completion {
        if self.end(acquisition).is_none() {
            return Completion::Late;
        }
        self.rest = last;
        Completion::Failed {
            until: self.fail(now, failure),
        }
    }

    /// What it rested after is over: another token of the same client had success (B2).
    pub(crate) fn rest_is_over(&mut self) {
        self.rest.succeeded();
    }

    /// The rest, for other tokens of the same client.
    pub(crate) fn rest(&self) -> &Rest {
        &self.rest
    }

    /// The held token, whatever it is worth.
    pub(crate) fn held(&self) -> Option<(&T, Generation)> {
        self.held
            .as_ref()
            .map(|held| (&held.token, held.generation))
    }

    /// Whether it is to be told when a resource server accepts the held token: it was got because
    /// of a rejection, and not all who rejected have accepted it since (R6).
    pub(crate) fn is_unproven(&self) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| !held.unproven.is_empty())
    }

    /// Whether the held token may be used where nothing else helps: it is neither over nor set
    /// aside (E4). For a caller whose patience is at its end while the acquisition is frozen (S5).
    pub(crate) fn is_last_resort(&self, now: Moment) -> bool {
        self.usable(now)
            .is_some_and(|(_, stage)| stage < Stage::Over)
    }

    /// Until when [`demand`](Self::demand) would say [`Demand::Use`] and change nothing, unless
    /// something else happens before: that long a cache in front of this machine may answer.
    pub(crate) fn quiet_until(&self, now: Moment) -> Option<Moment> {
        let held = self.held.as_ref()?;
        if held.standing == Standing::Rejected {
            return None;
        }
        let rest = self.rest.until(now);
        match held.life.stage(now) {
            Stage::Fresh => Some(held.life.due()),
            Stage::Due => {
                let acquisition = self
                    .acquisition
                    .as_ref()
                    .map(|acquisition| acquisition.deadline);
                let spacing = self.last_begun.map(|begun| begun + SPACING);
                let quiet = acquisition.max(rest).max(spacing)?;
                Some(quiet.min(held.life.expired()))
            }
            Stage::Expired => {
                let quiet = match &self.acquisition {
                    Some(acquisition) => self.is_troubled().then_some(acquisition.deadline),
                    None => rest,
                };
                Some(quiet?.min(held.life.over()))
            }
            Stage::Over => None,
        }
        .filter(|until| now < *until)
    }

    fn take(
        &mut self,
        now: Moment,
        acquisition: Acquisition,
        obtained: Obtained<T>,
        jitter: f64,
    ) -> Completion {
        let Obtained {
            token,
            lifetime,
            asked_at,
        } = obtained;
        let leeway = self.policy.leeway;
        let life = lifetime
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(asked_at, now, stated, leeway, jitter)
            });
        if let Some(held) = self.held.as_mut().filter(|held| held.token == token) {
            held.life = life;
            held.standing = Standing::Good;
            for origin in &acquisition.rejected_by {
                self.cooldowns
                    .useless_acquisition(*origin, held.generation, now);
            }
            return Completion::Same(held.generation);
        }
        self.generations += 1;
        let generation = Generation(self.generations);
        self.held = Some(Held {
            token,
            generation,
            response_origin: now,
            life,
            standing: Standing::Good,
            unproven: acquisition.rejected_by,
        });
        Completion::Took(generation)
    }

    fn fail(&mut self, now: Moment, failure: &Failure) -> Moment {
        if failure.is_transient() {
            // R1: one odd 401 while the AS is down must not stop every call.
            self.set_standing(Standing::Good);
        }
        self.rest.failed(now, failure)
    }

    /// The held token and where in its life it is, unless it is set aside.
    fn usable(&self, now: Moment) -> Option<(Generation, Stage)> {
        let held = self.held.as_ref()?;
        (held.standing == Standing::Good).then(|| (held.generation, held.life.stage(now)))
    }

    /// E4: an attempt has failed since an acquisition succeeded last, so nobody waits for the next one
    /// whose token is not over.
    fn is_troubled(&self) -> bool {
        self.attempt_failed || self.rest.follows_a_failure()
    }

    fn wait_for_one(&mut self, now: Moment) -> Demand {
        if let Some(acquisition) = &self.acquisition {
            return Demand::Join(acquisition.id);
        }
        match self.rest.until(now) {
            Some(until) => Demand::Refuse { until },
            None => Demand::Begin(self.begin(now)),
        }
    }

    /// S1: not beside another acquisition; B2: not while resting; E6: not within a second of the last.
    fn may_renew_beside(&self, now: Moment) -> bool {
        self.acquisition.is_none()
            && self.rest.until(now).is_none()
            && self.last_begun.is_none_or(|begun| begun + SPACING <= now)
    }

    fn begin(&mut self, now: Moment) -> Begin {
        self.acquisitions += 1;
        let id = AcquisitionId(self.acquisitions);
        let deadline = now + self.policy.acquisition_timeout;
        let after_failure = self.rest.follows_a_failure();
        self.last_begun = Some(now);
        self.acquisition = Some(Acquisition {
            id,
            deadline,
            rejected_by: Vec::new(),
        });
        Begin {
            acquisition: id,
            deadline,
            after_failure,
        }
    }

    /// S5: an acquisition past its deadline is frozen; what it may bring later is too late.
    fn forget_overdue_acquisition(&mut self, now: Moment) {
        self.acquisition
            .take_if(|acquisition| acquisition.deadline <= now);
    }

    /// The acquisition has come to a result.
    fn end(&mut self, id: AcquisitionId) -> Option<Acquisition> {
        let acquisition = self.take_acquisition(id)?;
        self.consecutive_aborts = 0;
        self.attempt_failed = false;
        Some(acquisition)
    }

    fn take_acquisition(&mut self, id: AcquisitionId) -> Option<Acquisition> {
        self.acquisition.take_if(|acquisition| acquisition.id == id)
    }

    fn holds(&self, generation: Generation) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| held.generation == generation)
    }

    fn set_standing(&mut self, standing: Standing) {
        if let Some(held) = &mut self.held {
            held.standing = standing;
        }
    }
}

impl Acquisition {
    fn note(&mut self, origin: OriginKey) {
        if !self.rejected_by.contains(&origin) {
            self.rejected_by.push(origin);
        }
    }
}

/// R6: so soon after it landed, a token that is rejected by whom it was got for was useless. Where
/// the origin is known that is as long as the longest cool-down, so that slow calls to an API that
/// always says 401 cost less and less too.
fn useless_within(origin: OriginKey) -> Duration {
    if origin == OriginKey::UNKNOWN {
        Duration::from_secs(1)
    } else {
        Duration::from_secs(60)
    }
}

/// E6: renewals of a due token begin at least this far apart.
const SPACING: Duration = Duration::from_secs(1);
/// S4: the second death in a row is a failed acquisition.
const DEATHS_THAT_FAIL: u32 = 2;
