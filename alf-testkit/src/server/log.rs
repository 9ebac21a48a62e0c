//! [`Log`]: everything a server saw, and waiting for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::counts::Counts;
use super::recorded::{Hashing, Recorded};
use super::waiting::{locked, wait_until};

/// Enough for every test, and a bound for a program that runs for days.
const REQUESTS_KEPT: usize = 10_000;
const BODY_BYTES_KEPT: usize = 64 * 1024;

/// The counts and the records of one server.
pub(super) struct Log {
    state: Mutex<State>,
    changed: Condvar,
    /// Beside the state: it is counted for every write.
    bytes_sent: AtomicU64,
}

/// Where in the log a request is, to add how it was answered.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    epoch: usize,
    index: Option<usize>,
}

impl Log {
    pub(super) fn arrived(&self, request: &Arc<Recorded>) -> Entry {
        let mut state = locked(&self.state);
        let authorized = request.header("authorization").is_some();
        state.counts.arrived(request.path(), authorized);
        let mut index = None;
        if state.requests.len() < state.requests_kept {
            index = Some(state.requests.len());
            let request = bounded(request, state.body_bytes_kept);
            state.requests.push((request, None));
        }
        self.changed.notify_all();
        Entry {
            epoch: state.epoch,
            index,
        }
    }

    /// Called before the first byte of the answer is sent: who has the answer finds it counted.
    pub(super) fn answering(&self, entry: Entry, status: Option<u16>) {
        let mut state = locked(&self.state);
        state.counts.answering(status);
        if entry.epoch == state.epoch
            && let Some((_, answered)) = entry.index.and_then(|index| state.requests.get_mut(index))
        {
            *answered = status;
        }
        self.changed.notify_all();
    }

    pub(super) fn unreadable(&self) {
        self.count(|counts| counts.unreadable += 1);
    }

    /// What the connections add their writes to.
    pub(super) fn bytes_sent(&self) -> &AtomicU64 {
        &self.bytes_sent
    }

    pub(super) fn connected(&self) {
        self.count(|counts| {
            counts.connections += 1;
            counts.open_connections += 1;
        });
    }

    pub(super) fn disconnected(&self) {
        self.count(|counts| {
            counts.open_connections = counts.open_connections.saturating_sub(1);
        });
    }

    /// How a body is read: how much of it is kept, and whether it is hashed.
    pub(super) fn body_bound(&self) -> (usize, Hashing) {
        let state = locked(&self.state);
        match state.requests_kept {
            0 => (0, Hashing::Off),
            _ => (state.body_bytes_kept, Hashing::On),
        }
    }

    pub(super) fn keep_requests(&self, most: usize) {
        locked(&self.state).requests_kept = most;
    }

    pub(super) fn keep_body_bytes(&self, most: usize) {
        locked(&self.state).body_bytes_kept = most;
    }

    pub(super) fn forget(&self) {
        let mut state = locked(&self.state);
        state.epoch += 1;
        state.requests.clear();
        state.counts.forget();
        self.bytes_sent.store(0, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            ..locked(&self.state).counts.clone()
        }
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        let state = locked(&self.state);
        let requests = state.requests.iter();
        requests
            .map(|(request, status)| Recorded {
                status: *status,
                ..Recorded::clone(request)
            })
            .collect()
    }

    /// Waits for `done`; `false` if it did not come true in time.
    #[must_use]
    pub(super) fn wait_until(&self, mut done: impl FnMut(&Counts) -> bool) -> bool {
        let state = locked(&self.state);
        wait_until(state, &self.changed, |state| done(&state.counts)).is_some()
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut locked(&self.state).counts);
        self.changed.notify_all();
    }
}

impl Default for Log {
    fn default() -> Self {
        let state = State {
            epoch: 0,
            counts: Counts::default(),
            requests: Vec::new(),
            requests_kept: REQUESTS_KEPT,
            body_bytes_kept: BODY_BYTES_KEPT,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            bytes_sent: AtomicU64::new(0),
        }
    }
}

struct State {
    /// Grows when the log is forgotten: an entry of before is answered nowhere.
    epoch: usize,
    counts: Counts,
    requests: Vec<(Arc<Recorded>, Option<u16>)>,
    requests_kept: usize,
    body_bytes_kept: usize,
}

/// The request, without what answering it needed of its body beyond the bound.
fn bounded(request: &Arc<Recorded>, bound: usize) -> Arc<Recorded> {
    if request.body.kept.len() <= bound {
        return Arc::clone(request);
    }
    let mut shorter = Recorded::clone(request);
    shorter.body.kept.truncate(bound);
    Arc::new(shorter)
}
