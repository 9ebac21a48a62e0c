//! The only place where callers wait (S2, S3, S5).

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Awaited, Cause, ErrorDetails, RequestKind};
use crate::machine::{Moment, RejectionCount};
use crate::ports::Ports;
use crate::{Origin, TimeoutPhase, Token, TokenError};

use super::managed::ManagedToken;
#[cfg(feature = "store")]
use super::pending::Pending;
use super::pending::{Outcome, Waiter};
use super::state::Step;

/// A caller, and how long it waits, whatever becomes of acquisitions (S5).
struct Caller<'a> {
    ports: &'a Ports,
    /// Set when it waits for the first time.
    asked_at: Option<Moment>,
}

enum Woken {
    /// The acquisition is delayed.
    Delayed,
    Completed(Outcome),
    /// The acquisition is past its deadline and has no outcome: its runtime does not run.
    Frozen,
    /// While the acquisition awaited that.
    DeadlineReached(Awaited),
}

/// Waits for a token (E3, S).
pub(crate) async fn acquire(token: &Arc<ManagedToken>) -> Result<Token, TokenError> {
    let mut caller = Caller::new(&token.ports);
    loop {
        let waiter = match token.demand() {
            Step::Use(token) => return Ok(token),
            Step::Fail(error) => return Err(error),
            Step::Wait(waiter) => waiter,
        };
        match caller.wait(waiter).await {
            Woken::Completed(Outcome::Obtained(token)) => return Ok(token),
            // S2: the waiters share the failure; but an unexpired token is used (E4), also one whose rejection a transient
            // failure has revoked (R1).
            Woken::Completed(Outcome::Failed(error)) => return token.unexpired().ok_or(error),
            // E4, S4, S5
            Woken::Delayed | Woken::Completed(Outcome::AskAgain) | Woken::Frozen => {}
            Woken::DeadlineReached(awaited) => {
                return token.unexpired().ok_or_else(|| caller.timed_out(awaited));
            }
        }
    }
}

impl ManagedToken {
    /// Waits for the token in place of one that `origin` rejected; `renewal` is what [`reject`](Self::reject) returned.
    pub(crate) async fn renewed(
        self: &Arc<Self>,
        renewal: Step,
        rejected: &Token,
        sent: RejectionCount,
        origin: &Origin,
    ) -> Result<Token, TokenError> {
        // `reject` may decide now that the 401 is returned (R6). It is discarded already: the request is replayed with the
        // token there is.
        let again = || {
            let step = self.reject(rejected, sent, Some(origin));
            step.unwrap_or_else(|| self.demand())
        };
        wait_for_renewal(self, renewal, again).await
    }
}

/// Renews the token now, and waits for the outcome.
pub(super) async fn renew(token: &Arc<ManagedToken>) -> Result<Token, TokenError> {
    wait_for_renewal(token, token.renew(), || token.renew()).await
}

/// Waits until a renewal has an outcome, and not for less. `again` asks for it again if it ended without one (S4, S5).
async fn wait_for_renewal(
    token: &Arc<ManagedToken>,
    mut step: Step,
    again: impl Fn() -> Step,
) -> Result<Token, TokenError> {
    let mut caller = Caller::new(&token.ports);
    loop {
        let waiter = match step {
            Step::Use(token) => return Ok(token),
            Step::Fail(error) => return Err(error),
            Step::Wait(waiter) => waiter,
        };
        let pending = Arc::clone(&waiter.pending);
        step = match caller.wait(waiter).await {
            Woken::Completed(Outcome::Obtained(token)) => return Ok(token),
            // R5, E8: this caller needs the renewed token, even if others go on with the held one.
            Woken::Completed(Outcome::Failed(error)) => return Err(error),
            Woken::Completed(Outcome::AskAgain) | Woken::Frozen => again(),
            // R1, E8: for the same reason.
            Woken::Delayed => Step::Wait(pending.waiter()),
            Woken::DeadlineReached(awaited) => return Err(caller.timed_out(awaited)),
        };
    }
}

/// Waits until `retry_at` of the error, but at least `SHORTEST_PAUSE` and at most `LONGEST_PAUSE`.
pub(super) async fn back_off(ports: &Ports, error: &TokenError) {
    let wall = ports.clock.wall();
    let until = error.retry_at().unwrap_or(wall);
    let pause = until.duration_since(wall).unwrap_or_default();
    ports
        .runtime
        .sleep(pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
        .await;
}

impl<'a> Caller<'a> {
    fn new(ports: &'a Ports) -> Self {
        Self {
            ports,
            asked_at: None,
        }
    }

    async fn wait(&mut self, waiter: Waiter) -> Woken {
        let Waiter { pending, changed } = waiter;
        let config = &self.ports.config;
        let now = self.ports.now();
        let deadline = *self.asked_at.get_or_insert(now) + config.acquire_timeout;
        let frozen_from = pending.deadline() + config.completion_time();
        let until = frozen_from.min(deadline);
        // An outcome from before the waiter was made wakes nobody.
        let woken = match pending.outcome() {
            Some(_) => Some(()),
            None => {
                self.ports
                    .within(until.saturating_since(now), changed)
                    .await
            }
        };
        // An outcome is the better news, whatever woke the caller.
        if let Some(outcome) = pending.outcome() {
            #[cfg(feature = "store")]
            self.wait_for_save(&pending, deadline).await;
            return Woken::Completed(outcome);
        }
        match woken {
            Some(()) => Woken::Delayed,
            None if self.ports.now() < deadline => Woken::Frozen,
            None => Woken::DeadlineReached(pending.awaited.get()),
        }
    }

    /// D8: if the program ended before the save, the next one would wait for the lease.
    #[cfg(feature = "store")]
    async fn wait_for_save(&self, pending: &Pending, deadline: Moment) {
        let store = self.ports.config.store.as_ref();
        if let Some((store, saved)) = store.zip(pending.saved()) {
            let left = deadline.saturating_since(self.ports.now());
            let saved = self.ports.within(left.min(store.timeout), saved);
            Box::pin(saved).await;
        }
    }

    /// The error of a caller that waits no longer, while the acquisition goes on (S5).
    fn timed_out(&self, awaited: Awaited) -> TokenError {
        let now = self.ports.now();
        let asked_at = self.asked_at.unwrap_or(now);
        let latest = self.ports.server.latest_failure(asked_at);
        let elapsed = now.saturating_since(asked_at);
        let cause = latest.as_ref().map_or_else(
            || Cause::timed_out(TimeoutPhase::Acquire, awaited, elapsed),
            |latest| latest.cause().clone(),
        );
        TokenError::new(ErrorDetails {
            cause,
            request: RequestKind::Token,
            client_id: self.ports.config.client_id.clone(),
            endpoint: self.ports.shown_endpoint(),
            target: None,
            attempts: latest.map_or(0, |latest| latest.attempts()),
            elapsed,
            back_off: None,
        })
    }
}

/// The clocks that `retry_at` and a timer use may differ a little.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// E7: the wall clock, in which `retry_at` is, may be set back. To ask too early costs no token request.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
