//! Waiting for what another thread does.

use std::thread;
use std::time::{Duration, Instant};

/// Checks `condition` every millisecond. Returns whether it held within `limit`.
pub(crate) fn poll_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// How long a test waits for something that should happen at once. It passes in full only before a
/// failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
