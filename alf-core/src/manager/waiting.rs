//! The only place where callers wait (S2, S3, S5).

use std::sync::Arc;

use event_listener::EventListener;
use futures_util::future::{Either, select};

use crate::flight::{Announcement, Outcome};
use crate::machine::{Generation, Moment};
use crate::runtime::BoxFuture;
use crate::{Origin, Rejection, Token, TokenError};

use super::shared::Shared;

/// What a caller does next: the machine's decision, carried out.
pub(crate) enum Step {
    Use(Token),
    Wait(Waiter),
    Refuse(TokenError),
}

/// What follows on a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// The request is replayed, and what comes of it is told (R6).
    Replay,
    /// Nothing that is told.
    None,
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
    pub(crate) step: Step,
    pub(crate) generation: Generation,
    pub(crate) origin: Option<Origin>,
}

/// A place in the queue of one flight. It was taken under the lock: no news can be missed.
pub(crate) struct Waiter {
    pub(crate) announcement: Arc<Announcement>,
    pub(crate) news: EventListener,
}

/// How long one caller still waits, by a timer of its own: a flight may be frozen (S5).
struct Patience {
    asked_at: Moment,
    timer: BoxFuture,
}

enum Woken {
    ByFlight(Option<Outcome>),
    ByTimer,
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
                Woken::ByFlight(Some(Outcome::Landed(token))) => return Ok(token),
                // S2: its waiters share the failure; but a token that is not over yet is used
                // (E4), also one that was set aside (R1).
                Woken::ByFlight(Some(Outcome::Failed(error))) => {
                    return self.at_hand().ok_or(error);
                }
                // S4, S5: it is gone without a result. E4: an attempt has failed. Ask again.
                Woken::ByFlight(Some(Outcome::Gone) | None) => {}
                Woken::ByTimer => {
                    return self.last_resort().ok_or_else(|| self.gave_up(patience));
                }
            }
        }
    }

    /// Waits for a token in place of a rejected one (R1, R2).
    pub(crate) async fn renewed(self: &Arc<Self>, renewing: Renewing) -> Result<Token, TokenError> {
        let Renewing {
            mut step,
            generation,
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
                Woken::ByFlight(Some(Outcome::Landed(token))) => return Ok(token),
                // R5: also where others go on with the token that this caller saw rejected.
                Woken::ByFlight(Some(Outcome::Failed(error))) => return Err(error),
                Woken::ByFlight(Some(Outcome::Gone)) => {
                    match self.reject_generation(generation, origin.as_ref(), FollowUp::Replay) {
                        Verdict::Renew(renewing) => renewing.step,
                        // The 401 is discarded already: the replay shows what can be shown.
                        Verdict::HandBack => self.demand(),
                    }
                }
                // R1: a rejected token is not used while the flight runs.
                Woken::ByFlight(None) => Step::Wait(announcement.waiter()),
                Woken::ByTimer => return Err(self.gave_up(patience)),
            };
        }
    }

    /// Rejects a token and has it renewed (R1, R2, R6); the caller may wait for the outcome.
    pub(crate) fn reject(
        self: &Arc<Self>,
        rejection: Rejection<'_>,
        follow_up: FollowUp,
    ) -> Verdict {
        self.reject_generation(rejection.token.key(), rejection.origin, follow_up)
    }

    async fn wait(&self, waiter: Waiter, patience: &mut Patience) -> Woken {
        let Waiter { announcement, news } = waiter;
        // What was announced before this place was taken makes no news.
        if let Some(outcome) = announcement.outcome() {
            return Woken::ByFlight(Some(outcome));
        }
        match select(news, &mut patience.timer).await {
            Either::Left(((), _)) => Woken::ByFlight(announcement.outcome()),
            Either::Right(((), _)) => match announcement.outcome() {
                // Both at once: the flight's news is the better one.
                Some(outcome) => Woken::ByFlight(Some(outcome)),
                None => Woken::ByTimer,
            },
        }
    }

    fn patience(&self) -> Patience {
        Patience {
            asked_at: self.now(),
            timer: self.acquire_timer(),
        }
    }

    fn gave_up(&self, patience: &Patience) -> TokenError {
        self.gave_up_waiting_since(patience.asked_at)
    }
}
