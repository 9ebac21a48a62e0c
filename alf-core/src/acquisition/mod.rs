//! One acquisition of a token: attempts, until one succeeds or the deadline comes. It belongs to no caller (S3).

mod attempt;
mod certificate;
mod discovery;
mod exchange;
mod failure;
mod new_token;
mod revocation;
#[cfg(feature = "store")]
mod store_access;
#[cfg(feature = "store")]
mod with_store;

pub(crate) use failure::{AcquisitionFailure, details};
pub(crate) use new_token::{NewToken, TokenOrigin};
pub(crate) use revocation::Revocation;

#[cfg(feature = "store")]
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Activity, Cause, CurrentActivity, ErrorDetails};
use crate::machine::{AcquisitionId, Claim, Failure, Moment, Permit};
#[cfg(feature = "store")]
use crate::machine::{SharedToken, Urgency};
use crate::ports::Ports;
use crate::server::Admission;
#[cfg(feature = "store")]
use crate::store::{TargetRecord, VersionedRecord};
#[cfg(feature = "store")]
use crate::token::Grant;
use crate::{Event, TimeoutPhase, Token, TokenError, TokenErrorKind, TokenTarget};

use exchange::Credentials;
use failure::out_of_time;

pub(crate) struct Acquisition<'a> {
    ports: &'a Ports,
    target: &'a TokenTarget,
    admission: Admission<'a>,
    progress: &'a dyn Progress,
    activity: &'a CurrentActivity,
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
    /// What the latest attempt authenticated with, if it did.
    credentials: Option<Credentials>,
    /// B3: once, or two secrets that alternate would never end.
    has_read_credentials_again: bool,
    /// B3: the next attempt needs no permit.
    is_permitted: bool,
    /// The record of its target, if the client has a store.
    #[cfg(feature = "store")]
    record: Option<&'a TargetRecord>,
    /// From its first attempt without the store to its end: the store may have a lease of its own, whose write was not answered.
    #[cfg(feature = "store")]
    goes_without_store: bool,
    /// The lease of this instance, and the record as it is written when the lease ends.
    #[cfg(feature = "store")]
    lease: Option<VersionedRecord>,
    /// The token that was obtained, until it is saved.
    #[cfg(feature = "store")]
    unsaved: Option<SharedToken<Arc<Grant>>>,
}

/// Is notified while an acquisition goes on.
pub(crate) trait Progress: Send + Sync {
    /// An attempt failed, or the acquisition waits for a permit: nobody with an unexpired token waits for it (E4).
    fn delayed(&self, id: AcquisitionId);

    /// How much the acquisition matters now.
    #[cfg(feature = "store")]
    fn urgency(&self, id: AcquisitionId) -> Urgency;
}

impl<'a> Acquisition<'a> {
    pub(crate) fn new(
        ports: &'a Ports,
        target: &'a TokenTarget,
        claim: Claim,
        progress: &'a dyn Progress,
        activity: &'a CurrentActivity,
        held: Option<Token>,
        #[cfg(feature = "store")] record: Option<&'a TargetRecord>,
    ) -> Self {
        let Claim { id, deadline, .. } = claim;
        Self {
            ports,
            target,
            admission: ports.server.admit(claim),
            progress,
            activity,
            held,
            id,
            deadline,
            started_at: ports.now(),
            attempts: 0,
            latest_failure: None,
            unreported: None,
            credentials: None,
            has_read_credentials_again: false,
            is_permitted: false,
            #[cfg(feature = "store")]
            record,
            #[cfg(feature = "store")]
            goes_without_store: false,
            #[cfg(feature = "store")]
            lease: None,
            #[cfg(feature = "store")]
            unsaved: None,
        }
    }

    /// Obtains a token: makes attempts until one succeeds or no more is possible. The breaker is informed of each failed
    /// attempt; the caller informs it of the outcome, if it still counts (S5, F5).
    pub(crate) async fn run(&mut self) -> Result<NewToken, AcquisitionFailure> {
        #[cfg(feature = "store")]
        if let Some(record) = self.record {
            record.sharing().start();
        }
        loop {
            if let Some(token) = self.before_attempt().await? {
                return Ok(token);
            }
            match self.attempt().await {
                Ok(token) => {
                    #[cfg(feature = "store")]
                    let token = self.numbered(token);
                    return Ok(token);
                }
                Err(cause) => self.after_failure(cause).await?,
            }
        }
    }

    /// How long the attempt took that ended the acquisition.
    pub(crate) fn last_attempt(&self) -> Option<Duration> {
        self.unreported
    }

    /// Waits until an attempt may be made. Returns the token that another instance has obtained, if there is one.
    async fn before_attempt(&mut self) -> Result<Option<NewToken>, AcquisitionFailure> {
        #[cfg(feature = "store")]
        if let Some(record) = self.record.filter(|_| !self.goes_without_store) {
            // Boxed, so that an acquisition without a store is as small as without the feature.
            return Box::pin(self.share(record)).await;
        }
        self.permit(self.deadline).await?;
        Ok(None)
    }

    /// Waits until the breaker permits an attempt (B1, B2), or until `limit`: then it returns `false`. At the deadline it fails.
    async fn permit(&mut self, limit: Moment) -> Result<bool, AcquisitionFailure> {
        if std::mem::take(&mut self.is_permitted) {
            return Ok(true);
        }
        #[cfg(feature = "store")]
        if let Some(error) = self.refused() {
            return Err(self.failure(error));
        }
        let mut has_waited = false;
        loop {
            let changed = self.admission.changed();
            // It changes when another acquisition has read the metadata.
            let exclusivity = self.exclusivity();
            let now = self.ports.now();
            let until = match self.admission.request(now, exclusivity) {
                Permit::Granted => return Ok(true),
                Permit::Wait { .. } if limit <= now => return Ok(false),
                Permit::Wait { until } => until.min(self.deadline).min(limit),
                Permit::Refused(error) => return Err(AcquisitionFailure::NotPermitted(error)),
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

    /// An attempt failed: waits for the pause before the next one, unless the acquisition ends.
    async fn after_failure(&mut self, cause: Cause) -> Result<(), AcquisitionFailure> {
        self.attempts += 1;
        if cause.failure.is_transient() {
            return self.pause(cause).await;
        }
        let was_read_again = std::mem::replace(&mut self.has_read_credentials_again, true);
        if !was_read_again && self.have_changed().await {
            // A changed secret may be what ends a back-off.
            self.is_permitted = true;
            self.note_failed_attempt(&self.error(cause), Duration::ZERO);
            return Ok(());
        }
        #[cfg(feature = "store")]
        self.note_refusal(&cause).await;
        Err(self.failure(cause))
    }

    /// After a transient failure, until the next attempt, if that is in time (B1).
    async fn pause(&mut self, cause: Cause) -> Result<(), AcquisitionFailure> {
        let now = self.ports.now();
        let error = self.error(cause.clone());
        let retry_at = self.admission.change(|breaker, claim| {
            let retry_after = cause.failure.retry_after();
            breaker.attempt_failed(now, claim, retry_after, fastrand::f64(), error.clone())
        });
        #[cfg(feature = "store")]
        let retry_at = self.pause_for_all(now, retry_at, &cause);
        let pause = retry_at.map(|retry_at| retry_at.saturating_since(now));
        if let Some(pause) = pause {
            self.note_failed_attempt(&error, pause);
        }
        #[cfg(feature = "store")]
        self.end_lease().await;
        let Some(retry_at) = retry_at else {
            return Err(self.failure(cause));
        };
        // Its own pause, also if another target has success meanwhile. With a store, it may end a little after the deadline (D12).
        self.sleep_until(retry_at.min(self.deadline)).await;
        Ok(())
    }

    /// B3: whether the credentials, read again, differ from those that were refused.
    async fn have_changed(&self) -> bool {
        let refused = self.credentials.as_ref();
        let Some(refused) = refused.filter(|refused| refused.fingerprint.may_change()) else {
            return false;
        };
        // E4: nobody waits for the second read.
        self.progress.delayed(self.id);
        // Credentials that cannot be read have not changed.
        let latest = self.current_credentials(Some(&refused.endpoint)).await;
        latest.is_ok_and(|latest| latest.differs_from(&refused.fingerprint))
            && self.ports.now() < self.deadline
    }

    fn note_failed_attempt(&mut self, error: &TokenError, pause: Duration) {
        self.progress.delayed(self.id);
        let event = Event::AttemptFailed {
            acquisition: self.id.as_u64(),
            error,
            pause,
            duration: self.unreported.take().unwrap_or_default(),
        };
        self.observe(&event);
        // A refusal of credentials that have changed since (B3) does not.
        let cause = Some(error.cause().clone());
        self.latest_failure = cause.filter(|cause| cause.failure.is_transient());
    }

    fn observe(&self, event: &Event<'_>) {
        self.activity.set(Activity::Observer);
        self.ports.observe(self.target, event);
        self.activity.set(Activity::NextAttempt);
    }

    async fn sleep_until(&self, moment: Moment) {
        let left = moment.saturating_since(self.ports.now());
        self.ports.runtime.sleep(left).await;
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
            AcquisitionFailure::NotPermitted(self.error(cause))
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
