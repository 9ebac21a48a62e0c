//! R9: the token before the held one, which may be used in its place.

use super::*;

impl CheckedMachine {
    /// A new token is obtained in place of the held one.
    pub(super) fn keep_older(&mut self) {
        let held = self.held.as_ref();
        self.older = held.map(|held| Older {
            generation: held.generation,
            lifetime: held.lifetime,
            is_kept: !held.was_ever_rejected && self.now < held.lifetime.expires,
            is_used: false,
        });
    }

    /// The held token was rejected, and the older one is used.
    pub(super) fn check_use_of_older(
        &mut self,
        decision: &TestRejection,
    ) -> Result<(), BrokenRule> {
        let Some(older) = &mut self.older else {
            return Ok(());
        };
        older.is_used = true;
        let generation = older.generation;
        holds(
            matches!(decision, RejectionDecision::UsePrevious(used) if used.generation == generation),
            "R9: the older token is used, and nothing is renewed",
        )
    }

    /// Whether a rejection of the older token rejects the held one. It is not used again.
    pub(super) fn older_rejects_held(&mut self) -> bool {
        let is_usable = self.older_is_usable();
        self.older.as_mut().is_some_and(|older| {
            let rejects = is_usable && older.is_used;
            older.is_kept = false;
            rejects
        })
    }

    /// A demand or a rejection forgets it.
    pub(super) fn forget_outdated_older(&mut self) {
        let is_usable = self.older_is_usable();
        if let Some(older) = &mut self.older {
            older.is_kept = is_usable;
        }
    }

    pub(super) fn older_is_usable(&self) -> bool {
        let (Some(held), Some(older)) = (&self.held, &self.older) else {
            return false;
        };
        older.is_kept && self.now < held.obtained_at + secs(5) && self.now < older.lifetime.expires
    }

    pub(super) fn older_is_outdated(&self) -> bool {
        self.older.is_some_and(|older| older.is_kept) && !self.older_is_usable()
    }

    pub(super) fn used_older(&self) -> Option<Generation> {
        let older = self.older.filter(|older| older.is_used)?;
        self.older_is_usable().then_some(older.generation)
    }
}
