//! Tests of alf with a real authorization server: the npm package `oidc-provider`, configured with a client for every
//! authentication method (`oidc-provider/README.md`).
//!
//! Each adapter runs these cases in its test target `interop`, with its own [`InteropAdapter`]:
//!
//! ```text
//! alf_interop::interop!(MyAdapter);
//! ```
//!
//! They are ignored by default, since they need Node.js. `.ci/setup` installs what is missing; then
//!
//! ```text
//! cargo test --workspace --test interop -- --ignored
//! ```

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a JSON value is null for a missing member; a failed test prints what is needed to understand it"
)]

mod adapter;
mod cases;
mod client_certificate;
mod control;
mod fixture;
mod server;

pub use adapter::{AdapterFeature, ApiResponse, CallError, InteropAdapter, TlsSettings};
pub use cases::run;
pub use client_certificate::errors_name_the_file;
pub use server::key_file;
