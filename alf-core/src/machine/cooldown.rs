//! What is known of one origin that rejects tokens: whether renewing them helped, and the cool-down if not (R6).

use core::ops::Range;
use core::time::Duration;

use super::{DoublingDelay, Generation, Moment};

/// What is known of one origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct OriginRecord {
    /// When it first rejected the held token, if it waits for the renewal.
    waits_since: Option<Moment>,
    /// The held token, if it is unproven: it was obtained because this origin rejected the one before, and this origin has
    /// accepted no replay with it yet. A rejection from that moment on does not show any more that renewing was useless.
    unproven: Option<(Generation, Moment)>,
    /// The latest token that it was seen to accept while that mattered.
    accepted: Option<Generation>,
    cooldown: Option<Cooldown>,
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

/// Rejections of a token that it accepted before: each request was sent after the one before was rejected, and none was
/// accepted in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Row {
    length: u32,
    /// The number of the last one.
    last: u64,
}

impl OriginRecord {
    /// It rejected the held token. Returns whether the token may be renewed.
    pub(super) fn rejected(
        &mut self,
        now: Moment,
        generation: Generation,
        numbers: Range<u64>,
    ) -> bool {
        if self.waits_since.is_some() {
            return true;
        }
        let is_accepted = self.accepted == Some(generation);
        if self.is_unproven(now) && !self.has_counted(generation) {
            let is_first = self.cooldown.is_none();
            self.cool_down(now, generation);
            // An API that rejects one path only, or a second revocation? The cool-down limits the former.
            return is_accepted && is_first;
        }
        match &mut self.cooldown {
            Some(cooldown) if now < cooldown.until => {
                // It always rejects some requests. So many in a row show that it rejects all. Of requests side by side, all
                // may be of the kind that is always rejected.
                let row = &mut cooldown.row;
                if is_accepted && row.last <= numbers.start {
                    row.length = row.length.saturating_add(1);
                    row.last = numbers.end;
                }
                is_accepted && row.length >= cooldown.revoked_after
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
        self.unproven = waited.map(|_| (generation, until));
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
        self.unproven.take_if(|(held, _)| *held <= generation);
        self.cooldown
            .take_if(|cooldown| cooldown.counted <= generation);
        self.accepted(generation);
    }

    /// It accepted another request. Renewing may have been useless all the same: an API may reject one path only.
    pub(super) fn accepted(&mut self, generation: Generation) {
        if self.accepted > Some(generation) {
            return;
        }
        self.accepted = Some(generation);
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.row = Row::default();
        }
    }

    /// A token served for a while before it was rejected: earlier useless renewals do not count any more, unless its own was
    /// useless.
    pub(super) fn served(&mut self, generation: Generation) {
        if !self.has_counted(generation) {
            self.cooldown = None;
        }
    }

    /// Whether it matters that this origin accepts the held token, and is not known yet.
    pub(super) fn acceptance_matters(&self, now: Moment, generation: Generation) -> bool {
        let cooldown = self.cooldown.filter(|cooldown| now < cooldown.until);
        if self.accepted == Some(generation) {
            return cooldown.is_some_and(|cooldown| cooldown.row.length > 0);
        }
        cooldown.is_some() || self.is_unproven(now)
    }

    /// Forgets what does not matter any more.
    pub(super) fn forget_outdated(&mut self, now: Moment) {
        self.unproven.take_if(|(_, until)| *until <= now);
        self.cooldown
            .take_if(|cooldown| cooldown.until + REMEMBERED <= now);
    }

    /// Whether nothing is known of this origin that could change a decision.
    pub(super) fn is_empty(&self) -> bool {
        self.waits_since.is_none() && self.unproven.is_none() && self.cooldown.is_none()
    }

    /// Until when it may decide about a rejection.
    pub(super) fn matters_until(&self) -> Option<Moment> {
        let waits = self.waits_since.map(|_| Moment::NEVER);
        let unproven = self.unproven.map(|(_, until)| until);
        let cooldown = self.cooldown.map(|cooldown| cooldown.until);
        waits.max(unproven).max(cooldown)
    }

    /// Another origin has its place from now on, with the cool-down: otherwise many origins that always reject would take each
    /// other's place, and start with a second each time.
    pub(super) fn take_over(&mut self) {
        self.accepted = None;
    }

    fn is_unproven(&self, now: Moment) -> bool {
        self.unproven.is_some_and(|(_, until)| now < until)
    }

    fn has_counted(&self, generation: Generation) -> bool {
        self.cooldown
            .is_some_and(|cooldown| cooldown.counted == generation)
    }

    fn cool_down(&mut self, now: Moment, generation: Generation) {
        let cooldown = self.cooldown.get_or_insert_with(|| Cooldown {
            until: now,
            duration: DoublingDelay::new(FIRST, LONGEST),
            counted: generation,
            row: Row::default(),
            revoked_after: REVOKED_AFTER,
            was_renewed: false,
        });
        cooldown.until = now + cooldown.duration.take();
        cooldown.counted = generation;
        if core::mem::take(&mut cooldown.was_renewed) {
            cooldown.revoked_after = cooldown.revoked_after.saturating_mul(2);
        }
        cooldown.row = Row::default();
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How long a cool-down is remembered after its end: a useless renewal after that starts with the first one again.
const REMEMBERED: Duration = Duration::from_secs(60);
const REVOKED_AFTER: u32 = 3;
