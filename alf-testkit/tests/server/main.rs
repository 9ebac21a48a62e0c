//! What the scripted servers promise, seen by a raw client.

mod answers;
// Helpers may panic as tests may: clippy wants to be told that they are tests.
#[cfg(test)]
mod client;
mod lifecycle;
mod records;
mod resource;
mod script;
mod token_endpoint;
