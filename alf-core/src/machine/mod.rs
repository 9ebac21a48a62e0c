//! Decides what happens; nothing else. Events and `now` go in, decisions come out.
//!
//! The machines know no HTTP, no async, no clock, no lock and no randomness. Time, jitter and the kind of a failure are
//! arguments, so the same inputs always give the same run. `tokens/`, `acquisition/` and the client carry out what is
//! decided here.
//!
//! # The token of one target: [`Renewal`]
//!
//! What callers do with the held token, by its age ([`Lifetime`], E1) and by what resource servers answered (R1):
//!
//! ```text
//!          obtained          80 % (less jitter)     expiry - leeway          stated expiry
//!   (none) ────────▶ Fresh ──────────────▶ Due ──────────────▶ WithinLeeway ──────────────▶ Expired
//!                     │ use                 │ use, and renew      │ wait; use it once an       wait
//!                     │                     │ in the background   │ attempt failed (E4)
//!                     └── rejected ─────────┴─────────▶ Rejected: wait while its renewal is under way (R1)
//!                                                        └─ transient failure, or the same token ─▶ use it again
//! ```
//!
//! A token that is rejected in its first seconds may be too new: the previous one is used meanwhile (R9).
//!
//! # The authorization server, for all targets of a client: [`Breaker`]
//!
//! Whether an attempt may be made now: at once while the server is healthy, one at a time in trouble (B1), none while the
//! client backs off (B2).
//!
//! Failures that concern one target alone (its scope, say) do not count there: [`Renewal`] backs off by itself.
//!
//! # The instances that share a store: `Sharing`
//!
//! What an acquisition does with the record that it has read (D4): use its token, wait, or take the lease. `SharedRecord` is
//! that record, `Refusal` and `StoreHealth` are what one client knows for all its targets (D11, D13).

mod breaker;
mod cooldown;
mod decision;
mod doubling_delay;
mod failure;
mod held;
mod lifetime;
#[cfg(feature = "store")]
mod refusal;
mod rejecting_origins;
mod renewal;
#[cfg(feature = "store")]
mod shared_record;
#[cfg(feature = "store")]
mod sharing;
#[cfg(feature = "store")]
mod store_health;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use breaker::{Breaker, Exclusivity, Health, Permit};
pub(crate) use decision::{
    Aborted, AcquisitionId, Answer, Claim, Decision, Generation, Obtained, Policy,
    RejectionDecision, Success, TargetId,
};
pub(crate) use doubling_delay::DoublingDelay;
pub(crate) use failure::Failure;
pub(crate) use lifetime::{Lifetime, Stage};
#[cfg(feature = "store")]
pub(crate) use refusal::Refusal;
pub(crate) use renewal::Renewal;
#[cfg(feature = "store")]
pub(crate) use shared_record::{
    Clocks, CredentialHash, Occupancy, SharedRecord, SharedToken, WallTime,
};
#[cfg(feature = "store")]
pub(crate) use sharing::{
    AFTER_PAUSE, LONGEST_SHARED_ATTEMPT, ReadDecision, Sharing, Urgency, read_after_pause,
};
#[cfg(feature = "store")]
pub(crate) use store_health::{Operation, StoreHealth};
pub use time::Moment;
