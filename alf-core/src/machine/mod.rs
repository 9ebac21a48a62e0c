//! What is decided, and nothing else: events and `now` go in, decisions come out.
//!
//! Nothing here knows HTTP, async, a clock, a lock or randomness: time, jitter and the
//! classification of an answer are arguments, so a run is repeated by repeating its inputs. The
//! drivers ([`TokenManager`](crate::TokenManager), the flight, the client) carry out what is
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
//!                 └──── rejected ───────┴─────────▶ set aside: wait while the flight runs (R1)
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
//! # The tries of one flight: [`Attempts`]
//!
//! ```text
//!   failed(transient) ─▶ TryAgain { at }            until the flight's deadline (B1)
//!   failed(permanent) ─▶ Reload ─▶ reloaded(Changed) ─▶ TryAgain { at: now }      once (B3)
//!                              └─▶ reloaded(Unchanged) ─▶ Stop
//! ```
//!
//! # Whose attempt is next, where a client has several tokens: [`Turns`]
//!
//! ```text
//!            stumbled, failed                      succeeded
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

#![expect(
    clippy::exhaustive_enums,
    reason = "strangers see them only by `unversioned`; our drivers must handle every decision"
)]

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

pub use attempts::{Attempts, Failure, Next, Reloaded};
pub use backoff::Backoff;
pub use cooldown::OriginKey;
pub use decision::{
    Begin, Death, Demand, FlightId, Generation, Landed, Landing, Policy, Reject, Reply,
};
pub use lifetime::{Lifetime, Stage};
pub use renewal::Renewal;
pub use replay::{Answer, Replay, Step};
pub use rest::Rest;
pub use time::Moment;
pub use turns::{Claim, Ticket, Turn, Turns};
