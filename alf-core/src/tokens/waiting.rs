//! The only place where callers wait for an acquisition (S2, S3, S5).

use std::sync::Arc;
use std::time::Duration;

use event_listener::EventListener;

use crate::acquisition::details;
use crate::error::{Awaited, Cause};
use crate::machine::Moment;
use crate::ports::Ports;
use crate::{Origin, TimeoutPhase, Token, TokenError};

use super::managed::ManagedToken;
use super::pending::{Outcome, Pending, Step};

impl ManagedToken {
    /// Waits for a token (E3, S).
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Token, TokenError> {
        // An unexpired token is used (E4), also one whose rejection a transient failure has revoked (R1).
        let unexpired = || self.unexpired();
        self.wait(self.demand(), || self.demand(), unexpired).await
    }

    /// Renews the token now, and waits for the outcome.
    pub(super) async fn renew(self: &Arc<Self>) -> Result<Token, TokenError> {
        let again = || self.demand_renewal();
        self.wait(self.demand_renewal(), again, || None).await
    }

    /// Waits for the token in place of one that `origin` rejected; `renewal` is what [`reject`](Self::reject) returned.
    pub(crate) async fn renewed(
        self: &Arc<Self>,
        renewal: Step,
        rejected: &Token,
        origin: &Origin,
    ) -> Result<Token, TokenError> {
        // `reject` may decide now that the 401 is returned (R6). It is discarded already: the request is replayed with the
        // token there is.
        let again = || {
            let step = self.reject(rejected, 0, Some(origin));
            step.unwrap_or_else(|| self.demand())
        };
        self.wait(renewal, again, || None).await
    }

    /// Waits until there is a token. `again` asks again if an acquisition ended without an outcome (S4, S5). `unexpired` returns
    /// the token of a caller that may use an old one, once the acquisition is delayed or has failed (E4). Callers of `renew` and
    /// `renewed` may not (E8, R5).
    /// A caller waits no longer than `acquire_timeout`, whatever becomes of acquisitions.
    async fn wait(
        &self,
        mut step: Step,
        again: impl Fn() -> Step,
        unexpired: impl Fn() -> Option<Token>,
    ) -> Result<Token, TokenError> {
        let asked_at = self.ports.now();
        loop {
            let (pending, changed) = match step {
                Step::Use(token) => return Ok(token),
                Step::Fail(error) => return Err(error),
                Step::Wait(pending, changed) => (pending, changed),
            };
            step = match self.outcome(asked_at, &pending, changed).await {
                Some(Outcome::Obtained(token)) => return Ok(token),
                // S2: the waiters share the failure.
                Some(Outcome::Failed(error)) => return unexpired().ok_or(error),
                Some(Outcome::AskAgain) => again(),
                None => unexpired().map_or_else(|| pending.wait(), Step::Use),
            };
        }
    }

    /// The outcome of the acquisition for this caller. `None`: it is delayed (E4).
    async fn outcome(
        &self,
        asked_at: Moment,
        pending: &Pending,
        changed: EventListener,
    ) -> Option<Outcome> {
        let ports = &self.ports;
        let deadline = asked_at + ports.config.acquire_timeout;
        // From then on its runtime counts as frozen (S5).
        let frozen_from = pending.claim.deadline + ports.config.completion_time();
        // An outcome from before `changed` was made wakes nobody.
        let woken = if pending.outcome().is_some() {
            Some(())
        } else {
            let left = frozen_from.min(deadline).saturating_since(ports.now());
            ports.within(left, changed).await
        };
        // An outcome is the better news, whatever woke the caller.
        if let Some(outcome) = pending.outcome() {
            #[cfg(feature = "store")]
            self.wait_for_save(pending, deadline).await;
            return Some(outcome);
        }
        if woken.is_some() {
            return None;
        }
        Some(if ports.now() < deadline {
            // It is past its deadline and has no outcome: its runtime does not run (S5).
            Outcome::AskAgain
        } else {
            Outcome::Failed(self.timed_out(asked_at, pending.awaited.get()))
        })
    }

    /// D8: if the program ended before the save, the next one would wait for the lease.
    #[cfg(feature = "store")]
    async fn wait_for_save(&self, pending: &Pending, deadline: Moment) {
        let ports = &self.ports;
        if let Some((store, saved)) = ports.config.store.as_ref().zip(pending.saved()) {
            let left = deadline.saturating_since(ports.now());
            let saved = ports.within(left.min(store.timeout), saved);
            Box::pin(saved).await;
        }
    }

    /// The error of a caller that waits no longer, while the acquisition goes on (S5).
    fn timed_out(&self, asked_at: Moment, awaited: Awaited) -> TokenError {
        let Self { ports, target, .. } = self;
        let elapsed = ports.now().saturating_since(asked_at);
        let latest = ports.server.latest_failure(asked_at);
        let attempts = latest.as_ref().map_or(0, TokenError::attempts);
        let cause = latest.map_or_else(
            || Cause::timed_out(TimeoutPhase::Acquire, awaited, elapsed),
            |latest| latest.cause().clone(),
        );
        TokenError::new(details(ports, target, cause, attempts, elapsed))
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

/// The clocks that `retry_at` and a timer use may differ a little.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// E7: the wall clock, in which `retry_at` is, may be set back. To ask too early costs no token request.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
