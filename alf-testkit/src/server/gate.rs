//! [`Gate`]: where an answer is held until the test lets it go.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::waiting::{PATIENCE, locked, wait_until};

/// Holds answers until the test opens it, so that no test has to sleep.
///
/// A gate starts closed. Clones are the same gate. Give it to answers with
/// [`Answer::held_by`](super::Answer::held_by); one gate may hold many answers of several servers.
/// They pass in the order in which they arrived. A server that is dropped takes its held answers
/// with it and waits for nobody.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Gate, Servers};
///
/// let servers = Servers::start();
/// let gate = Gate::new();
/// servers.authorization.answer_next(Answer::normal().held_by(&gate));
/// // … begin some calls here, then: gate.wait_for_arrivals(1); look at what they do meanwhile
/// gate.open();
/// assert_eq!(gate.arrivals(), 0); // nobody asked for a token in this example
/// ```
#[derive(Clone, Default)]
pub struct Gate {
    shared: Arc<Shared>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through that is held, and everything that comes.
    pub fn open(&self) {
        self.change(|state| state.admitted = usize::MAX);
    }

    /// Closes the gate for what comes from now on.
    ///
    /// What passed is not called back, and what was promised by [`let_through`](Self::let_through)
    /// but has not arrived yet is held.
    pub fn close(&self) {
        self.change(|state| state.admitted = state.admitted.min(state.arrivals));
    }

    /// Lets `count` more answers through: those held first, in the order of their arrival, and, if
    /// fewer are held, the next to arrive.
    pub fn let_through(&self, count: usize) {
        self.change(|state| state.admitted = state.admitted.saturating_add(count));
    }

    /// How many answers came to this gate, those that passed included.
    pub fn arrivals(&self) -> usize {
        locked(&self.shared.state).arrivals
    }

    /// How many answers are held at this moment.
    pub fn held(&self) -> usize {
        let state = locked(&self.shared.state);
        state.arrivals.saturating_sub(state.admitted)
    }

    /// Waits until `count` answers in all came to this gate (see [`arrivals`](Self::arrivals)).
    ///
    /// The request of an answer that arrived here has been read in full and is recorded.
    ///
    /// # Panics
    ///
    /// If they do not come within 30 s.
    pub fn wait_for_arrivals(&self, count: usize) {
        let state = locked(&self.shared.state);
        let arrived = wait_until(state, &self.shared.changed, |state| state.arrivals >= count);
        let waited_in_vain = arrived.is_none();
        drop(arrived);
        if waited_in_vain {
            self.give_up(count);
        }
    }

    /// Holds the calling thread until it may pass, or until `abandoned` says so after a
    /// [`wake`](Self::wake).
    pub(super) fn pass(&self, abandoned: impl Fn() -> bool) {
        let mut state = locked(&self.shared.state);
        let ticket = state.arrivals;
        state.arrivals += 1;
        self.shared.changed.notify_all();
        while ticket >= state.admitted && !abandoned() {
            state = self
                .shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes everyone who is held look again whether they are abandoned.
    pub(super) fn wake(&self) {
        self.change(|_| ());
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut locked(&self.shared.state));
        self.shared.changed.notify_all();
    }

    #[expect(
        clippy::panic,
        reason = "a test double: the test fails here, saying why"
    )]
    fn give_up(&self, count: usize) -> ! {
        panic!(
            "waited {PATIENCE:?} for {count} arrivals at a gate, but {} came",
            self.arrivals()
        );
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("arrivals", &self.arrivals())
            .field("held", &self.held())
            .finish()
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The n-th arrival passes once `admitted` is greater than n.
#[derive(Default)]
struct State {
    arrivals: usize,
    admitted: usize,
}
