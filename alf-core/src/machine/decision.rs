//! The words in which [`Renewal`](super::Renewal) is told and answers.

use core::time::Duration;

use super::Moment;

/// What a caller that needs a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Use the held token.
    Use(Generation),
    /// Use the held token, and begin a flight beside it, for which nobody waits (E2).
    UseAndRenew(Generation, Begin),
    /// Begin a flight and wait for it (E3).
    Begin(Begin),
    /// Wait for the flight that is under way (S1).
    Join(FlightId),
    /// Do not wait: alf rests until then (B2).
    Refuse {
        /// The end of the rest.
        until: Moment,
    },
}

/// What a caller whose token was rejected does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// The rejected token is not the held one any more: do what a demand would (R2).
    Superseded(Demand),
    /// Begin a flight and wait for it.
    Begin(Begin),
    /// Wait for the flight that is under way (R1).
    Join(FlightId),
    /// Hand the 401 back: renewing was useless lately (R6).
    HandBack,
    /// alf rests until then (B2).
    Refuse {
        /// The end of the rest.
        until: Moment,
    },
}

/// A flight that the caller must begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Which flight.
    pub flight: FlightId,
    /// When it must have ended (S5).
    pub deadline: Moment,
    /// Whether the flight before it failed: then it goes on with longer pauses (B2).
    pub after_failure: bool,
}

/// What a successful flight brought.
#[derive(Clone, Debug)]
pub struct Landing<T> {
    /// The token.
    pub token: T,
    /// The lifetime that it states.
    pub lifetime: Option<Duration>,
    /// When it was asked for: before the request was sent (T9).
    pub asked_at: Moment,
}

/// What the end of a flight changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// A new token.
    Took(Generation),
    /// The token that is held already, and what is left of it (E6).
    Same(Generation),
    /// The flight failed, and alf rests (B2).
    Failed {
        /// The end of the rest.
        until: Moment,
    },
    /// Another flight has taken its place: nothing changed (S5).
    Late,
}

/// What the death of a flight means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The waiters ask again, and one of them begins another flight (S4).
    AskAgain,
    /// The second death in a row is a failed flight (S4, B2).
    Failed {
        /// The end of the rest.
        until: Moment,
    },
    /// Another flight has taken its place: nothing changed (S5).
    Late,
}

/// What a resource server said to a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Anything but a rejection.
    Accepted,
    /// It rejected the renewed token too.
    RejectedAgain,
}

/// The numbers that a user can set and this machine needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How long before its stated end a token is no longer used (E1).
    pub leeway: Duration,
    /// The lifetime of a token that states none; `None`: until it is rejected (E5).
    pub default_lifetime: Option<Duration>,
    /// How long a flight may take (S5).
    pub flight_timeout: Duration,
}

/// Counts the accepted tokens of one client: which token this is, without its secret (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub(super) u64);

/// Counts the flights of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightId(pub(super) u64);

impl Generation {
    /// The count itself, for logs.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FlightId {
    /// The count itself, for logs.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}
