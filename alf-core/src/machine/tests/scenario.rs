//! A renewal machine in the state that a test is about, and the events that change it.

use super::machines::{Machines, TestDecision, TestRejection};
use super::*;

/// A machine, its `now`, and the acquisition that was started last.
///
/// Every token has the lifetime [`LIFETIME`] unless a test sets another one, without jitter: it is due from 80 s on,
/// within leeway from 90 s on, and expired from 100 s on.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) machine: Machines,
    now: Moment,
    started: Option<Claim>,
    requested_at: Moment,
    tokens: u32,
}

/// A [`Decision`] or a [`RejectionDecision`] without its numbers, for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Use,
    UseAndRenew,
    Start,
    Join,
    Refuse,
    Return,
    /// Use the token before the held one (R9).
    UsePrevious,
}

pub(super) const LIFETIME: Duration = secs(100);
pub(super) const ACQUISITION_TIMEOUT: Duration = secs(10);
pub(super) const POLICY: Policy = Policy {
    leeway: secs(10),
    default_lifetime: None,
    acquisition_timeout: ACQUISITION_TIMEOUT,
};

/// An origin that rejects tokens, and another one.
pub(super) const API: u16 = 0;
pub(super) const OTHER_API: u16 = 1;
/// A user's own loop names no origin.
pub(super) const UNKNOWN: Option<u16> = None;

/// The states in which a test can start.
impl Scenario {
    /// No token, nothing under way, the clock at the start.
    pub(super) fn new() -> Self {
        Self::with(POLICY)
    }

    pub(super) fn with(policy: Policy) -> Self {
        Self {
            machine: Machines::new(policy),
            now: Moment::START,
            started: None,
            requested_at: Moment::START,
            tokens: 0,
        }
    }

    /// No token. Its acquisition has just started.
    pub(super) fn acquiring() -> Self {
        let mut scenario = Self::new();
        assert_eq!(scenario.demand(), Action::Start);
        scenario
    }

    /// A token that was obtained at the start.
    pub(super) fn fresh() -> Self {
        let mut scenario = Self::acquiring();
        scenario.obtain_new();
        scenario
    }

    /// A token that became due just now.
    pub(super) fn due() -> Self {
        Self::fresh().after(secs(80))
    }

    /// A token that came within leeway just now, ten seconds before its stated expiry.
    pub(super) fn within_leeway() -> Self {
        Self::fresh().after(secs(90))
    }

    /// A token that expired just now.
    pub(super) fn expired() -> Self {
        Self::fresh().after(LIFETIME)
    }

    /// No token. The first acquisition failed transiently just now.
    pub(super) fn backing_off() -> Self {
        let mut scenario = Self::acquiring();
        scenario.fail(Failure::TRANSIENT);
        scenario
    }

    /// No token. The first acquisition failed permanently just now.
    pub(super) fn refused() -> Self {
        let mut scenario = Self::acquiring();
        scenario.fail(Failure::PERMANENT);
        scenario
    }

    /// A token that was used for five seconds and was rejected just now. Its renewal is under way.
    pub(super) fn rejected() -> Self {
        let mut scenario = Self::fresh().after(secs(5));
        assert_eq!(scenario.reject(), Action::Start);
        scenario
    }

    /// A token whose replay was rejected too, just now.
    pub(super) fn cooling_down() -> Self {
        let mut scenario = Self::rejected();
        scenario.obtain_new();
        scenario.replayed(ReplayOutcome::RejectedAgain);
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
    pub(super) fn demand(&mut self) -> Action {
        let demand = self.machine.demand(self.now);
        self.action(demand)
    }

    /// The API rejects the held token.
    pub(super) fn reject(&mut self) -> Action {
        self.reject_by(API)
    }

    pub(super) fn reject_by(&mut self, origin: impl Into<Option<u16>>) -> Action {
        self.reject_of(self.generation(), origin)
    }

    pub(super) fn reject_of(
        &mut self,
        generation: Generation,
        origin: impl Into<Option<u16>>,
    ) -> Action {
        let reject = self.machine.reject(self.now, generation, origin.into());
        self.action_after_rejection(reject)
    }

    /// The API rejects a request with the held token that was sent after that many rejections.
    pub(super) fn reject_sent(&mut self, sent_after: u64) -> Action {
        let (now, generation) = (self.now, self.generation());
        let machine = &mut self.machine;
        let reject = machine.reject_sent(sent_after, now, generation, Some(API));
        self.action_after_rejection(reject)
    }

    /// An API accepts another request with the held token.
    pub(super) fn accept_by(&mut self, origin: u16) {
        let generation = self.generation();
        self.machine.renewal.accepted(self.now, generation, &origin);
    }

    /// The acquisition brings a new token.
    pub(super) fn obtain_new(&mut self) -> Option<Success> {
        self.tokens += 1;
        self.obtain(self.tokens, Some(LIFETIME))
    }

    /// The acquisition brings a new token that states that lifetime.
    pub(super) fn obtain_new_for(&mut self, lifetime: Option<Duration>) -> Option<Success> {
        self.tokens += 1;
        self.obtain(self.tokens, lifetime)
    }

    /// The acquisition brings the held token again, with the remainder of its lifetime.
    pub(super) fn obtain_same_for(&mut self, remainder: Duration) -> Option<Success> {
        self.obtain(self.tokens, Some(remainder))
    }

    pub(super) fn obtain_same(&mut self) -> Option<Success> {
        self.obtain_same_for(LIFETIME)
    }

    fn obtain(&mut self, token: u32, lifetime: Option<Duration>) -> Option<Success> {
        let obtained = Obtained {
            token,
            lifetime,
            requested_at: self.requested_at,
            age: self.now.saturating_since(self.requested_at),
        };
        self.machine
            .succeeded(self.now, self.started(), obtained, 0.0)
    }

    /// The acquisition fails; returns the end of the back-off.
    pub(super) fn fail(&mut self, failure: Failure) -> Moment {
        let until = self.machine.failed(self.now, self.started(), &failure);
        until.expect("it is the acquisition that is under way")
    }

    /// The acquisition fails because of its target; returns the end of the back-off.
    pub(super) fn fail_alone(&mut self, failure: Failure) -> Moment {
        let (now, id) = (self.now, self.acquisition());
        let renewal = &mut self.machine.renewal;
        let until = renewal.failed_alone(now, id, &failure, |until| until);
        until.expect("it is the acquisition that is under way")
    }

    /// The acquisition of another target of the client fails; returns the end of the back-off.
    pub(super) fn another_fails(&mut self, failure: Failure) -> Moment {
        let claim = Claim {
            target: TargetId(1),
            id: AcquisitionId(1),
            deadline: self.now + ACQUISITION_TIMEOUT,
        };
        let breaker = &mut self.machine.breaker;
        breaker.acquisition_failed(self.now, claim, &failure, |until| until)
    }

    /// An attempt of the acquisition fails.
    pub(super) fn attempt_failed(&mut self) {
        assert!(self.machine.attempt_failed(self.now, self.started()));
    }

    pub(super) fn abort(&mut self) -> (Option<Aborted>, Option<Moment>) {
        self.machine.aborted(self.now, self.started())
    }

    /// The pause after a failed attempt of the acquisition.
    pub(super) fn pause(&self) -> Duration {
        let mut breaker = self.machine.breaker.clone();
        let claim = self.started();
        let granted = breaker.request(self.now, claim, Exclusivity::Shared);
        assert_eq!(granted, Permit::Granted);
        let retry_at = breaker.attempt_failed(self.now, claim, Duration::ZERO, 1.0, self.now);
        retry_at.unwrap().saturating_since(self.now)
    }

    /// The API answers a replay that carried the held token.
    pub(super) fn replayed(&mut self, outcome: ReplayOutcome) {
        self.replayed_by(API, outcome);
    }

    pub(super) fn replayed_by(&mut self, origin: u16, outcome: ReplayOutcome) {
        let generation = self.generation();
        self.machine.replayed(self.now, generation, origin, outcome);
    }

    /// A useless renewal: the token is rejected, renewed, and rejected again.
    pub(super) fn renew_uselessly(&mut self) {
        assert_eq!(self.reject(), Action::Start);
        self.obtain_new();
        self.replayed(ReplayOutcome::RejectedAgain);
    }
}

/// What a test checks.
impl Scenario {
    pub(super) fn now(&self) -> Moment {
        self.now
    }

    pub(super) fn generation(&self) -> Generation {
        let held = self.machine.renewal.held();
        held.expect("a token is held").generation
    }

    pub(super) fn started(&self) -> Claim {
        self.started.expect("an acquisition was started")
    }

    pub(super) fn acquisition(&self) -> AcquisitionId {
        self.started().id
    }

    /// Whether it matters if the API accepts the held token.
    pub(super) fn awaits(&self, origin: u16) -> bool {
        let awaited = self.machine.renewal.awaited_origins(self.now);
        awaited.contains(&origin)
    }

    pub(super) fn cacheable_until(&self) -> Option<Moment> {
        self.machine.cacheable_until(self.now)
    }

    fn action_after_rejection(&mut self, rejection: TestRejection) -> Action {
        match rejection {
            RejectionDecision::Superseded(decision) | RejectionDecision::Renew(decision) => {
                self.action(decision)
            }
            RejectionDecision::UsePrevious(previous) => {
                assert!(previous.generation < self.generation());
                Action::UsePrevious
            }
            RejectionDecision::Return => Action::Return,
        }
    }

    fn action(&mut self, decision: TestDecision) -> Action {
        let Decision { answer, start } = decision;
        if start.is_some() {
            self.started = start;
            self.requested_at = self.now;
        }
        match answer {
            Answer::Use(token) if token.generation < self.generation() => {
                assert_eq!(start, None);
                Action::UsePrevious
            }
            Answer::Use(token) => {
                assert_eq!(self.machine.renewal.held(), Some(&token));
                match start {
                    Some(_) => Action::UseAndRenew,
                    None => Action::Use,
                }
            }
            Answer::Wait => match start {
                Some(_) => Action::Start,
                None => Action::Join,
            },
            Answer::Refuse(until) => {
                assert_eq!(start, None);
                assert!(
                    self.now < until,
                    "a back-off that has ended refuses no caller"
                );
                Action::Refuse
            }
        }
    }
}
