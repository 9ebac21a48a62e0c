//! R6: which renewals were useless, and which origins cool down.

use super::*;

/// What is known of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Facts {
    /// When it rejected the held token, which is being renewed.
    waits_since: Option<Moment>,
    /// A token that replaced one that it rejected, and until when a rejection of it counts.
    unproven: Option<(Generation, Moment)>,
    accepted: Option<Generation>,
    cooldown: Option<CoolingDown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CoolingDown {
    counted: Generation,
    until: Moment,
    next: Duration,
    /// How often it rejected a token in a row.
    row: Option<(Generation, u32)>,
    revoked_after: u32,
    was_renewed: bool,
}

impl CheckedMachine {
    pub(super) fn accept(&mut self, which: SentToken, origin: usize) {
        let Some(generation) = self.generation_of(which) else {
            return;
        };
        self.machine
            .renewal
            .accepted(self.now, generation, &key(origin));
        self.facts(origin).accept(generation);
    }

    pub(super) fn replayed(&mut self, which: SentToken, origin: usize, outcome: ReplayOutcome) {
        let Some(generation) = self.generation_of(which) else {
            return;
        };
        let now = self.now;
        self.machine.replayed(now, generation, key(origin), outcome);
        let facts = self.facts(origin);
        match outcome {
            ReplayOutcome::Accepted => {
                facts.unproven = facts.unproven.filter(|(held, _)| *held > generation);
                facts.cooldown = facts.cooldown.filter(|known| known.counted > generation);
                facts.accept(generation);
            }
            ReplayOutcome::RejectedAgain if which == SentToken::Held => {
                facts.useless(now, generation);
            }
            // R9: it is not used again.
            ReplayOutcome::RejectedAgain => {
                if let Some(older) = &mut self.older {
                    older.is_kept = false;
                }
            }
        }
    }

    /// Whether a rejection of the held token may renew it. `is_later`: the request was sent after all earlier rejections.
    pub(super) fn may_renew(
        &mut self,
        generation: Generation,
        origin: usize,
        is_later: bool,
    ) -> bool {
        let now = self.now;
        let facts = self.facts(origin);
        if facts.waits_since.is_some() {
            return true;
        }
        let is_cooling = facts.cooldown.is_some_and(|known| now < known.until);
        let is_accepted = facts.accepted == Some(generation);
        let is_unproven = facts.unproven.is_some_and(|(held, _)| held == generation);
        let is_first = facts.cooldown.is_none();
        if is_unproven && facts.useless(now, generation) {
            return is_accepted && is_first;
        }
        match &mut facts.cooldown {
            Some(cooldown) if is_cooling => is_accepted && cooldown.reject(generation, is_later),
            _ => true,
        }
    }

    pub(super) fn wait(&mut self, origin: usize) {
        let now = self.now;
        let facts = self.facts(origin);
        facts.waits_since.get_or_insert(now);
        if let Some(cooldown) = &mut facts.cooldown {
            let length = cooldown.row.map_or(0, |(_, length)| length);
            cooldown.was_renewed |= length >= cooldown.revoked_after;
        }
    }

    pub(super) fn stop_waiting(&mut self) {
        for facts in &mut self.origins {
            facts.waits_since = None;
        }
    }

    pub(super) fn replaced(&mut self, generation: Generation) {
        let until = self.now + secs(60);
        for facts in &mut self.origins {
            facts.unproven = facts.waits_since.take().map(|_| (generation, until));
        }
    }

    /// Whether an origin waits that rejected the token after `requested_at`.
    pub(super) fn issued_again(&mut self, generation: Generation, requested_at: Moment) -> bool {
        let now = self.now;
        let mut is_outdated = false;
        for origin in 0..ORIGINS {
            let facts = self.facts(origin);
            match facts.waits_since {
                Some(since) if since > requested_at => is_outdated = true,
                Some(_) => {
                    facts.waits_since = None;
                    facts.cool_down(now, generation);
                }
                None => {}
            }
        }
        is_outdated
    }

    pub(super) fn check_awaited(&mut self) -> Result<(), BrokenRule> {
        let now = self.now;
        let held = self.held.as_ref().map(|held| held.generation);
        let awaited = self.machine.renewal.awaited_origins(now);
        for origin in 0..ORIGINS {
            let facts = self.facts(origin);
            let is_accepted = facts.accepted == held;
            let is_unproven = facts.unproven.is_some_and(|(known, _)| Some(known) == held);
            let cooldown = facts.cooldown.filter(|known| now < known.until);
            let in_row = cooldown.is_some_and(|cooldown| cooldown.row.is_some());
            let matters = (is_unproven || cooldown.is_some()) && !is_accepted || in_row;
            let is_awaited = awaited.contains(&key(origin));
            holds(
                is_awaited == (matters && held.is_some()),
                "R6: an acceptance matters until it is known, or its time is over",
            )?;
        }
        Ok(())
    }

    /// What still matters of what is known.
    fn facts(&mut self, origin: usize) -> &mut Facts {
        let now = self.now;
        let facts = &mut self.origins[origin];
        facts.unproven = facts.unproven.filter(|(_, until)| now < *until);
        let remembered = |known: &CoolingDown| now < known.until + secs(60);
        facts.cooldown = facts.cooldown.filter(remembered);
        if facts.is_empty() {
            facts.accepted = None;
        }
        facts
    }
}

impl Facts {
    pub(super) const NONE: Self = Self {
        waits_since: None,
        unproven: None,
        accepted: None,
        cooldown: None,
    };

    fn is_empty(&self) -> bool {
        self.waits_since.is_none() && self.unproven.is_none() && self.cooldown.is_none()
    }

    fn accept(&mut self, generation: Generation) {
        if self.is_empty() {
            return;
        }
        self.accepted = self.accepted.max(Some(generation));
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.row = cooldown.row.filter(|(held, _)| *held > generation);
        }
    }

    /// It counts once for a generation.
    fn useless(&mut self, now: Moment, generation: Generation) -> bool {
        let counts = self
            .cooldown
            .is_none_or(|known| known.counted != generation);
        if counts {
            self.cool_down(now, generation);
        }
        counts
    }

    fn cool_down(&mut self, now: Moment, generation: Generation) {
        let (pause, mut revoked_after) = self
            .cooldown
            .map_or((secs(1), 3), |known| (known.next, known.revoked_after));
        if self.cooldown.is_some_and(|known| known.was_renewed) {
            revoked_after *= 2;
        }
        self.cooldown = Some(CoolingDown {
            counted: generation,
            until: now + pause,
            next: (pause * 2).min(secs(60)),
            row: None,
            revoked_after,
            was_renewed: false,
        });
    }
}

impl CoolingDown {
    /// Whether so many rejections in a row show that the token was revoked.
    fn reject(&mut self, generation: Generation, is_later: bool) -> bool {
        let length = match self.row {
            Some((held, length)) if held == generation => length + u32::from(is_later),
            _ => 1,
        };
        self.row = Some((generation, length));
        length >= self.revoked_after
    }
}

pub(super) fn key(origin: usize) -> u16 {
    u16::try_from(origin).unwrap()
}
