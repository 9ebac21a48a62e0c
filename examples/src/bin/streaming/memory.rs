//! The memory of this process, as Linux tells it.

use std::fs;

/// Begins a new peak.
pub(crate) fn forget_peak() {
    // Where it fails, the peak is not known either.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// What is in use now, in bytes.
pub(crate) fn now() -> Option<u64> {
    status("VmRSS:")
}

/// The most that was in use since the last peak was forgotten, in bytes.
pub(crate) fn peak() -> Option<u64> {
    status("VmHWM:")
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}
