//! A renewal machine in the state that a test is about, and a hand that moves it on.

use super::*;

/// A machine, its `now`, and the acquisition that was begun last.
///
/// Every token that lands lives for [`LIFETIME`] unless a test says otherwise, without jitter: it
/// is due at 80 s, expired at 90 s, and over at 100 s.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) machine: Renewal<u32>,
    now: Moment,
    begun: Option<Begin>,
    asked_at: Moment,
    tokens: u32,
}

/// A [`Demand`] or a [`Reject`] without its numbers, for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Use,
    UseAndRenew,
    Begin,
    Join,
    Refuse,
    HandBack,
}

pub(super) const LIFETIME: Duration = secs(100);
pub(super) const FLIGHT_TIMEOUT: Duration = secs(10);
pub(super) const POLICY: Policy = Policy {
    leeway: secs(10),
    default_lifetime: None,
    acquisition_timeout: FLIGHT_TIMEOUT,
};

/// An origin that rejects tokens, and another one.
pub(super) fn api() -> OriginKey {
    OriginKey::new(0)
}

pub(super) fn other_api() -> OriginKey {
    OriginKey::new(1)
}

/// The states that a test can begin in.
impl Scenario {
    /// No token, nothing under way, the clock at the start.
    pub(super) fn new() -> Self {
        Self::with(POLICY)
    }

    pub(super) fn with(policy: Policy) -> Self {
        Self {
            machine: Renewal::new(policy),
            now: Moment::START,
            begun: None,
            asked_at: Moment::START,
            tokens: 0,
        }
    }

    /// No token; its acquisition has just begun.
    pub(super) fn flying() -> Self {
        let mut scenario = Self::new();
        assert_eq!(scenario.demand(), Told::Begin);
        scenario
    }

    /// A token that landed at the start.
    pub(super) fn fresh() -> Self {
        let mut scenario = Self::flying();
        scenario.land_new();
        scenario
    }

    /// A token that became due just now.
    pub(super) fn due() -> Self {
        Self::fresh().after(secs(80))
    }

    /// A token that expired just now: ten seconds before its stated end.
    pub(super) fn expired() -> Self {
        Self::fresh().after(secs(90))
    }

    /// A token whose stated end is now.
    pub(super) fn over() -> Self {
        Self::fresh().after(LIFETIME)
    }

    /// No token; the first acquisition failed just now, by something that may pass.
    pub(super) fn resting() -> Self {
        let mut scenario = Self::flying();
        scenario.fail(Failure::TRANSIENT);
        scenario
    }

    /// No token; the first acquisition failed just now, by something that will not pass.
    pub(super) fn refused() -> Self {
        let mut scenario = Self::flying();
        scenario.fail(Failure::PERMANENT);
        scenario
    }

    /// A token that served for five seconds and was rejected just now; its renewal is under way.
    pub(super) fn rejected() -> Self {
        let mut scenario = Self::fresh().after(secs(5));
        assert_eq!(scenario.reject(), Told::Begin);
        scenario
    }

    /// A token whose replay was rejected too, just now.
    pub(super) fn cooling_down() -> Self {
        let mut scenario = Self::rejected();
        scenario.land_new();
        scenario.replayed(Reply::RejectedAgain);
        scenario
    }

    /// The same, later.
    pub(super) fn after(mut self, time: Duration) -> Self {
        self.pass(time);
        self
    }
}

/// What happens.
impl Scenario {
    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// A caller needs a token.
    pub(super) fn demand(&mut self) -> Told {
        let demand = self.machine.demand(self.now);
        self.told(demand)
    }

    /// The API rejects the held token.
    pub(super) fn reject(&mut self) -> Told {
        self.reject_by(api())
    }

    pub(super) fn reject_by(&mut self, origin: OriginKey) -> Told {
        self.reject_of(self.generation(), origin)
    }

    pub(super) fn reject_of(&mut self, generation: Generation, origin: OriginKey) -> Told {
        let reject = self.machine.reject(self.now, generation, origin);
        self.told_of(reject)
    }

    /// The acquisition brings a token that was never seen.
    pub(super) fn land_new(&mut self) -> Completion {
        self.tokens += 1;
        self.land(self.tokens, Some(LIFETIME))
    }

    /// The acquisition brings a token that was never seen and states that lifetime.
    pub(super) fn land_new_for(&mut self, lifetime: Option<Duration>) -> Completion {
        self.tokens += 1;
        self.land(self.tokens, lifetime)
    }

    /// The acquisition brings the held token again, and what is left of it.
    pub(super) fn land_same_for(&mut self, left: Duration) -> Completion {
        self.land(self.tokens, Some(left))
    }

    pub(super) fn land_same(&mut self) -> Completion {
        self.land_same_for(LIFETIME)
    }

    fn land(&mut self, token: u32, lifetime: Option<Duration>) -> Completion {
        let obtained = Obtained {
            token,
            lifetime,
            asked_at: self.asked_at,
        };
        self.machine
            .land(self.now, self.acquisition(), Ok(obtained), 0.0)
    }

    /// The acquisition fails; returns until when alf rests.
    pub(super) fn fail(&mut self, failure: Failure) -> Moment {
        match self
            .machine
            .land(self.now, self.acquisition(), Err(failure), 0.0)
        {
            Completion::Failed { until } => until,
            landed @ (Completion::Took(_) | Completion::Same(_) | Completion::Late) => {
                panic!("it failed, but {landed:?}")
            }
        }
    }

    /// The acquisition that was begun last has a failed attempt.
    pub(super) fn attempt_failed(&mut self) {
        self.machine.attempt_failed(self.acquisition());
    }

    pub(super) fn die(&mut self) -> AbortOutcome {
        self.machine.die(self.now, self.acquisition())
    }

    /// The API answers a replay that carried the held token.
    pub(super) fn replayed(&mut self, reply: Reply) {
        let generation = self.generation();
        self.machine.replayed(self.now, generation, api(), reply);
    }

    /// A whole renewal for a rejected token that does not help: rejected, renewed, rejected again.
    pub(super) fn renew_in_vain(&mut self) {
        assert_eq!(self.reject(), Told::Begin);
        self.land_new();
        self.replayed(Reply::RejectedAgain);
    }
}

/// What can be seen.
impl Scenario {
    pub(super) fn now(&self) -> Moment {
        self.now
    }

    pub(super) fn generation(&self) -> Generation {
        self.machine.held().expect("a token is held").1
    }

    pub(super) fn begun(&self) -> Begin {
        self.begun.expect("an acquisition was begun")
    }

    pub(super) fn acquisition(&self) -> AcquisitionId {
        self.begun().acquisition
    }

    /// Until when nothing but this machine's caches need answer.
    pub(super) fn quiet_until(&self) -> Option<Moment> {
        self.machine.quiet_until(self.now)
    }

    fn told_of(&mut self, reject: Reject) -> Told {
        match reject {
            Reject::Superseded(demand) => self.told(demand),
            Reject::Begin(begin) => self.told(Demand::Begin(begin)),
            Reject::Join(acquisition) => self.told(Demand::Join(acquisition)),
            Reject::Refuse { until } => self.told(Demand::Refuse { until }),
            Reject::HandBack => Told::HandBack,
        }
    }

    fn told(&mut self, demand: Demand) -> Told {
        if let Demand::UseAndRenew(_, begin) | Demand::Begin(begin) = demand {
            self.begun = Some(begin);
            self.asked_at = self.now;
        }
        match demand {
            Demand::Use(generation) => {
                assert_eq!(generation, self.generation(), "only the held one is used");
                Told::Use
            }
            Demand::UseAndRenew(generation, _) => {
                assert_eq!(generation, self.generation(), "only the held one is used");
                Told::UseAndRenew
            }
            Demand::Begin(_) => Told::Begin,
            Demand::Join(acquisition) => {
                assert_eq!(acquisition, self.acquisition(), "there is only one to join");
                Told::Join
            }
            Demand::Refuse { until } => {
                assert!(self.now < until, "a rest that is over refuses nobody");
                Told::Refuse
            }
        }
    }
}
