//! How a flight ends: S4, S5, B2, E6.

use super::*;

impl Watched {
    pub(super) fn land(
        &mut self,
        value: u8,
        states: Option<Duration>,
        jitter: f64,
    ) -> Result<(), Broken> {
        let Some(flight) = self.flight.take() else {
            return Ok(());
        };
        let landing = Landing {
            token: value,
            lifetime: states,
            asked_at: flight.begun_at,
        };
        let landed = self.machine.land(self.now, flight.id, Ok(landing), jitter);
        self.died = false;
        self.failed = false;
        self.stumbled = false;
        self.resting_until = at(0);
        let same = self.held.as_ref().is_some_and(|held| held.value == value);
        let (Landed::Took(generation) | Landed::Same(generation)) = landed else {
            return broken("S1: it was the flight that is under way", &landed);
        };
        if same {
            for origin in (0..ORIGINS).filter(|origin| flight.rejected_by[*origin]) {
                self.cool_down(origin, generation);
            }
        } else {
            self.older = self.held.as_ref().map(|held| held.generation);
        }
        let in_order = if same {
            landed == Landed::Same(generation)
                && self.generation_of(Which::Held) == Some(generation)
        } else {
            landed == Landed::Took(generation) && self.generation_of(Which::Held) < Some(generation)
        };
        let (landed_at, on_trial) = match &self.held {
            Some(held) if same => (held.landed_at, held.on_trial),
            Some(_) | None => (self.now, flight.rejected_by),
        };
        let leeway = self.policy.leeway;
        let life = states
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(flight.begun_at, self.now, stated, leeway, jitter)
            });
        self.held = Some(Token {
            value,
            generation,
            landed_at,
            life,
            set_aside: false,
            on_trial,
        });
        holds(in_order, "R1, E6: a generation for each new token")
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Result<(), Broken> {
        let Some(flight) = self.flight.take() else {
            return Ok(());
        };
        let landed = self.machine.land(self.now, flight.id, Err(failure), 0.0);
        self.died = false;
        self.stumbled = false;
        let Landed::Failed { until } = landed else {
            return broken("B2: it failed", &landed);
        };
        self.rest(until, failure)
    }

    pub(super) fn die(&mut self) -> Result<(), Broken> {
        let Some(flight) = self.flight.take() else {
            return Ok(());
        };
        let second = std::mem::replace(&mut self.died, true);
        match self.machine.die(self.now, flight.id) {
            Death::AskAgain => holds(!second, "S4: the second in a row fails"),
            Death::Failed { until } => {
                holds(second, "S4: the first one is not a failure")?;
                self.rest(until, Failure::TRANSIENT)
            }
            Death::Late => broken("S1: it was the flight that is under way", &flight),
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
        let landing = Landing {
            token: 200,
            lifetime: None,
            asked_at: at(0),
        };
        let machine = &mut self.machine;
        machine.stumble(frozen);
        let told = (
            machine.land(self.now, frozen, Ok(landing), 0.0),
            machine.land(self.now, frozen, Err(Failure::PERMANENT), 0.0),
            machine.die(self.now, frozen),
        );
        holds(
            told == (Landed::Late, Landed::Late, Death::Late) && *machine == before,
            "S5: a late result changes nothing",
        )
    }
}
