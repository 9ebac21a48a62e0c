//! What must hold after every event, whatever came before: for the exhaustive search and the
//! random runs.
//!
//! The model beside the machine keeps the few facts that a rule speaks of, and says of every
//! decision which rule it breaks.

mod cooldowns;
mod obtained;

use super::*;

/// A machine that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Watched {
    machine: Renewal<u8>,
    policy: Policy,
    now: Moment,
    held: Option<Token>,
    /// The token before the held one.
    older: Option<Generation>,
    acquisition: Option<UnderWay>,
    /// An acquisition whose place was taken by another.
    frozen: Option<AcquisitionId>,
    last_begun: Option<Moment>,
    /// The acquisition that ended last died.
    died: bool,
    /// The acquisition that ended last failed.
    failed: bool,
    /// An attempt failed since an acquisition had a result last.
    attempt_failed: bool,
    resting_until: Moment,
    cooldowns: [Option<CoolingDown>; ORIGINS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Token {
    value: u8,
    generation: Generation,
    response_origin: Moment,
    life: Lifetime,
    set_aside: bool,
    /// It took the place of one that these rejected, and they have not accepted it yet.
    unproven: [bool; ORIGINS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnderWay {
    id: AcquisitionId,
    begun_at: Moment,
    deadline: Moment,
    rejected_by: [bool; ORIGINS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CoolingDown {
    counted: Generation,
    until: Moment,
    next: Duration,
}

/// Something that happens. What cannot happen in a state (a obtained without an acquisition) does not.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Pass(Duration),
    Demand,
    Reject(Which, usize),
    AttemptFailure,
    LandNew {
        states: Option<Duration>,
        jitter: f64,
    },
    LandSame {
        states: Option<Duration>,
        jitter: f64,
    },
    Fail(Failure),
    Die,
    /// An acquisition whose place was taken has a result after all.
    LandLate,
    Replayed(Which, usize, Reply),
}

/// Which token a request carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Held,
    Older,
}

/// The rule that was broken.
pub(super) type Broken = String;

pub(super) const ORIGINS: usize = 2;

impl Watched {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            machine: Renewal::new(policy.clone()),
            policy,
            now: at(0),
            held: None,
            older: None,
            acquisition: None,
            frozen: None,
            last_begun: None,
            died: false,
            failed: false,
            attempt_failed: false,
            resting_until: at(0),
            cooldowns: [None; ORIGINS],
        }
    }

    /// Lets `event` happen, and checks what the machine makes of it.
    pub(super) fn step(&mut self, event: &Event) -> Result<(), Broken> {
        match *event {
            Event::Pass(time) => self.now = self.now + time,
            Event::Demand => {
                self.meet_overdue_acquisition();
                let demand = self.machine.demand(self.now);
                self.check_demand(demand)?;
            }
            Event::Reject(which, origin) => self.reject(which, origin)?,
            Event::AttemptFailure => {
                if let Some(acquisition) = &self.acquisition {
                    self.attempt_failed = true;
                    self.machine.attempt_failed(acquisition.id);
                }
            }
            Event::LandNew { states, jitter } => {
                let value = self.held.as_ref().map_or(0, |held| held.value);
                self.land(value.wrapping_add(1), states, jitter)?;
            }
            Event::LandSame { states, jitter } => {
                if let Some(held) = &self.held {
                    self.land(held.value, states, jitter)?;
                }
            }
            Event::Fail(failure) => self.fail(failure)?,
            Event::Die => self.die()?,
            Event::LandLate => self.land_late()?,
            Event::Replayed(which, origin, reply) => self.replayed(which, origin, reply),
        }
        let unproven = self
            .held
            .as_ref()
            .is_some_and(|held| held.unproven.contains(&true));
        holds(
            self.machine.is_unproven() == unproven,
            "R6: on trial until accepted",
        )?;
        self.check_quiet()
    }

    /// S5: whoever meets an acquisition past its deadline gives it up.
    fn meet_overdue_acquisition(&mut self) {
        let now = self.now;
        if let Some(acquisition) = self
            .acquisition
            .take_if(|acquisition| acquisition.deadline <= now)
        {
            self.frozen = Some(acquisition.id);
        }
    }

    fn check_demand(&mut self, demand: Demand) -> Result<(), Broken> {
        let resting = self.now < self.resting_until;
        match (self.may_use(), demand) {
            (Some(held), Demand::Use(used)) => holds(used == held, "E1: only the held one is used"),
            (Some(held), Demand::UseAndRenew(used, begin)) => {
                holds(used == held, "E1: only the held one is used")?;
                holds(self.stage() >= Some(Stage::Due), "E2: only a due one is")?;
                let spaced = self
                    .last_begun
                    .is_none_or(|begun| begun + secs(1) <= self.now);
                // S4: an expired one is renewed at once when its acquisition died, once.
                let died = self.died && self.stage() == Some(Stage::Expired);
                holds(spaced || died, "E6: a second apart")?;
                self.begin(begin)
            }
            (Some(_), other) => broken("E2, E4: nobody waits", &other),
            (None, Demand::Begin(begin)) => self.begin(begin),
            (None, Demand::Join(id)) => {
                let joined = self
                    .acquisition
                    .as_ref()
                    .is_some_and(|acquisition| acquisition.id == id);
                holds(joined, "S1: the one acquisition is joined")
            }
            (None, Demand::Refuse { until }) => {
                let told = resting && until == self.resting_until && self.acquisition.is_none();
                holds(told, "B2: refused while resting only")
            }
            (None, other) => broken("E1, R1: it is over, set aside, or not there", &other),
        }
    }

    fn reject(&mut self, which: Which, origin: usize) -> Result<(), Broken> {
        let Some(generation) = self.generation_of(which) else {
            return Ok(());
        };
        let key = OriginKey::new(origin);
        self.judge(generation, origin);
        let decision = self.machine.reject(self.now, generation, key);
        self.meet_overdue_acquisition();
        if which == Which::Older {
            let Reject::Superseded(demand) = decision else {
                return broken("R1, R2: an old token rejects nothing", &decision);
            };
            return self.check_demand(demand);
        }
        let cooling = self.cooldowns[origin].is_some_and(|cooldown| self.now < cooldown.until);
        match decision {
            Reject::HandBack => holds(cooling, "R6: handed back in a cool-down only"),
            other if cooling => broken("R6: handed back in a cool-down", &other),
            Reject::Begin(begin) => {
                self.begin(begin)?;
                self.set_aside(origin);
                Ok(())
            }
            Reject::Join(id) => {
                let joined = self
                    .acquisition
                    .as_ref()
                    .is_some_and(|acquisition| acquisition.id == id);
                self.set_aside(origin);
                holds(joined, "S1: the one acquisition is joined")
            }
            Reject::Refuse { until } => {
                let resting = self.now < self.resting_until && until == self.resting_until;
                holds(
                    resting && self.acquisition.is_none(),
                    "B2: refused while resting only",
                )
            }
            Reject::Superseded(_) => broken("R1: the held token was rejected", &decision),
        }
    }

    fn begin(&mut self, begin: Begin) -> Result<(), Broken> {
        holds(
            self.acquisition.is_none(),
            "S1: one acquisition is under way",
        )?;
        holds(self.resting_until <= self.now, "B2: alf rests")?;
        let deadline = self.now + self.policy.acquisition_timeout;
        holds(begin.deadline == deadline, "S5: its deadline")?;
        holds(
            begin.after_failure == self.failed,
            "B2: longer pauses after a failure",
        )?;
        self.last_begun = Some(self.now);
        self.acquisition = Some(UnderWay {
            id: begin.acquisition,
            begun_at: self.now,
            deadline,
            rejected_by: [false; ORIGINS],
        });
        Ok(())
    }

    fn set_aside(&mut self, origin: usize) {
        if let (Some(held), Some(acquisition)) = (&mut self.held, &mut self.acquisition) {
            held.set_aside = true;
            acquisition.rejected_by[origin] = true;
        }
    }

    /// The token that a caller may use now (E1, E4, R1).
    fn may_use(&self) -> Option<Generation> {
        let held = self.held.as_ref().filter(|held| !held.set_aside)?;
        let may = match held.life.stage(self.now) {
            Stage::Fresh | Stage::Due => true,
            Stage::Expired => self.attempt_failed || self.failed,
            Stage::Over => false,
        };
        may.then_some(held.generation)
    }

    fn stage(&self) -> Option<Stage> {
        self.held.as_ref().map(|held| held.life.stage(self.now))
    }

    fn generation_of(&self, which: Which) -> Option<Generation> {
        match which {
            Which::Held => self.held.as_ref().map(|held| held.generation),
            Which::Older => self.older,
        }
    }

    /// A cache in front of the machine may answer until `quiet_until`, and nobody can tell.
    fn check_quiet(&self) -> Result<(), Broken> {
        let Some(until) = self.machine.quiet_until(self.now) else {
            let fresh = self.may_use().is_some() && self.stage() == Some(Stage::Fresh);
            return holds(!fresh, "a fresh token is quiet");
        };
        holds(self.now < until, "quiet until a moment that is to come")?;
        let last = until.saturating_sub(Duration::from_nanos(1));
        let middle = self.now + last.saturating_since(self.now) / 2;
        for moment in [self.now, middle, last] {
            let mut asked = self.machine.clone();
            let demand = asked.demand(moment);
            let quiet = self.may_use().map(Demand::Use) == Some(demand) && asked == self.machine;
            holds(quiet, "a demand before it is `Use`, and changes nothing")?;
        }
        Ok(())
    }
}

fn holds(promise: bool, rule: &str) -> Result<(), Broken> {
    if promise {
        Ok(())
    } else {
        Err(rule.to_owned())
    }
}

fn broken(rule: &str, told: &dyn core::fmt::Debug) -> Result<(), Broken> {
    Err(format!("{rule}, but {told:?}"))
}
