//! What is known of one origin that rejects tokens: whether renewing them helped, and the cool-down if not (R6).

use core::time::Duration;

use super::{DoublingDelay, Generation, Moment};

/// How many rejections were counted because they may show a revocation. A request that keeps the count of when it was sent
/// tells which of them came before it, without a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RejectionCount(u64);

impl RejectionCount {
    pub(crate) const fn from_u64(count: u64) -> Self {
        Self(count)
    }

    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }
}

/// One origin, or several that share a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct OriginRecord {
    /// When it first rejected the held token, if it waits for the renewal.
    waits_since: Option<Moment>,
    unproven: Option<Unproven>,
    /// The latest token that it was seen to accept while that mattered.
    accepted: Option<Generation>,
    cooldown: Option<Cooldown>,
}

/// A token that was obtained because this origin rejected the one before. It has accepted no replay with it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Unproven {
    generation: Generation,
    /// A rejection from then on does not show any more that renewing was useless.
    until: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cooldown {
    until: Moment,
    duration: DoublingDelay,
    /// The generation whose renewal was useless: it counts once.
    counted: Generation,
    row: Row,
    /// How many rejections in a row show that the token was revoked in this cool-down.
    revoked_after: u32,
    /// Whether it was renewed because of such a row.
    was_renewed: bool,
}

/// Rejections of one token in a cool-down, one after another, without an acceptance in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    generation: Generation,
    length: u32,
    /// The number of the last one.
    last: RejectionCount,
}

impl OriginRecord {
    /// It rejected the held token. `sent` is the count of rejections when that request was sent, `count` is the count now.
    /// Returns whether the token may be renewed.
    pub(super) fn rejected(
        &mut self,
        now: Moment,
        generation: Generation,
        sent: RejectionCount,
        count: &mut RejectionCount,
    ) -> bool {
        if self.waits_since.is_some() {
            return true;
        }
        let is_accepted = self.accepted == Some(generation);
        if self.is_unproven(now, generation) && !self.has_counted(generation) {
            let is_first = self.cooldown.is_none();
            self.cool_down(now, generation);
            // An API that rejects one path only, or a second revocation? The cool-down limits the former.
            return is_accepted && is_first;
        }
        match &mut self.cooldown {
            Some(cooldown) if now < cooldown.until => {
                is_accepted && cooldown.was_revoked(generation, sent, count)
            }
            Some(_) | None => true,
        }
    }

    /// A rejection waits for the acquisition that is under way.
    pub(super) fn wait(&mut self, now: Moment) {
        self.waits_since.get_or_insert(now);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.was_renewed |= cooldown.row.length >= cooldown.revoked_after;
        }
    }

    pub(super) fn stop_waiting(&mut self) {
        self.waits_since = None;
    }

    /// Another token is held from now on. If it was obtained because of this origin, it is unproven until `until`.
    pub(super) fn replaced(&mut self, generation: Generation, until: Moment) {
        let waited = self.waits_since.take();
        self.unproven = waited.map(|_| Unproven { generation, until });
    }

    /// The AS issued the rejected token again. Each acquisition counts: otherwise a server that keeps issuing the same
    /// revoked token would be asked for each 401. Returns whether the 401 came after the token request: then the renewal
    /// may still help.
    pub(super) fn issued_again(
        &mut self,
        now: Moment,
        generation: Generation,
        requested_at: Moment,
    ) -> bool {
        match self.waits_since {
            Some(since) if since <= requested_at => {
                self.waits_since = None;
                self.cool_down(now, generation);
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// It rejected a replay. That counts once for a generation, however many replays there were.
    pub(super) fn rejected_replay(&mut self, now: Moment, generation: Generation) {
        if !self.has_counted(generation) {
            self.cool_down(now, generation);
        }
    }

    /// It accepted a replay: renewing helped.
    pub(super) fn accepted_replay(&mut self, generation: Generation) {
        self.unproven.take_if(|held| held.generation <= generation);
        self.cooldown
            .take_if(|cooldown| cooldown.counted <= generation);
        self.accepted(generation);
    }

    /// It accepted another request. Renewing may have been useless all the same: an API may reject one path only.
    pub(super) fn accepted(&mut self, generation: Generation) {
        self.accepted = self.accepted.max(Some(generation));
        let cooldown = self.cooldown.as_mut();
        if let Some(cooldown) = cooldown.filter(|cooldown| cooldown.row.generation <= generation) {
            cooldown.row = Row::NONE;
        }
    }

    /// A token served for a while before it was rejected: earlier useless renewals do not count any more, unless its own was
    /// useless.
    pub(super) fn served(&mut self, generation: Generation) {
        if !self.has_counted(generation) {
            self.cooldown = None;
        }
    }

    /// Until when it matters that this origin accepts the held token, and is not known yet.
    pub(super) fn acceptance_matters_until(
        &self,
        now: Moment,
        generation: Generation,
    ) -> Option<Moment> {
        let is_accepted = self.accepted == Some(generation);
        let unproven = self.unproven.filter(|_| self.is_unproven(now, generation));
        let unproven = unproven.map(|unproven| unproven.until);
        let cooldown = self.cooldown.filter(|_| self.is_cooling_down(now));
        let cooldown = cooldown.filter(|cooldown| !is_accepted || cooldown.row != Row::NONE);
        let cooldown = cooldown.map(|cooldown| cooldown.until);
        unproven.filter(|_| !is_accepted).max(cooldown)
    }

    /// Forgets what does not matter any more.
    pub(super) fn forget_outdated(&mut self, now: Moment) {
        self.unproven.take_if(|unproven| unproven.until <= now);
        self.cooldown
            .take_if(|cooldown| cooldown.until + REMEMBERED <= now);
    }

    /// Whether nothing is known of this origin that could change a decision.
    pub(super) fn is_empty(&self) -> bool {
        self.waits_since.is_none() && self.unproven.is_none() && self.cooldown.is_none()
    }

    /// When its cool-down ended, if nothing else keeps its place.
    pub(super) fn idle_since(&self, now: Moment) -> Option<Moment> {
        let is_idle = self.waits_since.is_none() && self.unproven.is_none();
        let cooldown = self.cooldown.filter(|cooldown| cooldown.until <= now)?;
        is_idle.then_some(cooldown.until)
    }

    /// Another origin has it from now on. Only the length of the next cool-down stays: otherwise many origins that always
    /// reject would take each other's place, and start with a second each time.
    pub(super) fn pass_on(&mut self) {
        self.accepted = None;
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.row = Row::NONE;
            cooldown.revoked_after = REVOKED_AFTER;
            cooldown.was_renewed = false;
        }
    }

    fn is_cooling_down(&self, now: Moment) -> bool {
        self.cooldown.is_some_and(|cooldown| now < cooldown.until)
    }

    fn is_unproven(&self, now: Moment, generation: Generation) -> bool {
        self.unproven
            .is_some_and(|unproven| unproven.generation == generation && now < unproven.until)
    }

    fn has_counted(&self, generation: Generation) -> bool {
        self.cooldown
            .is_some_and(|cooldown| cooldown.counted == generation)
    }

    fn cool_down(&mut self, now: Moment, generation: Generation) {
        let cooldown = self.cooldown.get_or_insert(Cooldown {
            until: now,
            duration: DoublingDelay::new(FIRST, LONGEST),
            counted: generation,
            row: Row::NONE,
            revoked_after: REVOKED_AFTER,
            was_renewed: false,
        });
        cooldown.until = now + cooldown.duration.take();
        cooldown.counted = generation;
        if core::mem::take(&mut cooldown.was_renewed) {
            cooldown.revoked_after = cooldown.revoked_after.saturating_mul(2);
        }
        cooldown.row = Row::NONE;
    }
}

impl Cooldown {
    /// Counts a rejection of a token that this origin had accepted. Returns whether there were so many in a row that the
    /// token was revoked, although this origin always rejects some requests. Each must have been sent after the one before
    /// was rejected: of requests side by side, all may be of the kind that is always rejected.
    fn was_revoked(
        &mut self,
        generation: Generation,
        sent: RejectionCount,
        count: &mut RejectionCount,
    ) -> bool {
        let row = self.row;
        let is_first = row.length == 0 || row.generation != generation;
        if is_first || row.last <= sent {
            count.0 = count.0.saturating_add(1);
            self.row = Row {
                generation,
                length: if is_first {
                    1
                } else {
                    row.length.saturating_add(1)
                },
                last: *count,
            };
        }
        self.row.length >= self.revoked_after
    }
}

impl Row {
    const NONE: Self = Self {
        generation: Generation(0),
        length: 0,
        last: RejectionCount(0),
    };
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How long a cool-down is remembered after its end: a useless renewal after that starts with the first one again.
const REMEMBERED: Duration = Duration::from_secs(60);
const REVOKED_AFTER: u32 = 3;
