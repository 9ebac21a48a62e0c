//! alf against a real authorization server: the npm package `oidc-provider`, set up with a client for
//! every way to authenticate (`oidc-provider/README.md`).
//!
//! Each adapter runs these cases in its test target `interop`, with a [`Subject`] of its own:
//!
//! ```text
//! alf_interop::interop!(MySubject);
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
    reason = "a JSON value gives null for what it has not; a test prints what its failure needs"
)]

mod cases;
mod client_certificate;
mod control;
mod server;
mod subject;
mod trial;

pub use cases::run;
pub use client_certificate::errors_name_the_file;
pub use server::key_file;
pub use subject::{Answer, Capability, Failure, Subject, Tls};
