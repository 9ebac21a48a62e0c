//! The record that the instances of a fleet share, unsealed (fleet protocol, D8 to D11, D16).

use core::time::Duration;
use std::time::SystemTime;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{Clocks, CredentialHash, Moment};

/// The shared record of one token target. Every write replaces all of it.
///
/// `T` is the token, `E` the error of a failed attempt, as callers of other instances get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedRecord<T, E> {
    /// The number of the latest claim. A claim is a write that takes the lease.
    pub(crate) claims: u64,
    /// The claims since a token was last saved.
    pub(crate) attempts: u32,
    pub(crate) token: Option<SharedToken<T>>,
    pub(crate) standing: RecordStanding<E>,
}

/// Whether an instance may claim the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordStanding<E> {
    Free,
    /// An instance makes an attempt. `length`: how long the others wait for it.
    Leased {
        length: Duration,
    },
    /// The latest attempt failed.
    Paused(SharedPause<E>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedToken<T> {
    pub(crate) token: T,
    /// The number of the claim that obtained it.
    pub(crate) claim: u64,
    /// From before its request was sent (T9).
    pub(crate) obtained_at: SystemTime,
    /// What it states.
    pub(crate) lifetime: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedPause<E> {
    pub(crate) length: Duration,
    pub(crate) ends_at: SystemTime,
    /// The credentials that were refused: the pause is only for instances with these. `None`: for all.
    pub(crate) credential: Option<CredentialHash>,
    pub(crate) error: E,
}

impl<T, E> SharedRecord<T, E> {
    /// What is read where no record is, or none that can be opened.
    pub(crate) const EMPTY: Self = Self {
        claims: 0,
        attempts: 0,
        token: None,
        standing: RecordStanding::Free,
    };

    /// How long its pause is.
    pub(crate) fn pause(&self) -> Option<Duration> {
        match &self.standing {
            RecordStanding::Paused(pause) => Some(pause.length),
            RecordStanding::Free | RecordStanding::Leased { .. } => None,
        }
    }

    pub(super) fn refused_credential(&self) -> Option<CredentialHash> {
        match &self.standing {
            RecordStanding::Paused(pause) => pause.credential,
            RecordStanding::Free | RecordStanding::Leased { .. } => None,
        }
    }
}

impl<T: Clone, E> SharedRecord<T, E> {
    /// This record with a token that was obtained; `None` if it has that token, or a later one (D9).
    pub(crate) fn saved(&self, token: SharedToken<T>) -> Option<Self>
    where
        E: Clone,
    {
        let known = self.token.as_ref();
        if known.is_some_and(|known| token.claim <= known.claim) {
            return None;
        }
        let standing = match &self.standing {
            // A later attempt is under way.
            RecordStanding::Leased { length } if token.claim < self.claims => {
                RecordStanding::Leased { length: *length }
            }
            RecordStanding::Leased { .. } | RecordStanding::Paused(_) | RecordStanding::Free => {
                RecordStanding::Free
            }
        };
        Some(Self {
            claims: self.claims.max(token.claim),
            attempts: 0,
            token: Some(token),
            standing,
        })
    }

    pub(super) fn paused(
        &self,
        clocks: Clocks,
        length: Duration,
        retry_after: Duration,
        credential: Option<CredentialHash>,
        error: E,
    ) -> Self {
        let length = length.max(retry_after.min(LONGEST_RETRY_AFTER));
        Self {
            claims: self.claims,
            attempts: self.attempts,
            token: self.token.clone(),
            standing: RecordStanding::Paused(SharedPause {
                length,
                ends_at: clocks.wall.checked_add(length).unwrap_or(clocks.wall),
                credential,
                error,
            }),
        }
    }

    /// How long the store should keep it, as a hint (D16).
    pub(crate) fn keep_for(&self, wall: SystemTime) -> Duration {
        let left = self.token.as_ref().map_or(Duration::ZERO, |token| {
            let left = token
                .lifetime
                .map(|lifetime| lifetime.saturating_sub(token.age(wall)));
            left.unwrap_or(KEPT_IF_UNKNOWN)
        });
        left.max(KEPT_AT_LEAST) + KEPT_LONGER
    }
}

impl<T> SharedToken<T> {
    /// Its age by the wall clock, from 0 to its lifetime (D6).
    pub(crate) fn age(&self, wall: SystemTime) -> Duration {
        let age = wall
            .duration_since(self.obtained_at)
            .unwrap_or(Duration::ZERO);
        self.lifetime.map_or(age, |lifetime| age.min(lifetime))
    }

    pub(super) fn is_within_leeway(&self, wall: SystemTime, leeway: Duration) -> bool {
        self.lifetime.is_some_and(|lifetime| {
            let leeway = leeway.min(lifetime / LEEWAY_PART);
            lifetime.saturating_sub(leeway) <= self.age(wall)
        })
    }
}

impl<E> SharedPause<E> {
    /// When it ends: `length` after this instance first read it, or by the wall clock, whichever is first (D4).
    pub(super) fn until(&self, clocks: Clocks, first_read_at: Moment) -> Moment {
        let by_length = first_read_at + self.length.min(LONGEST_RETRY_AFTER);
        let left = self
            .ends_at
            .duration_since(clocks.wall)
            .unwrap_or(Duration::ZERO);
        by_length.min(clocks.now + left)
    }
}

/// E1
const LEEWAY_PART: u32 = 10;
/// D16
const KEPT_AT_LEAST: Duration = Duration::from_secs(5 * 60);
const KEPT_IF_UNKNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const KEPT_LONGER: Duration = Duration::from_secs(60);
