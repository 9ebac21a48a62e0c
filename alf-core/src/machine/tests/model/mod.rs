//! A model of the machine that checks every decision, for the exhaustive search and the random sequences.
//!
//! It keeps the few facts that the rules are about, and names the rule that a decision breaks.

mod endings;
mod origins;
mod previous;

use super::machines::{Machines, TestDecision, TestRejection};
use super::*;
use origins::{Facts, key};

/// A machine whose every decision is checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedMachine {
    machine: Machines,
    policy: Policy,
    now: Moment,
    held: Option<Token>,
    /// The token before the held one.
    older: Option<Older>,
    acquisition: Option<UnderWay>,
    /// An acquisition that another one has replaced.
    frozen: Option<Claim>,
    last_started: Option<Moment>,
    /// The acquisition that ended last was aborted.
    was_aborted: bool,
    /// The acquisition that ended last failed.
    failed: bool,
    /// An attempt has failed since an acquisition last had a result.
    attempt_failed: bool,
    backs_off_until: Moment,
    /// An attempt has failed at the server since its latest success in time, and until when it backs off.
    server_backs_off_until: Option<Moment>,
    origins: [Facts; ORIGINS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Token {
    value: u32,
    generation: Generation,
    obtained_at: Moment,
    lifetime: Lifetime,
    rejected: bool,
    was_ever_rejected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Older {
    generation: Generation,
    lifetime: Lifetime,
    /// R9: it may be used in place of the held one.
    is_kept: bool,
    /// R9: it is used in place of the held one.
    is_used: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct UnderWay {
    acquisition: Claim,
    started_at: Moment,
}

/// An event. One that cannot happen in a state (a success without an acquisition) is ignored.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Pass(Duration),
    Demand,
    Reject(SentToken, usize),
    /// The request was sent before every earlier rejection.
    RejectEarly(usize),
    /// A request that was no replay is accepted.
    Accept(SentToken, usize),
    AttemptFailure,
    ObtainNew {
        states: Option<Duration>,
        jitter: f64,
    },
    ObtainSame {
        states: Option<Duration>,
        jitter: f64,
    },
    Fail(Failure),
    /// A failure that concerns this target alone.
    FailAlone(Failure),
    Abort,
    /// An acquisition that was replaced has a result after all.
    EndLate,
    Replayed(SentToken, usize, ReplayOutcome),
}

/// Which token a request carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentToken {
    Held,
    Older,
}

/// The rule that was broken.
pub(super) type BrokenRule = String;

pub(super) const ORIGINS: usize = 2;

impl CheckedMachine {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            machine: Machines::new(policy.clone()),
            policy,
            now: at(0),
            held: None,
            older: None,
            acquisition: None,
            frozen: None,
            last_started: None,
            was_aborted: false,
            failed: false,
            attempt_failed: false,
            backs_off_until: at(0),
            server_backs_off_until: None,
            origins: [Facts::NONE; ORIGINS],
        }
    }

    /// Applies `event`, and checks the decision of the machine.
    pub(super) fn step(&mut self, event: &Event) -> Result<(), BrokenRule> {
        match *event {
            Event::Pass(time) => self.now = self.now + time,
            Event::Demand => {
                self.replace_overdue_acquisition();
                self.forget_outdated_older();
                let demand = self.machine.demand(self.now);
                self.check_demand(demand)?;
            }
            Event::Reject(which, origin) => {
                self.reject(which, origin, self.machine.rejections)?;
            }
            Event::RejectEarly(origin) => self.reject(SentToken::Held, origin, 0)?,
            Event::Accept(which, origin) => self.accept(which, origin),
            Event::AttemptFailure => {
                if let Some(under_way) = &self.acquisition {
                    if self.machine.attempt_failed(self.now, under_way.acquisition) {
                        self.attempt_failed = true;
                        self.server_backs_off_until.get_or_insert_with(|| at(0));
                    }
                }
            }
            Event::ObtainNew { states, jitter } => {
                let value = self.held.as_ref().map_or(0, |held| held.value);
                self.obtain(value.wrapping_add(1), states, jitter)?;
            }
            Event::ObtainSame { states, jitter } => {
                if let Some(held) = &self.held {
                    self.obtain(held.value, states, jitter)?;
                }
            }
            Event::Fail(failure) => self.fail(failure)?,
            Event::FailAlone(failure) => self.fail_alone(failure)?,
            Event::Abort => self.abort()?,
            Event::EndLate => self.end_late()?,
            Event::Replayed(which, origin, outcome) => self.replayed(which, origin, outcome),
        }
        self.check_awaited()?;
        self.check_cacheable()
    }

    /// S5: a demand or a rejection replaces an acquisition past its deadline.
    fn replace_overdue_acquisition(&mut self) {
        let now = self.now;
        if let Some(acquisition) = self
            .acquisition
            .take_if(|under_way| under_way.acquisition.deadline <= now)
        {
            self.frozen = Some(acquisition.acquisition);
        }
    }

    fn check_demand(&mut self, demand: TestDecision) -> Result<(), BrokenRule> {
        let Decision { answer, start } = demand;
        match (self.may_use(), answer, start) {
            (Some(held), Answer::Use(used), None) => {
                holds(used.generation == held, "E1: only the held one is used")
            }
            (Some(held), Answer::Use(used), Some(started)) => {
                holds(used.generation == held, "E1: only the held one is used")?;
                holds(
                    self.stage() >= Some(Stage::Due),
                    "E2: only a due one is renewed",
                )?;
                let spaced = self
                    .last_started
                    .is_none_or(|started| started + secs(1) <= self.now);
                // S4: a token within leeway is renewed at once if its acquisition was aborted, once.
                let aborted = self.was_aborted && self.stage() == Some(Stage::WithinLeeway);
                holds(spaced || aborted, "E6: a second apart")?;
                self.start(started)
            }
            (Some(_), other, _) => broken("E2, E4: no caller waits", &other),
            (None, Answer::Wait, Some(started)) => self.start(started),
            (None, Answer::Wait, None) => holds(
                self.acquisition.is_some(),
                "S1: the one acquisition is joined",
            ),
            (None, Answer::Refuse(until), None) => self.check_refusal(until),
            (None, other, _) => broken(
                "E1, R1: it is missing, rejected, within leeway or expired",
                &other,
            ),
        }
    }

    fn reject(
        &mut self,
        which: SentToken,
        origin: usize,
        sent_after: u64,
    ) -> Result<(), BrokenRule> {
        let Some(generation) = self.generation_of(which) else {
            return Ok(());
        };
        let is_later = sent_after == self.machine.rejections;
        let (now, origin_key) = (self.now, Some(key(origin)));
        let machine = &mut self.machine;
        let decision = machine.reject_sent(sent_after, now, generation, origin_key);
        self.replace_overdue_acquisition();
        self.forget_outdated_older();
        if which == SentToken::Older && !self.older_rejects_held() {
            let RejectionDecision::Superseded(demand) = decision else {
                return broken("R1, R2: an old token rejects nothing", &decision);
            };
            return self.check_demand(demand);
        }
        let Some(held) = self.generation_of(SentToken::Held) else {
            return broken("R1: there is none", &decision);
        };
        let may_renew = self.may_renew(held, origin, is_later);
        if may_renew && which == SentToken::Held && self.older_is_usable() {
            return self.check_use_of_older(&decision);
        }
        match decision {
            RejectionDecision::Return => holds(!may_renew, "R6: returned in a cool-down only"),
            RejectionDecision::Renew(_)
            | RejectionDecision::UsePrevious(_)
            | RejectionDecision::Superseded(_)
                if !may_renew =>
            {
                broken("R6: returned in a cool-down", &decision)
            }
            RejectionDecision::Renew(Decision {
                answer: Answer::Wait,
                start,
            }) => {
                let joined = match start {
                    Some(started) => {
                        self.start(started)?;
                        true
                    }
                    None => self.acquisition.is_some(),
                };
                self.rejected(origin);
                holds(joined, "S1: the one acquisition is joined")
            }
            RejectionDecision::Renew(Decision {
                answer: Answer::Refuse(until),
                start: None,
            }) => self.check_refusal(until),
            RejectionDecision::Renew(_)
            | RejectionDecision::UsePrevious(_)
            | RejectionDecision::Superseded(_) => {
                broken("R1: the held token was rejected", &decision)
            }
        }
    }

    fn check_refusal(&self, until: Moment) -> Result<(), BrokenRule> {
        let backs_off = self.now < self.backs_off_until && until == self.backs_off_until;
        holds(
            backs_off && self.acquisition.is_none(),
            "B2: refused in a back-off only",
        )
    }

    fn start(&mut self, started: Claim) -> Result<(), BrokenRule> {
        holds(
            self.acquisition.is_none(),
            "S1: one acquisition is under way",
        )?;
        holds(self.backs_off_until <= self.now, "B2: alf backs off")?;
        let deadline = self.now + self.policy.acquisition_timeout;
        holds(started.deadline == deadline, "S5: its deadline")?;
        self.last_started = Some(self.now);
        self.acquisition = Some(UnderWay {
            acquisition: started,
            started_at: self.now,
        });
        Ok(())
    }

    fn rejected(&mut self, origin: usize) {
        if let Some(held) = &mut self.held {
            held.rejected = true;
            held.was_ever_rejected = true;
        }
        self.wait(origin);
    }

    /// The token that a caller may use now (E1, E4, R1).
    fn may_use(&self) -> Option<Generation> {
        let held = self.held.as_ref().filter(|held| !held.rejected)?;
        let may = match held.lifetime.stage(self.now) {
            Stage::Fresh | Stage::Due => true,
            Stage::WithinLeeway => self.attempt_failed || self.failed,
            Stage::Expired => false,
        };
        may.then(|| self.used_older().unwrap_or(held.generation))
    }

    fn stage(&self) -> Option<Stage> {
        self.held.as_ref().map(|held| held.lifetime.stage(self.now))
    }

    fn generation_of(&self, which: SentToken) -> Option<Generation> {
        match which {
            SentToken::Held => self.held.as_ref().map(|held| held.generation),
            SentToken::Older => self.older.map(|older| older.generation),
        }
    }

    /// A cache in front of the machine may answer until `cacheable_until`: no demand before it would change anything.
    fn check_cacheable(&self) -> Result<(), BrokenRule> {
        let Some(until) = self.machine.cacheable_until(self.now) else {
            let fresh = self.may_use().is_some() && self.stage() == Some(Stage::Fresh);
            return holds(
                !fresh || self.older_is_outdated(),
                "a fresh token is cacheable",
            );
        };
        holds(self.now < until, "cacheable until a later moment")?;
        let last = until.saturating_sub(Duration::from_nanos(1));
        let middle = self.now + last.saturating_since(self.now) / 2;
        for moment in [self.now, middle, last] {
            let mut asked = self.machine.clone();
            let demand = asked.demand(moment);
            let is_use = matches!(
                demand.answer,
                Answer::Use(used) if Some(used.generation) == self.may_use()
            );
            let unchanged = is_use && demand.start.is_none() && asked == self.machine;
            holds(
                unchanged,
                "a demand before it is `Use`, and changes nothing",
            )?;
        }
        Ok(())
    }
}

fn holds(promise: bool, rule: &str) -> Result<(), BrokenRule> {
    if promise {
        Ok(())
    } else {
        Err(rule.to_owned())
    }
}

fn broken(rule: &str, decision: &dyn core::fmt::Debug) -> Result<(), BrokenRule> {
    Err(format!("{rule}, but {decision:?}"))
}
