//! The layer under clients of tonic, with a server of tonic on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

mod api;
mod caller;
mod codec;
mod deadlines;
mod errors;
#[path = "../support/issuer.rs"]
mod issuer;
mod rejections;
mod renewal;
mod streams;
