//! Attempts of an instance that takes the lease of the shared record (D7, D8, D10, D11).

use std::time::Duration;

use crate::Event;
use crate::error::Cause;
use crate::machine::{AttemptBy, Breaker, Occupancy, Reads, read_after_pause};
use crate::store::{TokenRecord, VersionedRecord};

use super::authenticate::Credentials;
use super::new_token::NewToken;
use super::sharing::{LeaseOutcome, Outcome, Shared, StoreTrouble, Unsaved};
use super::{Acquisition, Permission};

impl Acquisition<'_> {
    /// Takes the lease and makes an attempt; another one, if the credentials have changed since they were refused (B3).
    pub(super) async fn attempt_with_lease(
        &mut self,
        shared: Shared<'_>,
        mut read: VersionedRecord,
        may_read_credentials_again: &mut bool,
    ) -> Result<LeaseOutcome, StoreTrouble> {
        let read_again_at = self.ports.now() + WITHOUT_PERMIT;
        match self.permit(read_again_at).await {
            Ok(Permission::Granted) => {}
            Ok(Permission::NotYet) => return Ok(LeaseOutcome::ReadAt(read_again_at)),
            Err(failure) => return Ok(LeaseOutcome::Failed(failure)),
        }
        // With the permit, since it may send a request for the metadata.
        match self.paused_for_credentials(shared, &read).await {
            Ok(None) => {}
            Ok(Some(error)) => return Ok(LeaseOutcome::Failed(self.failure(error))),
            Err(cause) => return Ok(self.attempt_not_made(shared, cause)),
        }
        loop {
            let Some(leased) = self.take_lease(shared, &read).await? else {
                let reads = shared.record.sharing().conflicted();
                if reads == Reads::Old {
                    return Err(self.reads_are_old(shared));
                }
                return Ok(LeaseOutcome::ReadAt(self.next_read(shared, None)));
            };
            let mut credentials = None;
            let cause = match self.attempt(&mut credentials).await {
                Ok(token) => {
                    self.note_success(shared, &token, leased);
                    return Ok(LeaseOutcome::Obtained(token));
                }
                Err(cause) => cause,
            };
            self.attempts += 1;
            if cause.failure.is_transient() {
                return Ok(self.pause_all(shared, &leased, cause).await);
            }
            // B3: once, or two secrets that alternate would never end.
            let may_read = std::mem::take(may_read_credentials_again);
            if may_read && self.have_changed(credentials.as_ref()).await {
                self.note_failed_attempt(&self.error(cause), Duration::ZERO);
                read = leased;
                continue;
            }
            self.note_refusal(shared, &cause);
            self.refuse(shared, &leased, credentials, &cause).await;
            return Ok(LeaseOutcome::Failed(self.failure(cause)));
        }
    }

    /// Something that each attempt needs cannot be obtained.
    fn attempt_not_made(&mut self, shared: Shared<'_>, cause: Cause) -> LeaseOutcome {
        self.attempts += 1;
        if cause.failure.is_transient() {
            let pause = self.pause_after(cause);
            let now = self.ports.now();
            return pause.map_or_else(LeaseOutcome::Failed, |pause| {
                LeaseOutcome::ReadAt(now + pause)
            });
        }
        self.note_refusal(shared, &cause);
        LeaseOutcome::Failed(self.failure(cause))
    }

    /// `None`: another instance was faster.
    async fn take_lease(
        &self,
        shared: Shared<'_>,
        read: &VersionedRecord,
    ) -> Result<Option<VersionedRecord>, StoreTrouble> {
        let attempt_timeout = self.attempt_timeout(self.ports.now());
        let record = shared
            .record
            .sharing()
            .take_lease(&read.record, attempt_timeout);
        let acquisition = self.id.as_u64();
        let number = record.number;
        let Some(version) = self.write(shared, read.version.as_ref(), &record).await? else {
            self.observe_store(&Event::LeaseConflict {
                acquisition,
                number,
            });
            return Ok(None);
        };
        self.observe_store(&Event::LeaseTaken {
            acquisition,
            number,
        });
        Ok(Some(VersionedRecord {
            version: Some(version),
            record,
        }))
    }

    fn note_success(&mut self, shared: Shared<'_>, token: &NewToken, leased: VersionedRecord) {
        shared.store.refusal().ended();
        let number = leased.record.number;
        self.outcome = Outcome {
            number,
            unsaved: Some(Unsaved {
                token: self.shared_token(token, number),
                leased: Some(leased),
            }),
        };
    }

    /// A transient failure (D10).
    async fn pause_all(
        &mut self,
        shared: Shared<'_>,
        leased: &VersionedRecord,
        cause: Cause,
    ) -> LeaseOutcome {
        let clocks = self.clocks();
        let retry_after = cause.failure.retry_after();
        let record = leased
            .record
            .failed(clocks.wall, retry_after, cause.clone());
        let error = self.error(cause.clone());
        let retry_at = self.admission.change(|breaker, claim| {
            let error = error.clone();
            breaker.attempt_failed(clocks.now, claim, retry_after, fastrand::f64(), error)
        });
        self.leave();
        let length = record.pause();
        let until = clocks.now + length;
        // B1
        let may_go_on = retry_at.is_some() && until < self.deadline;
        if may_go_on {
            self.note_failed_attempt(&error, length);
        }
        self.end_lease(shared, leased, &record).await;
        if !may_go_on {
            return LeaseOutcome::Failed(self.failure(cause));
        }
        let read_at = read_after_pause(until, AttemptBy::ThisInstance, fastrand::f64());
        LeaseOutcome::ReadAt(read_at)
    }

    /// A permanent failure (D11).
    async fn refuse(
        &self,
        shared: Shared<'_>,
        leased: &VersionedRecord,
        credentials: Option<Credentials>,
        cause: &Cause,
    ) {
        let Some(credentials) = credentials else {
            // D15: nothing was refused. Others may go on at once.
            let record = TokenRecord {
                occupancy: Occupancy::Free,
                ..leased.record.clone()
            };
            self.end_lease(shared, leased, &record).await;
            return;
        };
        let credential = shared.store.hash_of(&credentials.fingerprint);
        let wall = self.clocks().wall;
        let retry_after = cause.failure.retry_after();
        let record = leased
            .record
            .refused(wall, retry_after, credential, cause.clone());
        self.end_lease(shared, leased, &record).await;
    }

    /// On a conflict or an error of the store, nothing more is done (D10).
    async fn end_lease(&self, shared: Shared<'_>, leased: &VersionedRecord, record: &TokenRecord) {
        // The error has been reported.
        let _ = self.write(shared, leased.version.as_ref(), record).await;
    }

    /// The other targets go on while this one waits for another instance, or saves its token.
    pub(super) fn leave(&self) {
        self.admission.change(Breaker::leave);
    }
}

/// D12
const WITHOUT_PERMIT: Duration = Duration::from_secs(4);
