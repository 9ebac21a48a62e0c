//! How an acquisition ends: S4, S5, B2, E6.

use super::*;

impl Watched {
    pub(super) fn land(
        &mut self,
        value: u8,
        states: Option<Duration>,
        jitter: f64,
    ) -> Result<(), Broken> {
        let Some(acquisition) = self.acquisition.take() else {
            return Ok(());
        };
        let obtained = Obtained {
            token: value,
            lifetime: states,
            asked_at: acquisition.begun_at,
        };
        let landed = self
            .machine
            .land(self.now, acquisition.id, Ok(obtained), jitter);
        self.died = false;
        self.failed = false;
        self.attempt_failed = false;
        self.resting_until = at(0);
        let same = self.held.as_ref().is_some_and(|held| held.value == value);
        let (Completion::Took(generation) | Completion::Same(generation)) = landed else {
            return broken("S1: it was the acquisition that is under way", &landed);
        };
        if same {
            for origin in (0..ORIGINS).filter(|origin| acquisition.rejected_by[*origin]) {
                self.cool_down(origin, generation);
            }
        } else {
            self.older = self.held.as_ref().map(|held| held.generation);
        }
        let in_order = if same {
            landed == Completion::Same(generation)
                && self.generation_of(Which::Held) == Some(generation)
        } else {
            landed == Completion::Took(generation)
                && self.generation_of(Which::Held) < Some(generation)
        };
        let (response_origin, unproven) = match &self.held {
            Some(held) if same => (held.response_origin, held.unproven),
            Some(_) | None => (self.now, acquisition.rejected_by),
        };
        let leeway = self.policy.leeway;
        let life = states
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(acquisition.begun_at, self.now, stated, leeway, jitter)
            });
        self.held = Some(Token {
            value,
            generation,
            response_origin,
            life,
            set_aside: false,
            unproven,
        });
        holds(in_order, "R1, E6: a generation for each new token")
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Result<(), Broken> {
        let Some(acquisition) = self.acquisition.take() else {
            return Ok(());
        };
        let landed = self
            .machine
            .land(self.now, acquisition.id, Err(failure), 0.0);
        self.died = false;
        self.attempt_failed = false;
        let Completion::Failed { until } = landed else {
            return broken("B2: it failed", &landed);
        };
        self.rest(until, failure)
    }

    pub(super) fn die(&mut self) -> Result<(), Broken> {
        let Some(acquisition) = self.acquisition.take() else {
            return Ok(());
        };
        let second = std::mem::replace(&mut self.died, true);
        match self.machine.die(self.now, acquisition.id) {
            AbortOutcome::AskAgain => holds(!second, "S4: the second in a row fails"),
            AbortOutcome::Failed { until } => {
                holds(second, "S4: the first one is not a failure")?;
                self.rest(until, Failure::TRANSIENT)
            }
            AbortOutcome::Late => {
                broken("S1: it was the acquisition that is under way", &acquisition)
            }
        }
    }

    fn rest(&mut self, until: Moment, failure: Failure) -> Result<(), Broken> {
        self.failed = true;
        self.resting_until = until;
        let cap = if failure.is_transient() {
            if let Some(held) = &mut self.held {
                held.set_aside = false; // R1
            }
            secs(5)
        } else {
            secs(60)
        };
        let rest = until.saturating_since(self.now);
        let asked = failure.retry_after().min(secs(300));
        let in_bounds = secs(1).max(asked) <= rest && rest <= cap.max(asked);
        holds(
            in_bounds || until == Moment::NEVER,
            "B2: how long alf rests",
        )
    }

    pub(super) fn land_late(&mut self) -> Result<(), Broken> {
        let Some(frozen) = self.frozen else {
            return Ok(());
        };
        let before = self.machine.clone();
        let obtained = Obtained {
            token: 200,
            lifetime: None,
            asked_at: at(0),
        };
        let machine = &mut self.machine;
        machine.attempt_failed(frozen);
        let told = (
            machine.land(self.now, frozen, Ok(obtained), 0.0),
            machine.land(self.now, frozen, Err(Failure::PERMANENT), 0.0),
            machine.die(self.now, frozen),
        );
        holds(
            told == (Completion::Late, Completion::Late, AbortOutcome::Late) && *machine == before,
            "S5: a late result changes nothing",
        )
    }
}
