//! The cases of a fleet: many instances of the real driver, one virtual clock, one store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod fleet;
mod instance;
mod server;
mod store;

mod faults;
mod outages;
mod undisturbed;
