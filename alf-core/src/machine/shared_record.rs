//! The record that the instances of a program share, unsealed (D3 to D11, D16).

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{DoublingDelay, Moment};

/// The shared record of one token target. Every write replaces all of it.
///
/// `T` is the token, `E` the error of a failed attempt, as callers of other instances get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedRecord<T, E> {
    /// The number of the latest lease. Each write that takes the lease increases it.
    pub(crate) number: u64,
    /// The leases since a token was last saved.
    pub(crate) attempts: u32,
    pub(crate) token: Option<SharedToken<T>>,
    pub(crate) occupancy: Occupancy<E>,
}

/// Whether an instance may take the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Occupancy<E> {
    Free,
    /// An instance makes an attempt. `length`: how long the others wait for it.
    Leased {
        length: Duration,
    },
    /// The latest attempt failed.
    Paused(SharedPause<E>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedToken<T> {
    pub(crate) token: T,
    /// The number of the lease with which it was obtained.
    pub(crate) number: u64,
    /// From before its request was sent (T9).
    pub(crate) obtained_at: WallTime,
    /// What it states, or the `default_lifetime` of this instance. Another instance may have another, so it is not written.
    #[serde(skip)]
    pub(crate) lifetime: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedPause<E> {
    pub(crate) length: Duration,
    pub(crate) ends_at: WallTime,
    /// The credentials that were refused: the pause is only for instances with these. `None`: for all.
    pub(crate) credential: Option<CredentialHash>,
    pub(crate) error: E,
}

/// A keyed hash of everything that a client authenticates with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CredentialHash(pub(crate) [u8; 32]);

/// The wall clock: the time since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WallTime(pub(crate) Duration);

/// Both clocks. A lease counts by the first, and a token's age by the second (D3, D6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) now: Moment,
    pub(crate) wall: WallTime,
}

impl<T, E> SharedRecord<T, E> {
    /// What is read if there is no record, or none that can be opened (D16).
    pub(crate) const EMPTY: Self = Self {
        number: 0,
        attempts: 0,
        token: None,
        occupancy: Occupancy::Free,
    };

    /// How long the store should keep it, as a hint (D16).
    pub(crate) fn keep_for(&self, wall: WallTime) -> Duration {
        let left = self.token.as_ref().map_or(Duration::ZERO, |token| {
            let left = |lifetime: Duration| lifetime.saturating_sub(token.age(wall));
            token.lifetime.map_or(KEPT_IF_UNKNOWN, left)
        });
        left.max(KEPT_AT_LEAST).saturating_add(KEPT_LONGER)
    }

    /// This record with a token that was obtained; `None` if it has that token, or a later one (D9).
    pub(crate) fn saved(&self, token: SharedToken<T>) -> Option<Self> {
        let known = self.token.as_ref();
        if known.is_some_and(|known| token.number <= known.number) {
            return None;
        }
        let occupancy = match &self.occupancy {
            // A later attempt is under way.
            Occupancy::Leased { length } if token.number < self.number => {
                Occupancy::Leased { length: *length }
            }
            Occupancy::Leased { .. } | Occupancy::Paused(_) | Occupancy::Free => Occupancy::Free,
        };
        Some(Self {
            number: self.number.max(token.number),
            attempts: 0,
            token: Some(token),
            occupancy,
        })
    }

    /// An attempt failed, and a later one may succeed (D10). Returns the length of the pause.
    pub(crate) fn fail(&mut self, wall: WallTime, retry_after: Duration, error: E) -> Duration {
        self.pause(FAILURE_PAUSES, wall, retry_after, None, error)
    }

    /// An attempt with these credentials was refused (D11). Returns the length of the pause.
    pub(crate) fn refuse(
        &mut self,
        wall: WallTime,
        retry_after: Duration,
        credential: CredentialHash,
        error: E,
    ) -> Duration {
        self.pause(REFUSAL_PAUSES, wall, retry_after, Some(credential), error)
    }

    fn pause(
        &mut self,
        mut pauses: DoublingDelay,
        wall: WallTime,
        retry_after: Duration,
        credential: Option<CredentialHash>,
        error: E,
    ) -> Duration {
        pauses.skip(self.attempts.saturating_sub(1));
        let length = pauses.take().max(retry_after.min(LONGEST_RETRY_AFTER));
        self.occupancy = Occupancy::Paused(SharedPause {
            length,
            ends_at: WallTime(wall.0.saturating_add(length)),
            credential,
            error,
        });
        length
    }
}

impl<T> SharedToken<T> {
    /// Its age by the wall clock, from 0 to its lifetime (D6).
    pub(crate) fn age(&self, wall: WallTime) -> Duration {
        let age = wall.saturating_since(self.obtained_at);
        self.lifetime.map_or(age, |lifetime| age.min(lifetime))
    }

    /// E1, by the wall clock.
    pub(super) fn is_within_leeway(&self, wall: WallTime, leeway: Duration) -> bool {
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
        let left = self.ends_at.saturating_since(clocks.wall);
        by_length.min(clocks.now + left)
    }
}

impl WallTime {
    pub(crate) fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }

    fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// D10
const FAILURE_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_millis(100), Duration::from_secs(4));
/// D11
const REFUSAL_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_secs(1), Duration::from_secs(60));
/// E1
const LEEWAY_PART: u32 = 10;
/// D16
const KEPT_AT_LEAST: Duration = Duration::from_secs(5 * 60);
const KEPT_IF_UNKNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const KEPT_LONGER: Duration = Duration::from_secs(60);
