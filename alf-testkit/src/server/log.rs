//! [`Log`]: everything that a server counted and recorded.

use std::sync::atomic::{AtomicU64, Ordering};

use super::counts::Counts;
use super::recorded::Recorded;
use crate::waiting::{DEADLINE, Watched};

/// Enough for every test, and a bound for a program that runs for days.
const MOST_REQUESTS: usize = 10_000;

/// The counts and the records of one server.
#[derive(Default)]
pub(super) struct Log {
    entries: Watched<LogEntries>,
    /// Beside the entries: it is counted for every write.
    bytes_sent: AtomicU64,
}

struct LogEntries {
    counts: Counts,
    /// How many requests arrived since the server started: the number of the next one.
    arrivals: usize,
    /// Those that are kept, by their numbers, in order.
    requests: Vec<(usize, Recorded)>,
    most_requests: usize,
}

impl Default for LogEntries {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            arrivals: 0,
            requests: Vec::new(),
            most_requests: MOST_REQUESTS,
        }
    }
}

impl Log {
    /// Records a request and returns its number.
    pub(super) fn arrived(&self, request: &Recorded) -> usize {
        self.entries.change(|entries| {
            let authorized = request.header("authorization").is_some();
            entries.counts.arrived(request.path(), authorized);
            let number = entries.arrivals;
            entries.arrivals += 1;
            if entries.requests.len() < entries.most_requests {
                entries.requests.push((number, request.clone()));
            }
            number
        })
    }

    /// Records that the request of this number gets its answer. It is called before the first byte is
    /// sent: a client that has the answer finds it counted.
    pub(super) fn answering(&self, number: usize, status: Option<u16>) {
        self.entries.change(|entries| {
            entries.counts.answering(status);
            let found = entries
                .requests
                .binary_search_by_key(&number, |entry| entry.0);
            if let Some((_, request)) = found.ok().and_then(|at| entries.requests.get_mut(at)) {
                request.status = status;
            }
        });
    }

    pub(super) fn unreadable(&self) {
        self.entries
            .change(|entries| entries.counts.unreadable += 1);
    }

    /// Counts a connection, as open until the result is dropped.
    pub(super) fn connected(&self) -> Connected<'_> {
        self.entries.change(|entries| {
            entries.counts.connections += 1;
            entries.counts.open_connections += 1;
        });
        Connected { log: self }
    }

    /// Returns the counter that the connections add their writes to.
    pub(super) fn bytes_sent(&self) -> &AtomicU64 {
        &self.bytes_sent
    }

    pub(super) fn keep_requests(&self, most: usize) {
        self.entries.change(|entries| entries.most_requests = most);
    }

    pub(super) fn forget(&self) {
        self.entries.change(|entries| {
            entries.requests.clear();
            entries.counts.forget();
        });
        self.bytes_sent.store(0, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            ..self.entries.read(|entries| entries.counts.clone())
        }
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.entries.read(|entries| {
            let requests = entries.requests.iter();
            requests.map(|(_, request)| request.clone()).collect()
        })
    }

    /// Waits until the counts are `done`; returns `false` if they are not in time.
    #[must_use]
    pub(super) fn wait_until(&self, mut done: impl FnMut(&Counts) -> bool) -> bool {
        self.entries
            .wait_until(DEADLINE, |entries| done(&entries.counts))
    }
}

/// An open connection, in the counts.
pub(super) struct Connected<'a> {
    log: &'a Log,
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.log.entries.change(|entries| {
            entries.counts.open_connections -= 1;
        });
    }
}
