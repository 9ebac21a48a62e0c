//! The conformance suite on a transport that blocks its thread.

#![cfg(feature = "conformance")]

#[path = "support/blocking.rs"]
mod blocking;

use blocking::{Blocking, Unread};

/// Connections whose response was not read to its end are closed.
struct Closes;

impl Unread for Closes {
    const GOES_BACK: bool = false;
}

alf_testkit::conformance!(Blocking<Closes>);
