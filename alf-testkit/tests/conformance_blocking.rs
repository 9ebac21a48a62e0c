//! The conformance suite on a transport that blocks its thread.

#![cfg(feature = "conformance")]

#[path = "support/blocking.rs"]
mod blocking;

use blocking::{Blocking, Unread};

struct ClosesUnread;

impl Unread for ClosesUnread {
    const IS_REUSED: bool = false;
}

alf_testkit::conformance!(Blocking<ClosesUnread>);
