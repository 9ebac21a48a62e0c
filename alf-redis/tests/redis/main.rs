//! The store on real servers: `cargo test --workspace --test redis -- --ignored`.
//!
//! They are `redis-server` and `valkey-server`, which `.ci/setup` installs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "code of tests, outside of their functions"
)]

mod certificates;
mod clients;
mod faults;
mod proxy;
mod server;
mod suite;
