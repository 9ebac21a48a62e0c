//! The store on a real Postgres: `cargo test -p examples-stores --test postgres -- --ignored`.
//!
//! Its programs are `initdb`, `postgres` and `pg_ctl`, which `.ci/setup` installs.

// It runs the server as another user if it is root.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "code of tests, outside of their functions"
)]

mod database;
mod faults;
// The proxy of alf-redis' tests.
#[path = "../../../alf-redis/tests/redis/proxy.rs"]
mod proxy;
mod server;
mod suite;
