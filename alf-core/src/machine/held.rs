//! The token that is held, the one before it, and what resource servers answered to them (E1, R1, R9).

use core::time::Duration;

use super::{Generation, Lifetime, Moment, Stage};

/// The latest token, and the one before it while that may be used in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held<T> {
    pub(super) token: T,
    pub(super) generation: Generation,
    pub(super) obtained_at: Moment,
    pub(super) lifetime: Lifetime,
    standing: Standing,
    previous: Option<Previous<T>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Good,
    /// Not used while its renewal is under way, but kept: a single rejection may be a mistake (R1).
    Rejected,
    /// Used again: renewing it failed, or brought it once more.
    UsedAgain,
}

/// The token that the held one replaced a moment ago, and that is still valid: some APIs refuse a token in its first
/// seconds (R9).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Previous<T> {
    token: T,
    generation: Generation,
    lifetime: Lifetime,
    /// Whether it is used in place of the held one, which was rejected.
    is_used: bool,
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
        // R9: one that was never rejected, so that this renewal is an ordinary one.
        let replaced =
            replaced.filter(|held| held.standing == Standing::Good && now < held.lifetime.expires);
        Self {
            token,
            generation,
            obtained_at: now,
            lifetime,
            standing: Standing::Good,
            previous: replaced.map(|held| Previous {
                token: held.token,
                generation: held.generation,
                lifetime: held.lifetime,
                is_used: false,
            }),
        }
    }

    /// The token that callers use and the stage of this one, unless this one is rejected.
    pub(super) fn unrejected(&self, now: Moment) -> Option<(&T, Stage)> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(|previous| previous.is_used && self.may_use_previous(now));
        let token = previous.map_or(&self.token, |previous| &previous.token);
        (!self.is_rejected()).then(|| (token, self.lifetime.stage(now)))
    }

    /// Until when [`unrejected`](Self::unrejected) returns the same token, at most until `until`.
    pub(super) fn unrejected_until(&self, until: Moment) -> Moment {
        let previous_until = self.previous_until();
        previous_until.map_or(until, |previous_until| until.min(previous_until))
    }

    /// The tokens that callers use, or used a moment ago.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &T> {
        let previous = self.previous.as_ref().map(|previous| &previous.token);
        core::iter::once(&self.token).chain(previous)
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
    pub(super) fn is_rejected_with(&mut self, generation: Generation) -> bool {
        let previous = self.forget_previous(generation);
        self.generation == generation || previous.is_some_and(|previous| previous.is_used)
    }

    /// The previous token is not used any more, if it is that of `generation`.
    pub(super) fn forget_previous(&mut self, generation: Generation) -> Option<Previous<T>> {
        self.previous
            .take_if(|previous| previous.generation == generation)
    }

    /// The previous token is used in place of this one from now on, if that can be (R9).
    pub(super) fn use_previous(&mut self) -> Option<&T> {
        let previous = self.previous.as_mut()?;
        previous.is_used = true;
        Some(&previous.token)
    }

    pub(super) fn forget_outdated_previous(&mut self, now: Moment) {
        if !self.may_use_previous(now) {
            self.previous = None;
        }
    }

    /// E7
    pub(super) fn shorten(&mut self, by: Duration) {
        self.lifetime.shorten(by);
        if let Some(previous) = &mut self.previous {
            previous.lifetime.shorten(by);
        }
    }

    fn may_use_previous(&self, now: Moment) -> bool {
        self.previous_until().is_some_and(|until| now < until)
    }

    /// From then on this token is not too new, or the previous one has expired.
    fn previous_until(&self) -> Option<Moment> {
        let previous = self.previous.as_ref()?;
        Some(previous.lifetime.expires.min(self.obtained_at + TOO_NEW))
    }
}

/// R9: how long an API may refuse a new token.
const TOO_NEW: Duration = Duration::from_secs(5);
