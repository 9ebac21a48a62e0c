//! An acquisition that is under way, and those who wait for it.

#[cfg(feature = "store")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use event_listener::{Event, EventListener};

use crate::error::CurrentlyAwaited;
use crate::machine::Claim;
use crate::{Token, TokenError};

/// The outcome of one acquisition, once there is one.
pub(crate) struct Pending {
    pub(super) claim: Claim,
    pub(super) awaited: CurrentlyAwaited,
    outcome: OnceLock<Outcome>,
    changed: Event,
    /// The waiters wait until the token that was obtained is saved (D8).
    #[cfg(feature = "store")]
    is_being_saved: AtomicBool,
}

/// What the waiters of an acquisition share (S2).
#[derive(Clone)]
pub(super) enum Outcome {
    Obtained(Token),
    Failed(TokenError),
    /// No result: it was aborted, another one replaced it, or the token was revoked. Its waiters ask again (S4, S5, F5).
    AskAgain,
}

/// What a caller that needs a token does next.
pub(crate) enum Step {
    Use(Token),
    /// The listener is woken if something changes after this decision.
    Wait(Arc<Pending>, EventListener),
    Fail(TokenError),
}

impl Pending {
    pub(super) fn new(claim: Claim) -> Self {
        Self {
            claim,
            awaited: CurrentlyAwaited::default(),
            outcome: OnceLock::new(),
            changed: Event::new(),
            #[cfg(feature = "store")]
            is_being_saved: AtomicBool::new(false),
        }
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.outcome.get().cloned()
    }

    /// Whether a caller waits for it.
    #[cfg(feature = "store")]
    pub(super) fn is_awaited(&self) -> bool {
        self.changed.total_listeners() > 0
    }

    pub(super) fn wait(self: &Arc<Self>) -> Step {
        Step::Wait(Arc::clone(self), self.changed.listen())
    }

    /// To be called before the waiters get the token.
    #[cfg(feature = "store")]
    pub(super) fn save_started(&self) {
        self.is_being_saved.store(true, Ordering::Release);
    }

    #[cfg(feature = "store")]
    pub(super) fn save_ended(&self) {
        if self.is_being_saved.swap(false, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Resolves when the token is saved. `None`: it is not being saved.
    #[cfg(feature = "store")]
    pub(super) fn saved(&self) -> Option<EventListener> {
        let saved = self.changed.listen();
        self.is_being_saved.load(Ordering::Acquire).then_some(saved)
    }

    pub(super) fn complete(&self, outcome: Outcome) {
        // The first one counts. A second one is of an acquisition that was replaced: its waiters have asked again.
        let _ = self.outcome.set(outcome);
        self.wake();
    }

    /// Wakes the waiters without an outcome: those with an unexpired token use it, and the others go on waiting (E4).
    pub(super) fn wake(&self) {
        self.changed.notify(usize::MAX);
    }
}
