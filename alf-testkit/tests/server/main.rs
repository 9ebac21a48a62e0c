//! What the scripted servers promise, tested with a raw client.

mod answers;
// For clippy: helpers may panic as tests may.
#[cfg(test)]
mod client;
mod lifecycle;
mod records;
mod resource;
mod script;
mod token_endpoint;
