//! The one place in alf-core that reads clocks.

use std::time::SystemTime;

use crate::machine::Moment;

/// Monotonic time since some fixed start; on Linux it is up to 4 ms old, and takes 5 ns to read
/// where a precise clock takes 17.
#[cfg(target_os = "linux")]
pub(super) fn monotonic() -> Moment {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    // Since the machine's start: never negative.
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    Moment::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// Monotonic time since the first call.
#[cfg(not(target_os = "linux"))]
pub(super) fn monotonic() -> Moment {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    let now = instant();
    Moment::START + now.saturating_duration_since(*START.get_or_init(|| now))
}

/// A precise clock, for timers.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads clocks"
)]
pub(super) fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// The time of day.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads clocks"
)]
pub(super) fn wall() -> SystemTime {
    SystemTime::now()
}
