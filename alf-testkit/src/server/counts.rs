//! What a server counted and recorded: [`Counts`] and the [`Log`] that they are in.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::recorded::{AnswerRecord, Recorded};

/// What a server counted since it started, or since its
/// [`forget`](super::ScriptedServer::forget).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that arrived, whether answered or not.
    pub requests: usize,
    /// Requests among them that had an `Authorization` header.
    pub with_authorization: usize,
    /// Requests that have arrived and whose answer has not started.
    pub unanswered: usize,
    /// The highest value of `unanswered`: how many requests were under way at once.
    pub most_at_once: usize,
    /// Requests by path, without the query.
    pub by_path: BTreeMap<String, usize>,
    /// Answers by status.
    pub by_status: BTreeMap<u16, usize>,
    /// Connections that were accepted.
    pub connections: usize,
    /// Connections that are open now.
    pub open_connections: usize,
    /// Requests that were not HTTP or broke off; they are not in `requests`.
    pub unreadable: usize,
    /// Bytes that were written or are being written, headers and interim responses included. While a
    /// client reads nothing, this is little more than what the buffers of the system hold.
    pub bytes_sent: u64,
}

impl Counts {
    /// Returns the number of requests for this path.
    pub fn at(&self, path: &str) -> usize {
        self.by_path.get(path).copied().unwrap_or(0)
    }

    /// Returns the number of answers with this status.
    pub fn answered(&self, status: u16) -> usize {
        self.by_status.get(&status).copied().unwrap_or(0)
    }
}

#[derive(Default)]
pub(super) struct Log {
    pub(super) counts: Counts,
    pub(super) requests: Vec<Recorded>,
}

impl Log {
    pub(super) fn arrived(&mut self, request: &Recorded) {
        let counts = &mut self.counts;
        counts.requests += 1;
        counts.with_authorization += usize::from(request.header("authorization").is_some());
        counts.unanswered += 1;
        counts.most_at_once = counts.most_at_once.max(counts.unanswered);
        *counts.by_path.entry(request.path().to_owned()).or_default() += 1;
        if self.requests.len() < MOST_REQUESTS {
            self.requests.push(request.clone());
        }
    }

    /// Records the answer to a request. It is called before the first byte is sent: a client that has the
    /// answer finds it counted.
    pub(super) fn answering(&mut self, request: &Recorded, answer: &Answer) {
        let status = answer.sent_status();
        self.counts.unanswered = self.counts.unanswered.saturating_sub(1);
        if let Some(status) = status {
            *self.counts.by_status.entry(status).or_default() += 1;
        }
        request.answered_with(AnswerRecord {
            status,
            description: answer.description.clone(),
        });
    }

    pub(super) fn connected(&mut self) {
        self.counts.connections += 1;
        self.counts.open_connections += 1;
    }

    /// Drops the records, and sets every count to 0 except what is under way.
    pub(super) fn forget(&mut self) {
        let Counts {
            unanswered,
            open_connections,
            ..
        } = self.counts;
        self.requests.clear();
        self.counts = Counts {
            unanswered,
            most_at_once: unanswered,
            open_connections,
            ..Counts::default()
        };
    }
}

/// Enough for every test, and a bound for a program that runs for days.
const MOST_REQUESTS: usize = 10_000;
