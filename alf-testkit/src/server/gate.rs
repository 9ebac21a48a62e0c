//! [`Gate`]: holds an answer until the test opens it, or until [`StopSignal`] ends all waits of a server.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::waiting::{DEADLINE, Watched, locked};

/// Holds answers until the test opens it, so that no test has to sleep.
///
/// A gate starts closed, and stays open once it is opened. Clones are the same gate. Give it to
/// answers with [`Answer::held_by`](super::Answer::held_by); one gate can hold answers of several
/// servers. A server that is dropped does not wait for the gate: it drops the answers that are held.
#[derive(Clone, Default)]
pub struct Gate {
    state: Arc<Watched<GateState>>,
}

#[derive(Default)]
struct GateState {
    arrivals: usize,
    open: bool,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends all answers that are held, and all that arrive from now on.
    pub fn open(&self) {
        self.state.change(|state| state.open = true);
    }

    /// Returns how many answers arrived at this gate, those that have been sent included.
    pub fn arrivals(&self) -> usize {
        self.state.read(|state| state.arrivals)
    }

    /// Waits until `count` answers in all have arrived at this gate (see [`arrivals`](Self::arrivals)).
    ///
    /// The request of an answer that has arrived has been read in full and is recorded.
    ///
    /// # Panics
    ///
    /// If they do not arrive within 30 s.
    #[track_caller]
    pub fn wait_for_arrivals(&self, count: usize) {
        let arrived = |state: &GateState| state.arrivals >= count;
        assert!(
            self.state.wait_until(DEADLINE, arrived),
            "waited {DEADLINE:?} for {count} arrivals at a gate, but {} came",
            self.arrivals()
        );
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("arrivals", &self.arrivals())
            .finish_non_exhaustive()
    }
}

/// Tells all threads of a server, once, that it stops.
#[derive(Default)]
pub(super) struct StopSignal {
    stopped: AtomicBool,
    /// Those at which threads of this server may wait.
    gates: Mutex<Vec<Gate>>,
}

impl StopSignal {
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for gate in std::mem::take(&mut *locked(&self.gates)) {
            // The threads that wait there check the signal.
            gate.state.change(|_| ());
        }
    }

    /// Waits at `gate` until it is open, at most for `limit`.
    ///
    /// # Errors
    ///
    /// `Interrupted` if the server stops.
    pub(super) fn wait_at(&self, gate: &Gate, limit: Duration) -> io::Result<()> {
        let mut gates = locked(&self.gates);
        if !gates
            .iter()
            .any(|known| Arc::ptr_eq(&known.state, &gate.state))
        {
            gates.push(gate.clone());
        }
        drop(gates);
        // A `stop` that came too early to find the gate has set the signal before.
        let stopped = || self.stopped.load(Ordering::SeqCst);
        gate.state.change(|state| state.arrivals += 1);
        let _ = gate
            .state
            .wait_until(limit, |state| state.open || stopped());
        if stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    }
}
