//! The inputs and the decisions of [`Renewal`](super::Renewal).

use core::time::Duration;

use super::Moment;

/// What a caller that needs a token does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision<T, E> {
    pub(crate) answer: Answer<T, E>,
    /// An acquisition that starts: the caller waits for it (E3), or it is in the background (E2).
    pub(crate) start: Option<Claim>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer<T, E> {
    /// Use that token: the held one, or the previous one while that is too new (R9).
    Use(T),
    /// Wait for the acquisition that is under way (S1).
    Wait,
    /// Fail at once with the error for which the client, or this target alone, backs off (B2).
    Refuse(E),
}

/// What a caller whose token was rejected does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RejectionDecision<T, E> {
    /// The rejected token is not the held one any more: do as any caller that needs a token (R2).
    Superseded(Decision<T, E>),
    /// Wait for the renewal that started, or for the one that was under way (R1); or fail at once (B2).
    Renew(Decision<T, E>),
    /// The token may be too new: use the previous one (R9).
    UsePrevious(T),
    /// Return the 401: the latest renewal did not help (R6).
    Return,
}

/// One acquisition of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) target: TargetId,
    /// The acquisition of that target.
    pub(crate) id: AcquisitionId,
    /// When it must have ended (S5): from then on it holds up nobody.
    pub(crate) deadline: Moment,
}

/// What a successful acquisition brought.
#[derive(Clone, Debug)]
pub(crate) struct Obtained<T> {
    pub(crate) token: T,
    /// The lifetime that the token states.
    pub(crate) lifetime: Option<Duration>,
    /// Before its request was sent (T9).
    pub(crate) requested_at: Moment,
    /// How old it is, counted from before its request was sent (T9).
    pub(crate) age: Duration,
}

/// Which token a successful acquisition brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    New,
    /// The held token again, and what is left of its lifetime (E6).
    Unchanged,
    /// The same, but the token was requested before a rejection that waits for it: the waiters ask again (R6).
    Outdated,
}

/// What it means that an acquisition ended without a result (S4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aborted {
    /// The waiters ask again, and one of them starts another acquisition.
    AskAgain,
    /// The second abort in a row is a failed acquisition (B2).
    Failed,
}

/// The settings of a [`Renewal`](super::Renewal).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Policy {
    /// How long before its stated expiry a token is no longer used (E1).
    pub(crate) leeway: Duration,
    /// The lifetime of a token that states none; `None`: until it is rejected (E5).
    pub(crate) default_lifetime: Option<Duration>,
    /// How long an acquisition may take (S5).
    pub(crate) acquisition_timeout: Duration,
}

/// A token target of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TargetId(pub(crate) u64);

/// Counts the tokens of one target: identifies a token without its secret (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(pub(super) u64);

/// Counts the acquisitions of one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AcquisitionId(pub(super) u64);

impl Generation {
    #[cfg(test)]
    pub(crate) const FIRST: Self = Self(1);

    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }
}

impl AcquisitionId {
    pub(crate) const fn as_u64(self) -> u64 {
        self.0
    }
}
