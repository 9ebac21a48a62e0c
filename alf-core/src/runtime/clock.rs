//! The one place in alf-core that reads clocks.

#![expect(
    clippy::disallowed_methods,
    reason = "all other code asks the `Runtime`"
)]

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use crate::machine::Moment;

/// Monotonic time since the first call.
pub(super) fn monotonic() -> Moment {
    static START: OnceLock<Instant> = OnceLock::new();
    let now = instant();
    Moment::START + now.saturating_duration_since(*START.get_or_init(|| now))
}

pub(super) fn instant() -> Instant {
    Instant::now()
}

pub(super) fn wall() -> SystemTime {
    SystemTime::now()
}
