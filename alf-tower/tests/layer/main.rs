//! What the layer does with services and bodies, without sockets.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

mod api;
mod bodies;
mod errors;
#[path = "../support/issuer.rs"]
mod issuer;
mod readiness;
mod stacks;
