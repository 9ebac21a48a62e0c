//! What is decided, and nothing else: events and `now` go in, decisions come out.
//!
//! Nothing here knows HTTP, async, a clock, a lock or randomness: time, jitter and the
//! classification of an answer are arguments, so a run is repeated by repeating its inputs. The
//! drivers ([`TokenManager`](crate::TokenManager), the acquisition, the client) carry out what is
//! decided here and decide nothing themselves.
//!
//! # The token of one client: [`Renewal`]
//!
//! What a token is, by time ([`Lifetime`], E1) and by what resource servers said of it (R1):
//!
//! ```text
//!            landed           80 % (less jitter)      stated end - leeway      stated end
//!   (none) ────▶ fresh ──────────────▶ due ──────────────▶ expired ──────────────▶ over
//!                 │ use                 │ use, and renew      │ wait; use once an       wait
//!                 │                     │ beside (E2)         │ attempt failed (E4)
//!                 └──── rejected ───────┴─────────▶ set aside: wait while the acquisition runs (R1)
//!                                                    └─ transient failure, same token ─▶ back
//! ```
//!
//! What is being done about it (S, B2):
//!
//! ```text
//!          demand, reject                    land(Ok)
//!   idle ────────────────▶ flying ─────────────────────────▶ idle
//!    ▲                      │   │ die, once: the waiters ask again, one begins another (S4)
//!    │ rest is over         │   └─────────────────────────▶ idle
//!    │                      ▼ land(Err), die twice in a row
//!   resting ◀───────────────┘
//! ```
//!
//! # The tries of one acquisition: [`Attempts`]
//!
//! ```text
//!   failed(transient) ─▶ TryAgain { at }            until the acquisition's deadline (B1)
//!   failed(permanent) ─▶ Reload ─▶ reloaded(Changed) ─▶ TryAgain { at: now }      once (B3)
//!                              └─▶ reloaded(Unchanged) ─▶ Stop
//! ```
//!
//! # Whose attempt is next, where a client has several tokens: [`Turns`]
//!
//! ```text
//!            attempt_failed, failed                      succeeded
//!   calm ────────────────────▶ trouble ─────────────────────────▶ calm
//!   Go, all at once            Go, one at a time, after its pauses (B1)
//!                              failed for good ─▶ Fallen, all that were under way (B2)
//! ```
//!
//! # One request: [`Replay`]
//!
//! ```text
//!   answered ─▶ Return                          not a rejection, or nothing may be replayed
//!            └▶ Renew ─▶ renewed(Ok) ─▶ replay ─▶ answered ─▶ Return, always      (R3)
//! ```

mod attempts;
mod backoff;
mod cooldown;
mod decision;
mod lifetime;
mod renewal;
mod replay;
mod rest;
#[cfg(test)]
mod tests;
mod time;
mod turns;

pub(crate) use attempts::{Attempts, Failure, Next, Reloaded};
pub(crate) use backoff::Backoff;
pub(crate) use cooldown::OriginKey;
pub(crate) use decision::{
    AbortOutcome, AcquisitionId, Begin, Completion, Demand, Generation, Obtained, Policy, Reject,
    Reply,
};
pub(crate) use lifetime::{Lifetime, Stage};
pub(crate) use renewal::Renewal;
pub(crate) use replay::{Answer, Replay, Step};
pub(crate) use rest::Rest;
pub use time::Moment;
pub(crate) use turns::{Claim, Ticket, Turn, Turns};
