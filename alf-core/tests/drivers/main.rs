//! The rules of CONTRACT.md that the drivers hold: a client between a scripted token endpoint and scripted
//! resource servers, all in memory and on virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

mod acquisitions;
#[cfg(feature = "jwt")]
mod assertions;
#[cfg(feature = "jwt")]
mod authentication;
mod awaited;
mod backoff;
mod blocking;
mod concurrency;
mod cooldown;
mod deadlines;
mod discovery;
mod expiry;
mod flow;
mod leaks;
mod logs;
mod many_origins;
mod messages;
#[cfg(feature = "metrics")]
mod metrics;
mod mixed_api;
mod outage_load;
mod permits;
mod ports;
mod rejection;
mod replay;
mod revocation;
mod rotation;
mod secrets;
mod shared_back_off;
mod support;
mod targets;
mod token_manager;
mod too_new;
mod user_code;
