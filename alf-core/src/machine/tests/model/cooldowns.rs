//! R6: which renewals were useless.

use super::*;

impl CheckedMachine {
    pub(super) fn replayed(&mut self, which: SentToken, origin: usize, outcome: ReplayOutcome) {
        let Some(generation) = self.generation_of(which) else {
            return;
        };
        let key = OriginKey::new(origin);
        self.machine
            .renewal
            .replayed(self.now, generation, key, outcome);
        match outcome {
            ReplayOutcome::Accepted => {
                self.clear(origin, generation);
                if let Some(held) = self.held.as_mut().filter(|_| which == SentToken::Held) {
                    held.unproven[origin] = false;
                }
            }
            ReplayOutcome::RejectedAgain if which == SentToken::Held => {
                self.useless(origin, generation);
            }
            ReplayOutcome::RejectedAgain => {}
        }
    }

    /// R6: whether a rejection shows that the renewal before it was useless. Both origins are known.
    pub(super) fn judge(&mut self, generation: Generation, origin: usize) {
        let held = self.held.as_ref();
        let Some(held) = held.filter(|held| held.generation == generation) else {
            return;
        };
        if self.now.saturating_since(held.obtained_at) < secs(60) {
            if held.unproven[origin] {
                self.useless(origin, generation);
            }
        } else if self.cooldowns[origin].is_none_or(|cooldown| cooldown.counted != generation) {
            self.clear(origin, generation);
        }
    }

    /// R6: it counts once for a generation.
    fn useless(&mut self, origin: usize, generation: Generation) {
        if self.cooldowns[origin].is_none_or(|cooldown| cooldown.counted != generation) {
            self.cool_down(origin, generation);
        }
    }

    pub(super) fn cool_down(&mut self, origin: usize, generation: Generation) {
        let pause = self.cooldowns[origin].map_or(secs(1), |cooldown| cooldown.next);
        self.cooldowns[origin] = Some(CoolingDown {
            counted: generation,
            until: self.now + pause,
            next: (pause * 2).min(secs(60)),
        });
    }

    fn clear(&mut self, origin: usize, generation: Generation) {
        if self.cooldowns[origin].is_some_and(|cooldown| cooldown.counted <= generation) {
            self.cooldowns[origin] = None;
        }
    }
}
