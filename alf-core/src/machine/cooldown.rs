//! The cool-down after a useless renewal, for each origin (R6).

use core::time::Duration;

use super::{Backoff, Generation, Moment};

/// Stands for one origin that rejects tokens; what it means is the driver's.
///
/// The driver gives a number to each of the first 64 origins that it sees rejecting;
/// [`OriginKey::OTHERS`] stands for all after them, [`OriginKey::UNKNOWN`] for "not known".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OriginKey(u16);

/// The cool-downs of all origins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cooldowns {
    of_origin: Vec<(OriginKey, Cooldown)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cooldown {
    until: Moment,
    step: Backoff,
    /// The generation whose renewal was useless: it counts once (R6).
    counted: Generation,
}

impl OriginKey {
    /// How many origins have a cool-down of their own.
    pub(crate) const KEPT: u16 = 64;
    /// All origins that were seen after the first [`KEPT`](Self::KEPT) shared this one.
    pub(crate) const OTHERS: Self = Self(Self::KEPT);
    /// The origin is not known: a user's own loop over a token manager.
    pub(crate) const UNKNOWN: Self = Self(Self::KEPT + 1);

    /// The `index`th origin seen; from [`KEPT`](Self::KEPT) on it is [`OTHERS`](Self::OTHERS).
    pub(crate) fn new(index: usize) -> Self {
        u16::try_from(index).map_or(Self::OTHERS, |index| Self(index.min(Self::KEPT)))
    }
}

impl Cooldowns {
    /// Whether a 401 of this origin is handed back without renewing.
    pub(super) fn is_on(&self, origin: OriginKey, now: Moment) -> bool {
        self.find(origin)
            .is_some_and(|cooldown| now < cooldown.until)
    }

    /// Whether `generation` has counted as useless for this origin.
    pub(super) fn has_counted(&self, origin: OriginKey, generation: Generation) -> bool {
        self.find(origin)
            .is_some_and(|cooldown| cooldown.counted == generation)
    }

    /// A replay with `generation` was rejected too. It counts once for a generation, however many
    /// replays there were.
    pub(super) fn useless(&mut self, origin: OriginKey, generation: Generation, now: Moment) {
        if !self.has_counted(origin, generation) {
            self.useless_acquisition(origin, generation, now);
        }
    }

    /// An acquisition brought the rejected token again. Each such acquisition counts, or an AS that keeps
    /// giving the same dead token would be asked for every 401.
    pub(super) fn useless_acquisition(
        &mut self,
        origin: OriginKey,
        generation: Generation,
        now: Moment,
    ) {
        if let Some(cooldown) = self.find_mut(origin) {
            cooldown.counted = generation;
            cooldown.until = now + cooldown.step.take();
            return;
        }
        let mut step = Backoff::new(FIRST, CAP);
        let cooldown = Cooldown {
            until: now + step.take(),
            step,
            counted: generation,
        };
        self.of_origin.push((origin, cooldown));
    }

    /// `origin` accepted `generation` after a renewal: earlier useless ones are forgiven.
    pub(super) fn accepted(&mut self, origin: OriginKey, generation: Generation) {
        self.of_origin
            .retain(|(key, cooldown)| *key != origin || generation < cooldown.counted);
    }

    fn find(&self, origin: OriginKey) -> Option<&Cooldown> {
        self.of_origin
            .iter()
            .find_map(|(key, cooldown)| (*key == origin).then_some(cooldown))
    }

    fn find_mut(&mut self, origin: OriginKey) -> Option<&mut Cooldown> {
        self.of_origin
            .iter_mut()
            .find_map(|(key, cooldown)| (*key == origin).then_some(cooldown))
    }
}

const FIRST: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(60);
