//! One acquisition of a token: attempts, until one succeeds or the deadline comes. It belongs to no caller (S3).

mod attempt;
mod authenticate;
mod certificate;
mod discovery;
mod failure;
mod innermost;
#[cfg(feature = "store")]
mod lease;
mod new_token;
mod revocation;
#[cfg(feature = "store")]
mod sharing;
#[cfg(feature = "store")]
mod store_access;
#[cfg(feature = "store")]
mod with_store;

pub(crate) use failure::{AcquisitionFailure, details};
pub(crate) use new_token::{NewToken, TokenOrigin};
pub(crate) use revocation::Revocation;
#[cfg(feature = "store")]
pub(crate) use sharing::Urgency;

use std::time::Duration;

use crate::error::{Awaited, Cause, CurrentlyAwaited, ErrorDetails};
use crate::machine::{AcquisitionId, Claim, Failure, Moment, Permit};
use crate::ports::Ports;
use crate::server::Admission;
use crate::{Event, TimeoutPhase, Token, TokenError, TokenErrorKind, TokenTarget};

use authenticate::{Credentials, authenticate};
use failure::out_of_time;

pub(crate) struct Acquisition<'a> {
    ports: &'a Ports,
    target: &'a TokenTarget,
    admission: Admission<'a>,
    progress: &'a dyn Progress,
    awaited: &'a CurrentlyAwaited,
    /// The token that this acquisition replaces. X1: it is masked in errors.
    held: Option<Token>,
    id: AcquisitionId,
    deadline: Moment,
    started_at: Moment,
    /// How many attempts have failed.
    attempts: u32,
    /// Why the latest of them failed, if that explains why the acquisition did not end earlier (S5).
    latest_failure: Option<Cause>,
    /// How long the latest attempt took, until an event has reported it.
    unreported: Option<Duration>,
    #[cfg(feature = "store")]
    shared: Option<sharing::Shared<'a>>,
    #[cfg(feature = "store")]
    outcome: sharing::Outcome,
}

/// Is notified while an acquisition goes on.
pub(crate) trait Progress: Send + Sync {
    /// An attempt failed, or the acquisition waits for a permit: nobody with an unexpired token waits for it (E4).
    fn delayed(&self, id: AcquisitionId);

    /// How much the acquisition matters now.
    #[cfg(feature = "store")]
    fn urgency(&self, id: AcquisitionId) -> Urgency;
}

/// Whether an attempt may be made now.
enum Permission {
    Granted,
    NotYet,
}

impl<'a> Acquisition<'a> {
    pub(crate) fn new(
        ports: &'a Ports,
        target: &'a TokenTarget,
        claim: Claim,
        progress: &'a dyn Progress,
        awaited: &'a CurrentlyAwaited,
        held: Option<Token>,
    ) -> Self {
        let Claim { id, deadline, .. } = claim;
        Self {
            ports,
            target,
            admission: ports.server.admit(claim),
            progress,
            awaited,
            held,
            id,
            deadline,
            started_at: ports.now(),
            attempts: 0,
            latest_failure: None,
            unreported: None,
            #[cfg(feature = "store")]
            shared: None,
            #[cfg(feature = "store")]
            outcome: sharing::Outcome::default(),
        }
    }

    /// Obtains a token.
    pub(crate) async fn run(&mut self) -> Result<NewToken, AcquisitionFailure> {
        #[cfg(feature = "store")]
        if let Some(shared) = self.shared {
            // Boxed, so that an acquisition without a store is as small as without the feature.
            return Box::pin(self.run_with_store(shared)).await;
        }
        self.run_alone().await
    }

    /// How long the attempt took that ended the acquisition.
    pub(crate) fn last_attempt(&self) -> Option<Duration> {
        self.unreported
    }

    /// Makes attempts until one succeeds or no more is possible. The breaker is informed of each failed attempt; the caller
    /// informs it of the outcome, if it still counts (S5, F5).
    async fn run_alone(&mut self) -> Result<NewToken, AcquisitionFailure> {
        let mut may_read_credentials_again = true;
        self.permit(self.deadline).await?;
        loop {
            let mut credentials = None;
            let cause = match self.attempt(&mut credentials).await {
                Ok(token) => return Ok(token),
                Err(cause) => cause,
            };
            self.attempts += 1;
            if cause.failure.is_transient() {
                let pause = self.pause_after(cause)?;
                // B1: its own pause, also if another target has success meanwhile.
                self.ports.runtime.sleep(pause).await;
                self.permit(self.deadline).await?;
            } else {
                // B3: once, or two secrets that alternate would never end.
                let may_read = std::mem::take(&mut may_read_credentials_again);
                if !may_read || !self.have_changed(credentials.as_ref()).await {
                    return Err(self.failure(cause));
                }
                // It needs no permit: a changed secret may be what ends a back-off.
                self.note_failed_attempt(&self.error(cause), Duration::ZERO);
            }
        }
    }

    /// Waits until the breaker permits an attempt (B1, B2), or until `limit`. At the deadline it fails.
    async fn permit(&self, limit: Moment) -> Result<Permission, AcquisitionFailure> {
        let mut has_waited = false;
        loop {
            let changed = self.admission.changed();
            // It changes when another acquisition has read the metadata.
            let exclusivity = self.exclusivity();
            let now = self.ports.now();
            let until = match self.admission.request(now, exclusivity) {
                Permit::Granted => return Ok(Permission::Granted),
                Permit::Wait { .. } if limit <= now => return Ok(Permission::NotYet),
                Permit::Wait { until } => until.min(self.deadline).min(limit),
                Permit::Refused(error) => return Err(AcquisitionFailure::Refused(error)),
                Permit::TooLate => return Err(self.too_late()),
            };
            if !has_waited {
                has_waited = true;
                self.progress.delayed(self.id);
            }
            self.ports
                .within(until.saturating_since(now), changed)
                .await;
        }
    }

    /// A transient failure: returns the pause before the next attempt, if that is in time (B1).
    fn pause_after(&mut self, cause: Cause) -> Result<Duration, AcquisitionFailure> {
        let (now, jitter) = (self.ports.now(), fastrand::f64());
        let retry_after = cause.failure.retry_after();
        let error = self.error(cause.clone());
        let retry_at = self.admission.change(|breaker, claim| {
            breaker.attempt_failed(now, claim, retry_after, jitter, error.clone())
        });
        let Some(retry_at) = retry_at else {
            return Err(self.failure(cause));
        };
        let pause = retry_at.saturating_since(now);
        self.note_failed_attempt(&error, pause);
        Ok(pause)
    }

    /// B3: whether the credentials, read again, differ from those that were refused.
    async fn have_changed(&self, refused: Option<&Credentials>) -> bool {
        let Some(refused) = refused.filter(|refused| refused.fingerprint.may_change()) else {
            return false;
        };
        // E4: nobody waits for the second read.
        self.progress.delayed(self.id);
        let left = self.deadline.saturating_since(self.ports.now());
        // Others may wait for the permit.
        let timeout = left.min(self.ports.config.attempt_timeout);
        let mut request = self.request();
        let number = self.attempts + 1;
        let again = authenticate(
            self.ports,
            &refused.endpoint,
            number,
            self.awaited,
            &mut request,
        );
        match self.ports.within(timeout, again).await {
            Some(Ok(latest)) => {
                latest.differs_from(&refused.fingerprint) && self.ports.now() < self.deadline
            }
            // Credentials that cannot be read have not changed.
            Some(Err(_)) | None => false,
        }
    }

    fn note_failed_attempt(&mut self, error: &TokenError, pause: Duration) {
        self.progress.delayed(self.id);
        let event = Event::AttemptFailed {
            acquisition: self.id.as_u64(),
            error,
            pause,
            duration: self.unreported.take().unwrap_or_default(),
        };
        self.awaited.set(Awaited::Observer);
        self.ports.observe(self.target, &event);
        self.awaited.set(Awaited::NextAttempt);
        // A refusal of credentials that have changed since (B3) does not.
        let cause = Some(error.cause().clone());
        self.latest_failure = cause.filter(|cause| cause.failure.is_transient());
    }

    fn failure(&self, cause: Cause) -> AcquisitionFailure {
        AcquisitionFailure::Attempts(Box::new(self.details(cause)))
    }

    /// No attempt is permitted before the deadline.
    fn too_late(&self) -> AcquisitionFailure {
        let latest = self.ports.server.latest_failure(Moment::START);
        let cause = latest.map_or_else(out_of_time, |error| error.cause().clone());
        if self.attempts > 0 {
            self.failure(cause)
        } else {
            // The server was not asked: that is no further failure of it.
            AcquisitionFailure::Refused(self.error(cause))
        }
    }

    fn error(&self, cause: Cause) -> TokenError {
        TokenError::new(self.details(cause))
    }

    fn details(&self, cause: Cause) -> ErrorDetails {
        let is_deadline = cause.kind == OUT_OF_TIME;
        let cause = match &self.latest_failure {
            // S5. Its `Retry-After` was waited for.
            Some(latest) if is_deadline => Cause {
                failure: Failure::TRANSIENT,
                ..latest.clone()
            },
            Some(_) | None => cause,
        };
        let elapsed = self.ports.now().saturating_since(self.started_at);
        details(self.ports, self.target, cause, self.attempts, elapsed)
    }
}

const OUT_OF_TIME: TokenErrorKind = TokenErrorKind::Timeout(TimeoutPhase::Acquire);
