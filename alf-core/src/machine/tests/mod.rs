//! The promises of the machines, in tables and on virtual time. A test's name starts with the rule that it holds.

mod acquisitions;
mod breaker;
mod cacheable;
mod cooldown;
mod doubling_delay;
mod failed_acquisitions;
mod lifetime;
mod machines;
mod model;
mod places;
mod previous;
mod random;
mod rejection;
mod renewal;
mod revoked_in_cool_down;
mod scenario;
mod search;
#[cfg(feature = "store")]
mod sharing;
#[cfg(feature = "store")]
mod sharing_instances;
mod time;
mod unproven;

use core::time::Duration;

use super::*;

/// How a resource server answered a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplayOutcome {
    Accepted,
    RejectedAgain,
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// That many seconds after the start.
fn at(seconds: u64) -> Moment {
    Moment::START + secs(seconds)
}
