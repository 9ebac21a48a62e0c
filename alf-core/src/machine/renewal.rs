//! Which token is used, when it is renewed, and who waits (E, S1 to S5, B2, R1, R2, R6).

use core::time::Duration;

use super::cooldown::Cooldowns;
use super::rest::Rest;
use super::{
    Begin, Death, Demand, Failure, FlightId, Generation, Landed, Landing, Lifetime, Moment,
    OriginKey, Policy, Reject, Reply, Stage,
};

/// The token of one client, and what is being done about it.
///
/// `T` is the token: a real one in the driver, a number in a model checker. Every method takes
/// `now`; time passes for the machine only when it is told so, and nothing happens by time alone:
/// a token that is due is renewed by the next [`demand`](Self::demand). A spurious call of
/// `demand` is never wrong.
///
/// When a method says [`Begin`], the caller begins that flight, outside of every lock, and sees
/// to it that exactly one of [`land`](Self::land) and [`die`](Self::die) is called for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Renewal<T> {
    policy: Policy,
    held: Option<Held<T>>,
    flight: Option<Flight>,
    rest: Rest,
    /// An attempt has failed since a flight landed last, though no flight has failed: the one that
    /// is under way stumbled, or one that froze or died had.
    stumbled: bool,
    cooldowns: Cooldowns,
    deaths_in_a_row: u32,
    last_begun: Option<Moment>,
    flights: u64,
    generations: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held<T> {
    token: T,
    generation: Generation,
    landed_at: Moment,
    life: Lifetime,
    standing: Standing,
    /// Because of whose rejections it was got, but for those who have accepted it since (R6).
    on_trial: Vec<OriginKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Good,
    /// Rejected; not destroyed, since the one who rejected it may be odd (R1).
    SetAside,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flight {
    id: FlightId,
    deadline: Moment,
    /// Whose rejections wait for it (R6).
    rejected_by: Vec<OriginKey>,
}

impl<T: PartialEq> Renewal<T> {
    /// Without a token; nothing is under way.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            held: None,
            flight: None,
            rest: Rest::new(),
            stumbled: false,
            cooldowns: Cooldowns::default(),
            deaths_in_a_row: 0,
            last_begun: None,
            flights: 0,
            generations: 0,
        }
    }

    /// A caller needs a token.
    pub fn demand(&mut self, now: Moment) -> Demand {
        self.forget_overdue_flight(now);
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

    /// E3, E4: waits for a flight, but not for one that has stumbled, nor after one that failed.
    fn demand_expired(&mut self, now: Moment, generation: Generation) -> Demand {
        match &self.flight {
            Some(_) if self.is_troubled() => Demand::Use(generation),
            Some(flight) => Demand::Join(flight.id),
            None if self.rest.until(now).is_some() => Demand::Use(generation),
            None if self.is_troubled() => Demand::UseAndRenew(generation, self.begin(now)),
            None => Demand::Begin(self.begin(now)),
        }
    }

    /// A resource server rejected the token of `generation`: the one that was sent (R1).
    pub fn reject(&mut self, now: Moment, generation: Generation, origin: OriginKey) -> Reject {
        self.forget_overdue_flight(now);
        if !self.holds(generation) {
            return Reject::Superseded(self.demand(now));
        }
        self.judge(now, origin);
        if self.cooldowns.is_on(origin, now) {
            return Reject::HandBack;
        }
        if let Some(flight) = &mut self.flight {
            flight.note(origin);
            let id = flight.id;
            self.set_standing(Standing::SetAside);
            return Reject::Join(id);
        }
        if let Some(until) = self.rest.until(now) {
            // R1: not set aside, or one odd 401 while the AS is down would stop every call.
            return Reject::Refuse { until };
        }
        let begin = self.begin(now);
        if let Some(flight) = &mut self.flight {
            flight.note(origin);
        }
        self.set_standing(Standing::SetAside);
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
        if now.saturating_since(held.landed_at) < useless_within(origin) {
            if held.on_trial.contains(&origin) {
                self.cooldowns.useless(origin, generation, now);
            }
        } else if !self.cooldowns.has_counted(origin, generation) {
            self.cooldowns.accepted(origin, generation);
        }
    }

    /// A resource server answered a replay that carried the token of `generation`; or, where that
    /// token [is on trial](Self::is_on_trial), accepted another request with it (R6).
    pub fn replayed(
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
                        held.on_trial.retain(|rejecter| *rejecter != origin);
                    }
                }
            }
            // Of a token that is not held any more nobody knows whether renewing it helped.
            Reply::RejectedAgain if !self.holds(generation) => {}
            Reply::RejectedAgain => self.cooldowns.useless(origin, generation, now),
        }
    }

    /// An attempt of `flight` failed, and the flight goes on: its waiters ask again, and use a
    /// token that is not over (E4).
    pub fn stumble(&mut self, flight: FlightId) {
        let is_current = |current: &Flight| current.id == flight;
        self.stumbled |= self.flight.as_ref().is_some_and(is_current);
    }

    /// `flight` has ended. `jitter` is a random number from 0 to 1.
    pub fn land(
        &mut self,
        now: Moment,
        flight: FlightId,
        result: Result<Landing<T>, Failure>,
        jitter: f64,
    ) -> Landed {
        let Some(flight) = self.end(flight) else {
            return Landed::Late;
        };
        match result {
            Ok(landing) => {
                self.rest.succeeded();
                self.take(now, flight, landing, jitter)
            }
            Err(failure) => Landed::Failed {
                until: self.fail(now, &failure),
            },
        }
    }

    /// `flight` is gone without a result: its runtime was shut down, the transport panicked (S4).
    pub fn die(&mut self, now: Moment, flight: FlightId) -> Death {
        if self.take_flight(flight).is_none() {
            return Death::Late;
        }
        self.deaths_in_a_row = self.deaths_in_a_row.saturating_add(1);
        if self.deaths_in_a_row < DEATHS_THAT_FAIL {
            Death::AskAgain
        } else {
            Death::Failed {
                until: self.fail(now, &Failure::TRANSIENT),
            }
        }
    }

    /// `flight` ended because another token's of the same client failed, of what this one would
    /// have met too (B2): as if it had failed by itself, but for the rest, which is that one's.
    pub fn fall(&mut self, flight: FlightId, rest: &Rest) -> Landed {
        if self.end(flight).is_none() {
            return Landed::Late;
        }
        if rest.follows_a_transient_failure() {
            self.set_standing(Standing::Good);
        }
        self.rest_with(rest);
        Landed::Failed {
            until: self.rest.end(),
        }
    }

    /// Another token of the same client rests, after a failure that this one would meet too (B2).
    /// Says whether that is news: a rest that ends later stands.
    pub fn rest_with(&mut self, rest: &Rest) -> bool {
        let is_news = rest.is_longer_than(&self.rest);
        if is_news {
            self.rest = rest.clone();
        }
        is_news
    }

    /// `flight` failed, of what any other token of the same client would have met too (B2). `last`
    /// is the rest after the last such failure, of whichever token: this one's is longer.
    pub fn land_after(
        &mut self,
        now: Moment,
        flight: FlightId,
        failure: &Failure,
        last: Rest,
    ) -> Landed {
        if self.end(flight).is_none() {
            return Landed::Late;
        }
        self.rest = last;
        Landed::Failed {
            until: self.fail(now, failure),
        }
    }

    /// What it rested after is over: another token of the same client had success (B2).
    pub fn rest_is_over(&mut self) {
        self.rest.succeeded();
    }

    /// The rest, for other tokens of the same client.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// The held token, whatever it is worth.
    pub fn held(&self) -> Option<(&T, Generation)> {
        self.held
            .as_ref()
            .map(|held| (&held.token, held.generation))
    }

    /// Whether it is to be told when a resource server accepts the held token: it was got because
    /// of a rejection, and not all who rejected have accepted it since (R6).
    pub fn is_on_trial(&self) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| !held.on_trial.is_empty())
    }

    /// Whether the held token may be used where nothing else helps: it is neither over nor set
    /// aside (E4). For a caller whose patience is at its end while the flight is frozen (S5).
    pub fn is_last_resort(&self, now: Moment) -> bool {
        self.usable(now)
            .is_some_and(|(_, stage)| stage < Stage::Over)
    }

    /// Until when [`demand`](Self::demand) would say [`Demand::Use`] and change nothing, unless
    /// something else happens before: that long a cache in front of this machine may answer.
    pub fn quiet_until(&self, now: Moment) -> Option<Moment> {
        let held = self.held.as_ref()?;
        if held.standing == Standing::SetAside {
            return None;
        }
        let rest = self.rest.until(now);
        match held.life.stage(now) {
            Stage::Fresh => Some(held.life.due()),
            Stage::Due => {
                let flight = self.flight.as_ref().map(|flight| flight.deadline);
                let spacing = self.last_begun.map(|begun| begun + SPACING);
                let quiet = flight.max(rest).max(spacing)?;
                Some(quiet.min(held.life.expired()))
            }
            Stage::Expired => {
                let quiet = match &self.flight {
                    Some(flight) => self.is_troubled().then_some(flight.deadline),
                    None => rest,
                };
                Some(quiet?.min(held.life.over()))
            }
            Stage::Over => None,
        }
        .filter(|until| now < *until)
    }

    fn take(&mut self, now: Moment, flight: Flight, landing: Landing<T>, jitter: f64) -> Landed {
        let Landing {
            token,
            lifetime,
            asked_at,
        } = landing;
        let leeway = self.policy.leeway;
        let life = lifetime
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(asked_at, now, stated, leeway, jitter)
            });
        if let Some(held) = self.held.as_mut().filter(|held| held.token == token) {
            held.life = life;
            held.standing = Standing::Good;
            for origin in &flight.rejected_by {
                self.cooldowns.useless_flight(*origin, held.generation, now);
            }
            return Landed::Same(held.generation);
        }
        self.generations += 1;
        let generation = Generation(self.generations);
        self.held = Some(Held {
            token,
            generation,
            landed_at: now,
            life,
            standing: Standing::Good,
            on_trial: flight.rejected_by,
        });
        Landed::Took(generation)
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

    /// E4: an attempt has failed since a flight succeeded last, so nobody waits for the next one
    /// whose token is not over.
    fn is_troubled(&self) -> bool {
        self.stumbled || self.rest.follows_a_failure()
    }

    fn wait_for_one(&mut self, now: Moment) -> Demand {
        if let Some(flight) = &self.flight {
            return Demand::Join(flight.id);
        }
        match self.rest.until(now) {
            Some(until) => Demand::Refuse { until },
            None => Demand::Begin(self.begin(now)),
        }
    }

    /// S1: not beside another flight; B2: not while resting; E6: not within a second of the last.
    fn may_renew_beside(&self, now: Moment) -> bool {
        self.flight.is_none()
            && self.rest.until(now).is_none()
            && self.last_begun.is_none_or(|begun| begun + SPACING <= now)
    }

    fn begin(&mut self, now: Moment) -> Begin {
        self.flights += 1;
        let id = FlightId(self.flights);
        let deadline = now + self.policy.flight_timeout;
        let after_failure = self.rest.follows_a_failure();
        self.last_begun = Some(now);
        self.flight = Some(Flight {
            id,
            deadline,
            rejected_by: Vec::new(),
        });
        Begin {
            flight: id,
            deadline,
            after_failure,
        }
    }

    /// S5: a flight past its deadline is frozen; what it may bring later is too late.
    fn forget_overdue_flight(&mut self, now: Moment) {
        self.flight.take_if(|flight| flight.deadline <= now);
    }

    /// The flight has come to a result.
    fn end(&mut self, id: FlightId) -> Option<Flight> {
        let flight = self.take_flight(id)?;
        self.deaths_in_a_row = 0;
        self.stumbled = false;
        Some(flight)
    }

    fn take_flight(&mut self, id: FlightId) -> Option<Flight> {
        self.flight.take_if(|flight| flight.id == id)
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

impl Flight {
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
/// S4: the second death in a row is a failed flight.
const DEATHS_THAT_FAIL: u32 = 2;
