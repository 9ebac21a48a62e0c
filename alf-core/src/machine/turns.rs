//! Who asks an authorization server that is in trouble: one at a time, with the pauses of one (B1,
//! B2).

use std::collections::VecDeque;

use super::attempts::pauses;
use super::{Backoff, Failure, Moment};

/// The turns of a client's acquisitions, whatever token each of them is for.
///
/// While the authorization server answers, each acquisition asks when it likes. From a failure that
/// every acquisition would meet until the next success, one at a time asks, after the pauses that one
/// acquisition would make. The token whose last turn is longest ago is next, so that one that always
/// fails keeps no other back. When an acquisition fails of what will not pass, all that were under way fail with it; of what
/// may pass, they go on until their own deadlines, after the rest.
///
/// An acquisition takes a [`Ticket`], [asks](Self::ask) before each attempt, says what came of it, and
/// [leaves](Self::leave).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Turns {
    /// Whose token's last turn is longest ago first; of those, the longest waiting.
    queue: VecDeque<Seat>,
    /// Whose attempt is under way while no other may be.
    taken: Option<Seat>,
    trouble: Option<Trouble>,
    tickets: u64,
    /// How many turns there were.
    taken_so_far: u64,
    /// How many acquisitions have failed for all.
    failed: u64,
    fallen: Option<Fallen>,
}

/// Stands for an acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    number: u64,
    /// How many acquisitions had failed when it began.
    failed: u64,
}

/// An acquisition that is ready for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Which acquisition.
    pub(crate) ticket: Ticket,
    /// When it must have ended (S5).
    pub(crate) deadline: Moment,
    /// Which turn was the last of its token, by whichever acquisition; zero: none since the server was
    /// well.
    pub(crate) last_turn: u64,
    /// Whether none may go beside it, even if the server is well: it is to find out what all of
    /// them need.
    pub(crate) alone: bool,
}

/// What an acquisition does before an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It makes the attempt.
    Go {
        /// What is its token's [`last_turn`](Claim::last_turn) now.
        turn: u64,
    },
    /// It asks again when something has changed, and at `until` at the latest.
    Wait {
        /// When it could be its turn though nothing has changed.
        until: Moment,
    },
    /// It has failed: its deadline comes before the next attempt of any may be made (B1).
    Stop,
    /// It has failed: another did, of what will not pass.
    Fallen,
}

/// An acquisition that waits for its turn, or has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Seat {
    number: u64,
    last_turn: u64,
    /// From then on the acquisition counts no more (S5).
    deadline: Moment,
}

/// Acquisitions that had begun before a failure that will not pass have failed with it, while it is
/// rested after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Fallen {
    /// So many acquisitions had failed.
    with: u64,
    until: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Trouble {
    /// No attempt before.
    next_at: Moment,
    pauses: Backoff,
}

impl Turns {
    /// A ticket for an acquisition that begins.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket {
            number: self.tickets,
            failed: self.failed,
        }
    }

    /// The same acquisition, of which nothing is known any more that others have met before: it goes on
    /// with other credentials (B3).
    pub(crate) fn renewed(&self, ticket: Ticket) -> Ticket {
        Ticket {
            failed: self.failed,
            ..ticket
        }
    }

    /// An acquisition is ready for an attempt.
    pub(crate) fn ask(&mut self, now: Moment, claim: Claim) -> Turn {
        let Claim {
            ticket,
            deadline,
            last_turn,
            alone,
        } = claim;
        self.forget_overdue(now, ticket);
        if self.has_turn(ticket) {
            return Turn::Go { turn: last_turn };
        }
        if self.has_fallen(now, ticket) {
            self.leave(ticket);
            return Turn::Fallen;
        }
        if self.trouble.is_none() && !alone {
            self.leave(ticket);
            return Turn::Go { turn: 0 };
        }
        let next_at = self
            .trouble
            .map_or(Moment::START, |trouble| trouble.next_at);
        if deadline <= now.max(next_at) {
            self.leave(ticket);
            return Turn::Stop;
        }
        let seat = Seat {
            number: ticket.number,
            last_turn,
            deadline,
        };
        self.sit_down(seat);
        let first = self.queue.front().copied().unwrap_or(seat);
        match &self.taken {
            Some(taken) => Turn::Wait {
                until: taken.deadline,
            },
            None if !first.is_of(ticket) => Turn::Wait {
                until: first.deadline,
            },
            None if now < next_at => Turn::Wait { until: next_at },
            None => {
                self.taken = self.queue.pop_front();
                self.taken_so_far += 1;
                let turn = self.taken_so_far;
                Turn::Go { turn }
            }
        }
    }

    /// An attempt failed in a way that every acquisition would meet, and its acquisition tries again, not
    /// before `at`. `jitter` is the random number from 0 to 1 that went into `at`.
    pub(crate) fn attempt_failed(&mut self, now: Moment, ticket: Ticket, at: Moment, jitter: f64) {
        // Those that were under way when it began are the same failure, not further ones.
        let is_news = self.trouble.is_none() || self.has_turn(ticket);
        let trouble = self.trouble.get_or_insert_with(|| Trouble {
            next_at: at,
            pauses: pauses(false),
        });
        if is_news {
            let pause = trouble.pauses.take_jittered(jitter);
            trouble.next_at = trouble.next_at.max(now + pause);
        }
        trouble.next_at = trouble.next_at.max(at);
        self.leave(ticket);
    }

    /// An acquisition failed in a way that every acquisition would meet, and all rest until then.
    pub(crate) fn failed(&mut self, ticket: Ticket, failure: &Failure, until: Moment) {
        self.failed += 1;
        if !failure.is_transient() {
            let with = self.failed;
            self.fallen = Some(Fallen { with, until });
        }
        let next_at = self.trouble.map_or(until, |known| known.next_at.max(until));
        self.trouble = Some(Trouble {
            next_at,
            pauses: pauses(true),
        });
        self.leave(ticket);
    }

    /// An acquisition failed of what others have met already. `jitter` is a random number from 0 to 1.
    pub(crate) fn failed_too(&mut self, now: Moment, ticket: Ticket, jitter: f64) {
        let had_turn = self.has_turn(ticket);
        if let Some(trouble) = self.trouble.as_mut().filter(|_| had_turn) {
            let pause = trouble.pauses.take_jittered(jitter);
            trouble.next_at = trouble.next_at.max(now + pause);
        }
        self.leave(ticket);
    }

    /// It has found out what all need to know; where the server is well, they go on beside it.
    pub(crate) fn found_out(&mut self, ticket: Ticket) {
        if self.trouble.is_none() {
            self.leave(ticket);
        }
    }

    /// The server is well: an attempt succeeded.
    pub(crate) fn succeeded(&mut self, ticket: Ticket) {
        self.trouble = None;
        self.fallen = None;
        self.leave(ticket);
    }

    /// An acquisition is over, or asks for no turn just now.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.queue.retain(|seat| !seat.is_of(ticket));
        self.taken.take_if(|seat| seat.is_of(ticket));
    }

    /// Whether another acquisition has failed in such a way since that one began.
    pub(crate) fn has_seen_failure(&self, ticket: Ticket) -> bool {
        ticket.failed < self.failed
    }

    fn has_fallen(&self, now: Moment, ticket: Ticket) -> bool {
        self.fallen
            .is_some_and(|fallen| ticket.failed < fallen.with && now < fallen.until)
    }

    /// In the queue, unless it is there.
    fn sit_down(&mut self, seat: Seat) {
        if self.queue.iter().any(|other| other.number == seat.number) {
            return;
        }
        let goes_behind = |other: &Seat| seat.last_turn < other.last_turn;
        let place = self.queue.iter().position(goes_behind);
        let place = place.unwrap_or(self.queue.len());
        self.queue.insert(place, seat);
    }

    fn has_turn(&self, ticket: Ticket) -> bool {
        self.taken.is_some_and(|seat| seat.is_of(ticket))
    }

    /// S5: what is frozen keeps nobody waiting.
    fn forget_overdue(&mut self, now: Moment, but: Ticket) {
        self.queue
            .retain(|seat| seat.is_of(but) || now < seat.deadline);
        self.taken.take_if(|seat| seat.deadline <= now);
    }
}

impl Seat {
    fn is_of(&self, ticket: Ticket) -> bool {
        self.number == ticket.number
    }
}
