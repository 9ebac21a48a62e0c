//! The cool-down after a useless renewal, for each origin (R6).

use core::time::Duration;
use std::collections::BTreeMap;

use super::{DoublingDelay, Generation, Moment};

/// The number of an origin that rejects tokens.
///
/// The driver numbers the first 64 origins that it sees rejecting. [`OriginKey::OTHERS`] stands for all later ones,
/// [`OriginKey::UNKNOWN`] for an origin that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OriginKey(u16);

/// The cool-downs of all origins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cooldowns(BTreeMap<OriginKey, Cooldown>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cooldown {
    until: Moment,
    duration: DoublingDelay,
    /// The generation whose renewal was useless: it counts once (R6).
    counted: Generation,
}

impl OriginKey {
    /// How many origins have a cool-down of their own.
    pub(crate) const KEPT: u16 = 64;
    /// The origins after the first [`KEPT`](Self::KEPT) share this one.
    pub(crate) const OTHERS: Self = Self(Self::KEPT);
    /// A user's own loop over a token manager that names no origin.
    pub(crate) const UNKNOWN: Self = Self(Self::KEPT + 1);

    /// The origin that was seen as number `index`; from [`KEPT`](Self::KEPT) on, [`OTHERS`](Self::OTHERS).
    pub(crate) fn new(index: usize) -> Self {
        u16::try_from(index).map_or(Self::OTHERS, |index| Self(index.min(Self::KEPT)))
    }
}

impl Cooldowns {
    /// Whether a 401 of this origin is returned without a renewal.
    pub(super) fn is_on(&self, origin: OriginKey, now: Moment) -> bool {
        let cooldown = self.0.get(&origin);
        cooldown.is_some_and(|cooldown| now < cooldown.until)
    }

    /// Whether `generation` has counted as useless for this origin.
    pub(super) fn has_counted(&self, origin: OriginKey, generation: Generation) -> bool {
        let cooldown = self.0.get(&origin);
        cooldown.is_some_and(|cooldown| cooldown.counted == generation)
    }

    /// A replay with `generation` was rejected too. It counts once for a generation, however many replays there were.
    pub(super) fn useless(&mut self, origin: OriginKey, generation: Generation, now: Moment) {
        if !self.has_counted(origin, generation) {
            self.useless_acquisition(origin, generation, now);
        }
    }

    /// An acquisition brought the rejected token again. Each one counts: otherwise a server that keeps issuing the same
    /// revoked token would be asked for each 401.
    pub(super) fn useless_acquisition(
        &mut self,
        origin: OriginKey,
        generation: Generation,
        now: Moment,
    ) {
        let cooldown = self.0.entry(origin).or_insert(Cooldown {
            until: now,
            duration: DoublingDelay::new(FIRST, LONGEST),
            counted: generation,
        });
        cooldown.until = now + cooldown.duration.take();
        cooldown.counted = generation;
    }

    /// `origin` accepted `generation` after a renewal: its earlier useless renewals no longer count.
    pub(super) fn accepted(&mut self, origin: OriginKey, generation: Generation) {
        self.0
            .retain(|key, cooldown| *key != origin || generation < cooldown.counted);
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
