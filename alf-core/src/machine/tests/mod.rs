//! The machines' promises, on tables and virtual time: each test is named after the rule it holds.

mod acquisitions;
mod back_off;
mod backoff;
mod breaker;
mod cacheable;
mod cooldown;
mod lifetime;
mod model;
mod random;
mod rejection;
mod renewing;
mod scenario;
mod search;
mod subject;
mod time;
mod unreplayed;

use core::time::Duration;

use super::*;

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
