//! [`Counts`]: what a server counted.

use std::collections::BTreeMap;

/// What a server counted since it started, or since its
/// [`forget`](super::ScriptedServer::forget).
///
/// # Examples
///
/// ```
/// let servers = alf_testkit::Servers::start();
/// let counts = servers.resource.counts();
/// assert_eq!((counts.requests, counts.connections), (0, 0));
/// assert_eq!(counts.at("/things"), 0);
/// ```
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
    /// [`wait_until`](super::ScriptedServer::wait_until) does not see it.
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

    pub(super) fn arrived(&mut self, path: &str, authorized: bool) {
        self.requests += 1;
        self.with_authorization += usize::from(authorized);
        self.unanswered += 1;
        self.most_at_once = self.most_at_once.max(self.unanswered);
        *self.by_path.entry(path.to_owned()).or_default() += 1;
    }

    pub(super) fn answering(&mut self, status: Option<u16>) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if let Some(status) = status {
            *self.by_status.entry(status).or_default() += 1;
        }
    }

    /// Sets everything to 0 except what is under way.
    pub(super) fn forget(&mut self) {
        *self = Self {
            unanswered: self.unanswered,
            most_at_once: self.unanswered,
            open_connections: self.open_connections,
            ..Self::default()
        };
    }
}
