//! [`Log`]: everything that a server counted and recorded.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::counts::Counts;
use super::recorded::Recorded;

/// Enough for every test, and a bound for a program that runs for days.
const MOST_REQUESTS: usize = 10_000;

/// The counts and the records of one server.
pub(super) struct Log {
    pub(super) counts: Counts,
    /// How many requests arrived since the server started: the number of the next one.
    arrivals: usize,
    /// Those that are kept, by their numbers.
    requests: BTreeMap<usize, Recorded>,
    pub(super) most_requests: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            arrivals: 0,
            requests: BTreeMap::new(),
            most_requests: MOST_REQUESTS,
        }
    }
}

impl Log {
    /// Records a request and returns its number.
    pub(super) fn arrived(&mut self, request: &Recorded) -> usize {
        let authorized = request.header("authorization").is_some();
        self.counts.arrived(request.path(), authorized);
        let number = self.arrivals;
        self.arrivals += 1;
        if self.requests.len() < self.most_requests {
            self.requests.insert(number, request.clone());
        }
        number
    }

    /// Records that the request of this number gets its answer. It is called before the first byte is
    /// sent: a client that has the answer finds it counted.
    pub(super) fn answering(&mut self, number: usize, answer: &Answer) {
        let status = answer.sent_status();
        self.counts.answering(status);
        if let Some(request) = self.requests.get_mut(&number) {
            request.status = status;
            request.answer = answer.description();
        }
    }

    pub(super) fn connected(&mut self) {
        self.counts.connections += 1;
        self.counts.open_connections += 1;
    }

    pub(super) fn disconnected(&mut self) {
        self.counts.open_connections -= 1;
    }

    pub(super) fn forget(&mut self) {
        self.requests.clear();
        self.counts.forget();
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.requests.values().cloned().collect()
    }
}
