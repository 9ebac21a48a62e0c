//! S4, S5, B2, E6: the end of an acquisition.

use super::*;

impl CheckedMachine {
    pub(super) fn obtain(
        &mut self,
        value: u32,
        states: Option<Duration>,
        jitter: f64,
    ) -> Result<(), BrokenRule> {
        let Some(under_way) = self.acquisition.take() else {
            return Ok(());
        };
        let age = self.now.saturating_since(under_way.started_at);
        let obtained = Obtained {
            token: value,
            lifetime: states,
            requested_at: under_way.started_at,
            age,
        };
        let success = self
            .machine
            .succeeded(self.now, under_way.acquisition, obtained, jitter);
        self.was_aborted = false;
        self.attempt_failed = false;
        if self.now < under_way.acquisition.deadline {
            self.server_backs_off_until = None;
        }
        // B2: a success past its deadline ends the back-off of this target alone.
        self.failed = self.server_backs_off_until.is_some();
        self.backs_off_until = self.server_backs_off_until.unwrap_or_else(|| at(0));
        let same = self.held.as_ref().is_some_and(|held| held.value == value);
        let (Some(success), Some(now_held)) = (success, self.machine.renewal.held()) else {
            return broken("S1: it was the acquisition that is under way", &success);
        };
        let generation = now_held.generation;
        let is_outdated = same && self.issued_again(generation, under_way.started_at);
        let held = self.generation_of(SentToken::Held);
        let in_order = match success {
            Success::New => !same && held < Some(generation),
            Success::Unchanged => same && held == Some(generation) && !is_outdated,
            Success::Outdated => same && held == Some(generation) && is_outdated,
        };
        if !same {
            self.keep_older();
            self.replaced(generation);
        }
        let (obtained_at, was_ever_rejected) = match &self.held {
            Some(held) if same => (held.obtained_at, held.was_ever_rejected),
            Some(_) | None => (self.now, false),
        };
        let leeway = self.policy.leeway;
        let lifetime = states
            .or(self.policy.default_lifetime)
            .map_or(Lifetime::UNKNOWN, |stated| {
                Lifetime::new(self.now, age, stated, leeway, jitter)
            });
        self.held = Some(Token {
            value,
            generation,
            obtained_at,
            lifetime,
            rejected: is_outdated,
            was_ever_rejected,
        });
        holds(in_order, "R1, E6: a generation for each new token")
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Result<(), BrokenRule> {
        let Some(under_way) = self.acquisition.take() else {
            return Ok(());
        };
        let acquisition = under_way.acquisition;
        self.was_aborted = false;
        match self.machine.failed(self.now, acquisition, &failure) {
            Some(until) => self.server_back_off(until, failure),
            None => broken("S1: it was the acquisition that is under way", &failure),
        }
    }

    pub(super) fn fail_alone(&mut self, failure: Failure) -> Result<(), BrokenRule> {
        let Some(under_way) = self.acquisition.take() else {
            return Ok(());
        };
        let id = under_way.acquisition.id;
        self.was_aborted = false;
        match self
            .machine
            .renewal
            .failed_alone(self.now, id, &failure, |until| until)
        {
            Some(until) => self.back_off(until, failure),
            None => broken("S1: it was the acquisition that is under way", &failure),
        }
    }

    pub(super) fn abort(&mut self) -> Result<(), BrokenRule> {
        let Some(under_way) = self.acquisition.take() else {
            return Ok(());
        };
        let second = std::mem::replace(&mut self.was_aborted, true);
        match self.machine.aborted(self.now, under_way.acquisition) {
            (Some(Aborted::AskAgain), _) => holds(!second, "S4: the second in a row fails"),
            (Some(Aborted::Failed), Some(until)) => {
                holds(second, "S4: the first one is not a failure")?;
                self.server_back_off(until, Failure::TRANSIENT)
            }
            (Some(Aborted::Failed) | None, _) => {
                broken("S1: it was the acquisition that is under way", &under_way)
            }
        }
    }

    fn server_back_off(&mut self, until: Moment, failure: Failure) -> Result<(), BrokenRule> {
        self.server_backs_off_until = self.server_backs_off_until.max(Some(until));
        self.back_off(until, failure)
    }

    fn back_off(&mut self, until: Moment, failure: Failure) -> Result<(), BrokenRule> {
        self.failed = true;
        self.backs_off_until = self.backs_off_until.max(until);
        if failure.is_transient() {
            if let Some(held) = &mut self.held {
                held.rejected = false; // R1
            }
            self.stop_waiting();
        }
        let back_off = until.saturating_since(self.now);
        let asked = failure.retry_after().min(secs(300));
        let in_bounds = secs(1).max(asked) <= back_off && back_off <= secs(60).max(asked);
        holds(
            in_bounds || until == Moment::NEVER,
            "B2: how long alf backs off",
        )
    }

    pub(super) fn end_late(&mut self) -> Result<(), BrokenRule> {
        let Some(frozen) = self.frozen else {
            return Ok(());
        };
        let before = self.machine.clone();
        let obtained = Obtained {
            token: 200,
            lifetime: None,
            requested_at: at(0),
            age: self.now.saturating_since(at(0)),
        };
        let machine = &mut self.machine;
        machine.renewal.delayed(frozen.id);
        let results = (
            machine.succeeded(self.now, frozen, obtained, 0.0),
            machine.failed(self.now, frozen, &Failure::PERMANENT),
            machine.aborted(self.now, frozen).0,
        );
        holds(
            results == (None, None, None) && *machine == before,
            "S5: a late result changes nothing",
        )
    }
}
