//! The memory of this process, as Linux reports it.

use std::fs;

/// Resets the peak.
pub(crate) fn reset_peak() {
    // If this fails, the peak is not known either.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Returns the memory in use, in bytes.
pub(crate) fn now() -> Option<u64> {
    status("VmRSS:")
}

/// Returns the most that was in use since the peak was reset, in bytes.
pub(crate) fn peak() -> Option<u64> {
    status("VmHWM:")
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}
