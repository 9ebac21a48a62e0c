//! The words in which [`Renewal`](super::Renewal) is told and answers.

use core::time::Duration;

use super::Moment;

/// What a caller that needs a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Use the held token.
    Use(Generation),
    /// Use the held token, and begin an acquisition beside it, for which nobody waits (E2).
    UseAndRenew(Generation, Begin),
    /// Begin an acquisition and wait for it (E3).
    Begin(Begin),
    /// Wait for the acquisition that is under way (S1).
    Join(AcquisitionId),
    /// Do not wait: alf rests until then (B2).
    Refuse {
        /// The end of the rest.
        until: Moment,
    },
}

/// What a caller whose token was rejected does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reject {
    /// The rejected token is not the held one any more: do what a demand would (R2).
    Superseded(Demand),
    /// Begin an acquisition and wait for it.
    Begin(Begin),
    /// Wait for the acquisition that is under way (R1).
    Join(AcquisitionId),
    /// Hand the 401 back: renewing was useless lately (R6).
    HandBack,
    /// alf rests until then (B2).
    Refuse {
        /// The end of the rest.
        until: Moment,
    },
}

/// An acquisition that the caller must begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    /// Which acquisition.
    pub(crate) acquisition: AcquisitionId,
    /// When it must have ended (S5).
    pub(crate) deadline: Moment,
    /// Whether the acquisition before it failed: then it goes on with longer pauses (B2).
    pub(crate) after_failure: bool,
}

/// What a successful acquisition brought.
#[derive(Clone, Debug)]
pub(crate) struct Obtained<T> {
    /// The token.
    pub(crate) token: T,
    /// The lifetime that it states.
    pub(crate) lifetime: Option<Duration>,
    /// When it was asked for: before the request was sent (T9).
    pub(crate) asked_at: Moment,
}

/// What the end of an acquisition changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// A new token.
    Took(Generation),
    /// The token that is held already, and what is left of it (E6).
    Same(Generation),
    /// The acquisition failed, and alf rests (B2).
    Failed {
        /// The end of the rest.
        until: Moment,
    },
    /// Another acquisition has taken its place: nothing changed (S5).
    Late,
}

/// What the death of an acquisition means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AbortOutcome {
    /// The waiters ask again, and one of them begins another acquisition (S4).
    AskAgain,
    /// The second death in a row is a failed acquisition (S4, B2).
    Failed {
        /// The end of the rest.
        until: Moment,
    },
    /// Another acquisition has taken its place: nothing changed (S5).
    Late,
}

/// What a resource server said to a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Anything but a rejection.
    Accepted,
    /// It rejected the renewed token too.
    RejectedAgain,
}

/// The numbers that a user can set and this machine needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Policy {
    /// How long before its stated end a token is no longer used (E1).
    pub(crate) leeway: Duration,
    /// The lifetime of a token that states none; `None`: until it is rejected (E5).
    pub(crate) default_lifetime: Option<Duration>,
    /// How long an acquisition may take (S5).
    pub(crate) acquisition_timeout: Duration,
}

/// Counts the accepted tokens of one client: which token this is, without its secret (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(pub(super) u64);

/// Counts the acquisitions of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AcquisitionId(pub(super) u64);

impl Generation {
    /// The count itself, for logs.
    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }
}

impl AcquisitionId {
    /// The count itself, for logs.
    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }
}
