//! The cases of a fleet: many instances of the real driver, one virtual clock, one store in memory.
//!
//! T1 to T23 are cases that a simulation of the protocol had counted before it was built. Its store applies an operation
//! in the middle of its 10 ms, and its calls are at other moments. So some waits here are up to 20 ms longer, and some more
//! instances read a lease once more (T13, T15).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod fleet;
mod instance;
mod plan;
mod server;
mod store;

mod breaker;
mod clients;
mod faults;
#[cfg(feature = "metrics")]
mod metrics;
mod outages;
mod refusals;
mod revocation;
mod undisturbed;
