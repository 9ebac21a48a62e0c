//! The only place where callers wait (S2, S3, S5).

use std::sync::Arc;

use event_listener::EventListener;

use crate::error::Cause;
use crate::machine::{Failure, Moment};
use crate::runtime::before;
use crate::{Origin, TimeoutPhase, Token, TokenError, TokenErrorKind};

use super::announcement::{Announcement, Outcome};
use super::shared::Shared;

/// What a caller does next: the machine's decision, carried out.
pub(super) enum Step {
    Use(Token),
    Wait(Waiter),
    Refuse(TokenError),
}

/// What a caller whose token was rejected does next.
pub(crate) enum Verdict {
    /// Hand the 401 back (R6).
    HandBack,
    /// Renew: see [`Shared::renewed`].
    Renew(Renewing),
}

/// A renewal for a rejected token: already under way, whether or not anybody waits for it.
pub(crate) struct Renewing {
    pub(super) step: Step,
    pub(super) rejected: Token,
    pub(super) origin: Option<Origin>,
}

/// A place in the queue of one acquisition. It was taken under the lock: no news can be missed.
pub(super) struct Waiter {
    pub(super) announcement: Arc<Announcement>,
    pub(super) news: EventListener,
}

/// How long one caller still waits, whatever becomes of acquisitions (S5).
struct Patience {
    asked_at: Moment,
    ends_at: Moment,
}

enum Woken {
    /// An attempt has failed.
    Stirred,
    ByOutcome(Outcome),
    /// The acquisition is past its deadline and has not told: its runtime is not polled any more.
    Frozen,
    OutOfPatience,
}

impl Shared {
    /// Waits for a token (E3, S).
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Token, TokenError> {
        let mut patience = None;
        loop {
            let waiter = match self.demand() {
                Step::Use(token) => return Ok(token),
                Step::Refuse(error) => return Err(error),
                Step::Wait(waiter) => waiter,
            };
            let patience = patience.get_or_insert_with(|| self.patience());
            match self.wait(waiter, patience).await {
                Woken::ByOutcome(Outcome::Completion(token)) => return Ok(token),
                // S2: its waiters share the failure; but a token that is not over yet is used
                // (E4), also one that was set aside (R1).
                Woken::ByOutcome(Outcome::Failed(error)) => return self.at_hand().ok_or(error),
                // E4, S4, S5: ask again.
                Woken::Stirred | Woken::ByOutcome(Outcome::Gone) | Woken::Frozen => {}
                Woken::OutOfPatience => {
                    return self.last_resort().ok_or_else(|| self.gave_up(patience));
                }
            }
        }
    }

    /// Waits for a token in place of a rejected one (R1, R2).
    pub(crate) async fn renewed(self: &Arc<Self>, renewing: Renewing) -> Result<Token, TokenError> {
        let Renewing {
            mut step,
            rejected,
            origin,
        } = renewing;
        let mut patience = None;
        loop {
            let waiter = match step {
                Step::Use(token) => return Ok(token),
                Step::Refuse(error) => return Err(error),
                Step::Wait(waiter) => waiter,
            };
            let announcement = Arc::clone(&waiter.announcement);
            let patience = patience.get_or_insert_with(|| self.patience());
            step = match self.wait(waiter, patience).await {
                Woken::ByOutcome(Outcome::Completion(token)) => return Ok(token),
                // R5: also where others go on with the token that this caller saw rejected.
                Woken::ByOutcome(Outcome::Failed(error)) => return Err(error),
                // S4, S5: ask again.
                Woken::ByOutcome(Outcome::Gone) | Woken::Frozen => {
                    match self.reject(&rejected, origin.as_ref()) {
                        Verdict::Renew(renewing) => renewing.step,
                        // The 401 is discarded already: the replay shows what can be shown.
                        Verdict::HandBack => self.demand(),
                    }
                }
                // R1: a rejected token is not used while the acquisition runs.
                Woken::Stirred => Step::Wait(announcement.waiter()),
                Woken::OutOfPatience => return Err(self.gave_up(patience)),
            };
        }
    }

    async fn wait(&self, waiter: Waiter, patience: &Patience) -> Woken {
        let Waiter { announcement, news } = waiter;
        // What was announced before this place was taken makes no news.
        if let Some(outcome) = announcement.outcome() {
            return Woken::ByOutcome(outcome);
        }
        let frozen_from = announcement.deadline() + self.config.completion_time();
        let until = frozen_from.min(patience.ends_at);
        let timer = self.runtime.sleep(until.saturating_since(self.now()));
        let woken = before(news, timer).await;
        // Whatever it was that woke it, the outcome is the better news.
        if let Some(outcome) = announcement.outcome() {
            return Woken::ByOutcome(outcome);
        }
        match woken {
            Some(()) => Woken::Stirred,
            None if self.now() < patience.ends_at => Woken::Frozen,
            None => Woken::OutOfPatience,
        }
    }

    fn patience(&self) -> Patience {
        let asked_at = self.now();
        Patience {
            asked_at,
            ends_at: asked_at + self.config.acquire_timeout,
        }
    }

    /// A token that is not over, for a caller whose patience is (E4, S5).
    fn last_resort(&self) -> Option<Token> {
        let now = self.now();
        let state = self.lock();
        let token = state.token.clone();
        token.filter(|_| state.renewal.is_last_resort(now))
    }

    /// What a caller gets who waits no longer while the acquisition goes on (S5).
    fn gave_up(&self, patience: &Patience) -> TokenError {
        let kind = TokenErrorKind::Timeout(TimeoutPhase::Acquire);
        let waited = self.now().saturating_since(patience.asked_at);
        let trouble = self.server.trouble(patience.asked_at);
        let cause = Cause::new(kind, Failure::TRANSIENT).or_because(trouble.as_ref());
        TokenError::new(cause, self.shown_endpoint(), 0, waited, None)
    }
}
