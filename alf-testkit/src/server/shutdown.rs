//! [`Shutdown`]: ends every wait of a server's threads when the server is dropped.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::gate::Gate;
use super::waiting::locked;

/// Says once, to all threads of a server, that it is over.
#[derive(Default)]
pub(super) struct Shutdown {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shutdown {
    pub(super) fn begin(&self) {
        let gates = {
            let mut state = locked(&self.state);
            state.begun = true;
            std::mem::take(&mut state.gates)
        };
        self.changed.notify_all();
        for gate in gates {
            gate.wake();
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        locked(&self.state).begun
    }

    /// Waits for `duration`, or less if the server is dropped meanwhile.
    pub(super) fn sleep(&self, duration: Duration) {
        let state = locked(&self.state);
        drop(
            self.changed
                .wait_timeout_while(state, duration, |state| !state.begun)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Waits at `gate` until it is opened or the server is dropped.
    pub(super) fn hold_at(&self, gate: &Gate) {
        // Known here before it is waited at: a `begin` that misses it has set `begun` already.
        let mut state = locked(&self.state);
        if !state.gates.iter().any(|known| known.is(gate)) {
            state.gates.push(gate.clone());
        }
        drop(state);
        gate.pass(|| self.has_begun());
    }
}

#[derive(Default)]
struct State {
    begun: bool,
    gates: Vec<Gate>,
}
