//! The token that is held, and what resource servers answered to it (E1, R1, R9).

use core::time::Duration;

use super::previous::Previous;
use super::{Generation, Lifetime, Moment, Stage};

/// The latest token, and the one before it while that may be used in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held<T> {
    pub(super) token: T,
    pub(super) generation: Generation,
    pub(super) obtained_at: Moment,
    pub(super) lifetime: Lifetime,
    standing: Standing,
    /// The token that it replaced, while that can be used in its place (R9).
    previous: Option<Previous>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Good,
    /// Not used while its renewal is under way, but kept: a single rejection may be a mistake (R1).
    Rejected,
    /// Used again: renewing it failed, or brought it once more.
    UsedAgain,
}

impl<T> Held<T> {
    /// A token that was obtained just now, in place of `replaced`.
    pub(super) fn new(
        now: Moment,
        token: T,
        generation: Generation,
        lifetime: Lifetime,
        replaced: Option<Self>,
    ) -> Self {
        // R9: it was never rejected, so this renewal is an ordinary one.
        let replaced = replaced.filter(|held| held.standing == Standing::Good);
        let previous = replaced.map(|held| Previous::new(held.generation, held.lifetime, now));
        Self {
            token,
            generation,
            obtained_at: now,
            lifetime,
            standing: Standing::Good,
            previous: previous.filter(|previous| now < previous.usable_until()),
        }
    }

    /// The token that callers use and the stage of this one, unless this one is rejected.
    pub(super) fn usable(&self, now: Moment) -> Option<(Generation, Stage)> {
        let previous = self.previous.filter(|previous| previous.is_used(now));
        let generation = previous.map_or(self.generation, |previous| previous.generation);
        (!self.is_rejected()).then(|| (generation, self.lifetime.stage(now)))
    }

    /// Until when [`usable`](Self::usable) returns the same token, at most until `until`.
    pub(super) fn usable_until(&self, until: Moment) -> Moment {
        let previous = self.previous.as_ref();
        previous.map_or(until, |previous| until.min(previous.usable_until()))
    }

    pub(super) fn is_rejected(&self) -> bool {
        self.standing == Standing::Rejected
    }

    /// It is not used while it is renewed.
    pub(super) fn reject(&mut self) {
        self.standing = Standing::Rejected;
    }

    pub(super) fn use_again(&mut self) {
        if self.is_rejected() {
            self.standing = Standing::UsedAgain;
        }
    }

    /// Whether a rejection of `generation` rejects this token: so does one of the previous token, if that is used in place of
    /// this one. It is not used again (R9).
    pub(super) fn is_rejected_with(&mut self, now: Moment, generation: Generation) -> bool {
        let previous = self
            .previous
            .take_if(|previous| previous.generation == generation);
        self.generation == generation || previous.is_some_and(|previous| previous.is_used(now))
    }

    /// The previous token is used in place of this one from now on, if that can be (R9).
    pub(super) fn use_previous(&mut self) -> Option<Generation> {
        let previous = self.previous.as_mut()?;
        previous.use_in_place();
        Some(previous.generation)
    }

    /// Whether it is the token of `generation`, or keeps it as the previous one.
    pub(super) fn keeps(&self, generation: Generation) -> bool {
        let previous = self.previous.as_ref();
        self.generation == generation
            || previous.is_some_and(|previous| previous.generation == generation)
    }

    pub(super) fn forget_outdated_previous(&mut self, now: Moment) {
        self.previous
            .take_if(|previous| previous.usable_until() <= now);
    }

    /// E7
    pub(super) fn shorten(&mut self, by: Duration) {
        self.lifetime.shorten(by);
        if let Some(previous) = &mut self.previous {
            previous.shorten(by);
        }
    }
}
