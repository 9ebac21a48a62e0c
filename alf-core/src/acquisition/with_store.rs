//! An acquisition of a client with a store: it reads the record, and uses its token, waits, or takes the lease (D1 to D16).

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Activity, Cause};
use crate::machine::{
    AFTER_PAUSE, Breaker, Clocks, CredentialHash, Moment, Obtained, Occupancy, ReadDecision,
    SharedToken, Urgency, read_after_pause,
};
use crate::store::{SharedError, TargetRecord, TokenRecord, VersionedRecord};
use crate::{Event, TimeoutPhase};

use super::Acquisition;
use super::failure::AcquisitionFailure;
use super::new_token::{NewToken, TokenOrigin};
use super::store_access::StoreTrouble;

impl Acquisition<'_> {
    /// Reads the record until its token can be used. `None`: this instance may make an attempt, with the lease or without the
    /// store.
    pub(super) async fn share(
        &mut self,
        record: &TargetRecord,
    ) -> Result<Option<NewToken>, AcquisitionFailure> {
        loop {
            let now = self.ports.now();
            if self.deadline <= now {
                return Err(self.failure(self.nobody_obtained_it(now)));
            }
            let left_alone = record.store.health().left_alone_until(now);
            if let Some(until) = left_alone {
                if self.progress.urgency(self.id) == Urgency::Postponable {
                    return Err(AcquisitionFailure::Postponed { until });
                }
                self.goes_without_store = true;
                self.permit(self.deadline).await?;
                return Ok(None);
            }
            let Ok(read) = self.latest(record).await else {
                continue;
            };
            let (version, leeway) = (read.version.clone(), self.ports.config.policy.leeway);
            let clocks = self.clocks();
            let decision = record
                .sharing()
                .decide(clocks, version, &read.record, leeway);
            let read_at = match decision {
                ReadDecision::UseToken => {
                    let token = self.use_token(&read.record);
                    if token.is_none() {
                        // This instance cannot present it: it makes its attempts without the lease.
                        self.goes_without_store = true;
                        self.permit(self.deadline).await?;
                    }
                    return Ok(token);
                }
                ReadDecision::AwaitLease { until } => {
                    if read.record.attempts > 1 {
                        // D15
                        self.progress.delayed(self.id);
                    }
                    self.next_read(record, Some(until))
                }
                // B1: nobody makes an attempt before the deadline.
                ReadDecision::AwaitPause { until, error } if self.deadline <= until => {
                    return Err(self.failure(error.into()));
                }
                ReadDecision::AwaitPause { until, error } => {
                    // E4, S5: as if it were a failed attempt of its own.
                    self.progress.delayed(self.id);
                    self.latest_failure = Some(error.into());
                    read_after_pause(until, fastrand::f64())
                }
                ReadDecision::TakeLease { refused } => {
                    match self.try_lease(record, read, refused).await? {
                        None => return Ok(None),
                        Some(read_at) => read_at,
                    }
                }
            };
            self.leave();
            self.activity.set(Activity::OtherInstance);
            self.sleep_until(read_at.min(self.deadline)).await;
        }
    }

    /// Behind a lease, or after a conflict (D12).
    fn next_read(&self, record: &TargetRecord, until: Option<Moment>) -> Moment {
        let urgency = self.progress.urgency(self.id);
        let (now, random) = (self.ports.now(), [fastrand::f64(), fastrand::f64()]);
        let mut sharing = record.sharing();
        sharing.next_read(now, until, urgency, random)
    }

    fn clocks(&self) -> Clocks {
        Clocks {
            now: self.ports.now(),
            wall: self.ports.clock.wall().into(),
        }
    }

    /// Uses the token of the record. `None`: this instance cannot present it.
    fn use_token(&self, record: &TokenRecord) -> Option<NewToken> {
        let shared = record.token.as_ref()?;
        let grant = &shared.token;
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(&grant.token_type, &grant.access_token)?;
        let clocks = self.clocks();
        let (number, age) = (shared.number, shared.age(clocks.wall));
        self.observe(&Event::TokenTaken {
            acquisition: self.id.as_u64(),
            number,
            age,
        });
        Some(NewToken {
            obtained: Obtained {
                token: Arc::clone(grant),
                lifetime: grant.expires_in,
                requested_at: clocks.now.saturating_sub(age),
                age,
            },
            header,
            jumped: self.ports.clock.jumped(),
            origin: TokenOrigin::Store,
            number,
        })
    }

    /// Takes the lease, once the breaker permits an attempt (D7). If this instance does not get it, returns when the record is
    /// read again.
    async fn try_lease(
        &mut self,
        record: &TargetRecord,
        read: VersionedRecord,
        refused: Option<(CredentialHash, SharedError)>,
    ) -> Result<Option<Moment>, AcquisitionFailure> {
        let read_again_at = self.ports.now() + WITHOUT_PERMIT;
        if !self.permit(read_again_at).await? {
            return Ok(Some(read_again_at));
        }
        if let Some((credentials, error)) = refused {
            // With the permit, since it may send a request for the metadata.
            match self.current_credentials(None).await {
                Ok(own) if record.store.hash_of(&own) == credentials => {
                    return Err(self.failure(error.into()));
                }
                Ok(_) => {}
                Err(cause) => {
                    self.after_failure(cause).await?;
                    return Ok(Some(self.ports.now()));
                }
            }
        }
        let attempt_timeout = self.attempt_timeout(self.ports.now());
        let leased = record.sharing().take_lease(&read.record, attempt_timeout);
        let (acquisition, number) = (self.id.as_u64(), leased.number);
        match self.write(record, read.version.as_ref(), &leased).await {
            Ok(Some(version)) => {
                record.sharing().leased(version.clone());
                self.observe(&Event::LeaseTaken {
                    acquisition,
                    number,
                });
                self.lease = Some(VersionedRecord {
                    version: Some(version),
                    record: leased,
                });
                Ok(None)
            }
            Ok(None) => {
                self.observe(&Event::LeaseConflict {
                    acquisition,
                    number,
                });
                let are_reads_old = record.sharing().conflicted();
                if are_reads_old {
                    self.note_old_reads(record);
                    return Ok(Some(self.ports.now()));
                }
                Ok(Some(self.next_read(record, None)))
            }
            Err(StoreTrouble) => Ok(Some(self.ports.now())),
        }
    }

    /// An attempt has succeeded: numbers the token, and keeps it until it is saved.
    pub(super) fn numbered(&mut self, mut token: NewToken) -> NewToken {
        let Some(record) = self.record else {
            return token;
        };
        record.store.refusal().ended();
        token.number = match &self.lease {
            Some(lease) => lease.record.number,
            None => record.sharing().next_number(),
        };
        let clocks = self.clocks();
        // T9, E7: from before its request was sent.
        let suspended = self.ports.clock.jumped().saturating_sub(token.jumped);
        let age = clocks.now.saturating_since(token.obtained.requested_at) + suspended;
        let default_lifetime = self.ports.config.policy.default_lifetime;
        self.unsaved = Some(SharedToken {
            token: Arc::clone(&token.obtained.token),
            number: token.number,
            obtained_at: clocks.wall.saturating_sub(age),
            lifetime: token.obtained.lifetime.or(default_lifetime),
        });
        token
    }

    /// The error of a permanent failure of this client, while the next attempt must wait (D11).
    pub(super) fn refused(&self) -> Option<Cause> {
        let now = self.ports.now();
        self.record?.store.refusal().error_at(now).cloned()
    }

    /// A transient failure: the lease ends with a pause for all instances (D10). Returns when this one may make its next attempt,
    /// if that is in time. `retry_at` is that without a store.
    pub(super) fn pause_for_all(
        &mut self,
        now: Moment,
        retry_at: Option<Moment>,
        cause: &Cause,
    ) -> Option<Moment> {
        let wall = self.clocks().wall;
        let Some(lease) = &mut self.lease else {
            return retry_at;
        };
        let pause = lease
            .record
            .fail(wall, cause.failure.retry_after(), cause.into());
        let until = now + pause;
        // B1
        let is_in_time = retry_at.is_some() && until < self.deadline;
        is_in_time.then(|| read_after_pause(until + AFTER_PAUSE, fastrand::f64()))
    }

    /// A permanent failure (D11).
    pub(super) async fn note_refusal(&mut self, cause: &Cause) {
        let Some(record) = self.record else {
            return;
        };
        let Clocks { now, wall } = self.clocks();
        if cause.concerns_all_targets() {
            let mut refusal = record.store.refusal();
            refusal.refused(now, &cause.failure, cause.clone());
        }
        if let Some(lease) = &mut self.lease {
            if let Some(credentials) = &self.credentials {
                let credentials = record.store.hash_of(&credentials.fingerprint);
                let retry_after = cause.failure.retry_after();
                lease
                    .record
                    .refuse(wall, retry_after, credentials, cause.into());
            } else {
                // D15: nothing was refused. Others may go on at once.
                lease.record.occupancy = Occupancy::Free;
            }
        }
        self.end_lease().await;
    }

    /// S5: the deadline has come while this instance waited for another one.
    fn nobody_obtained_it(&self, now: Moment) -> Cause {
        let elapsed = now.saturating_since(self.started_at);
        Cause::timed_out(TimeoutPhase::Acquire, Activity::OtherInstance, elapsed)
    }

    /// The other targets go on while this one waits for another instance, or writes to the store.
    pub(super) fn leave(&self) {
        self.admission.change(Breaker::leave);
    }
}

/// D4
const WITHOUT_PERMIT: Duration = Duration::from_secs(4);
