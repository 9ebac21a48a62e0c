//! The cool-down after a useless renewal, for each origin (R6).

use core::time::Duration;

use super::{Backoff, Generation, Moment};

/// The number of an origin that rejects tokens.
///
/// The driver numbers the first 64 origins that it sees rejecting. [`OriginKey::OTHERS`] stands for all later ones,
/// [`OriginKey::UNKNOWN`] for an origin that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OriginKey(u16);

/// The cool-downs of all origins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cooldowns {
    by_origin: Vec<(OriginKey, Cooldown)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cooldown {
    until: Moment,
    duration: Backoff,
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
        self.find(origin)
            .is_some_and(|cooldown| now < cooldown.until)
    }

    /// Whether `generation` has counted as useless for this origin.
    pub(super) fn has_counted(&self, origin: OriginKey, generation: Generation) -> bool {
        self.find(origin)
            .is_some_and(|cooldown| cooldown.counted == generation)
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
        if let Some(cooldown) = self.find_mut(origin) {
            cooldown.counted = generation;
            cooldown.until = now + cooldown.duration.take();
            return;
        }
        let mut duration = Backoff::new(FIRST, LONGEST);
        let cooldown = Cooldown {
            until: now + duration.take(),
            duration,
            counted: generation,
        };
        self.by_origin.push((origin, cooldown));
    }

    /// `origin` accepted `generation` after a renewal: its earlier useless renewals no longer count.
    pub(super) fn accepted(&mut self, origin: OriginKey, generation: Generation) {
        self.by_origin
            .retain(|(key, cooldown)| *key != origin || generation < cooldown.counted);
    }

    fn find(&self, origin: OriginKey) -> Option<&Cooldown> {
        let mut cooldowns = self.by_origin.iter();
        cooldowns.find_map(|(key, cooldown)| (*key == origin).then_some(cooldown))
    }

    fn find_mut(&mut self, origin: OriginKey) -> Option<&mut Cooldown> {
        let mut cooldowns = self.by_origin.iter_mut();
        cooldowns.find_map(|(key, cooldown)| (*key == origin).then_some(cooldown))
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
