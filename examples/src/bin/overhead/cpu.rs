//! The CPU time of the client's threads, without that of the server's.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The name of the client's threads.
pub(crate) const THREADS: &str = "client";

/// What the client's threads have used so far; `None` where the system does not tell.
pub(crate) fn used() -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    threads
        .filter_map(|thread| used_by(&thread.ok()?.path()))
        .reduce(|all, one| all + one)
}

fn used_by(thread: &Path) -> Option<Duration> {
    let name = fs::read_to_string(thread.join("comm")).ok()?;
    if name.trim() != THREADS {
        return None;
    }
    // The first of its numbers: nanoseconds on a processor.
    let statistics = fs::read_to_string(thread.join("schedstat")).ok()?;
    let nanoseconds = statistics.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
