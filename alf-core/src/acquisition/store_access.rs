//! Reads and writes the shared record within the limits of an operation, and reports trouble once (D9, D13).

use std::future::Future;
use std::sync::Arc;

use crate::error::Activity;
use crate::machine::{Moment, Occupancy, Operation, SharedToken};
use crate::store::{TargetRecord, TokenRecord, Version, VersionedRecord};
use crate::token::Grant;
use crate::{Event, StoreError, StoreErrorKind};

use super::Acquisition;

/// An operation of the store failed, and that was reported.
pub(super) struct StoreTrouble;

impl Acquisition<'_> {
    /// The record: with the lease of this instance, if it has one; otherwise as the store has it.
    pub(super) async fn latest(
        &mut self,
        record: &TargetRecord,
    ) -> Result<VersionedRecord, StoreTrouble> {
        match self.lease.take() {
            Some(lease) => Ok(lease),
            None => self.read(record).await,
        }
    }

    async fn read(&self, record: &TargetRecord) -> Result<VersionedRecord, StoreTrouble> {
        let read = record.read(self.ports.config.policy.default_lifetime);
        let read = self.operate(record, Operation::Read, read).await?;
        let shows = if record.sharing().is_new(read.version.as_ref()) {
            Operation::Write
        } else {
            Operation::Read
        };
        self.note_success(record, shows);
        Ok(read)
    }

    /// Replaces the record if it has not changed. `None`: it has.
    pub(super) async fn write(
        &self,
        record: &TargetRecord,
        expected: Option<&Version>,
        new: &TokenRecord,
    ) -> Result<Option<Version>, StoreTrouble> {
        let write = record.write(expected, new, self.ports.clock.wall().into());
        let written = self.operate(record, Operation::Write, write).await?;
        if let Some(version) = &written {
            let now = self.ports.now();
            record.sharing().written(now, version.clone());
            self.note_success(record, Operation::Write);
        }
        Ok(written)
    }

    /// Writes the record as it is after the lease. On a conflict or an error of the store, nothing more is done (D10).
    pub(super) async fn end_lease(&mut self) {
        if let Some((record, lease)) = self.record.zip(self.lease.take()) {
            self.leave();
            // The error has been reported.
            let _ = self
                .write(record, lease.version.as_ref(), &lease.record)
                .await;
        }
    }

    /// Whether the waiters wait until the token is saved, because its lease is in the store until then (D8).
    pub(crate) fn is_save_awaited(&self) -> bool {
        let awaits_saves = self.record.is_some_and(|record| record.store.awaits_saves);
        awaits_saves && self.unsaved.is_some() && self.lease.is_some()
    }

    /// Saves the token that was obtained, after its waiters have it (D8). If it is not used, because it was revoked meanwhile or
    /// another acquisition has replaced this one, its lease ends (D9).
    pub(crate) async fn save(&mut self) {
        let Some((record, token)) = self.record.zip(self.unsaved.take()) else {
            return;
        };
        self.leave();
        self.deadline = Moment::NEVER;
        let is_used = record.sharing().held() == token.number;
        if !is_used {
            if let Some(lease) = &mut self.lease {
                // Nothing has failed.
                lease.record.attempts = 0;
                lease.record.occupancy = Occupancy::Free;
            }
            return self.end_lease().await;
        }
        let mut may_fail = !record.store.health().is_in_trouble();
        for _ in 0..MOST_WRITES {
            let has_ended = match self.save_once(record, &token).await {
                Ok(has_ended) => has_ended,
                Err(StoreTrouble) => !std::mem::take(&mut may_fail),
            };
            if has_ended {
                return;
            }
        }
    }

    /// Returns whether the store has the token, or a later one. If not, another instance has written the record.
    async fn save_once(
        &mut self,
        record: &TargetRecord,
        token: &SharedToken<Arc<Grant>>,
    ) -> Result<bool, StoreTrouble> {
        let read = self.latest(record).await?;
        let Some(saved) = read.record.saved(token.clone()) else {
            return Ok(true);
        };
        let written = self.write(record, read.version.as_ref(), &saved).await?;
        Ok(written.is_some())
    }

    /// One operation. It has `store_timeout`, and in an acquisition what is left until the deadline.
    async fn operate<T>(
        &self,
        record: &TargetRecord,
        operation: Operation,
        carried_out: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreTrouble> {
        let timeout = record.store.timeout;
        let left = self.deadline.saturating_since(self.ports.now());
        self.activity.set(Activity::Store);
        let result = self.ports.within(left.min(timeout), carried_out).await;
        self.activity.set(Activity::NextAttempt);
        let error = match result {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => error,
            // That is the fault of the deadline, not of the store.
            None if left < timeout => return Err(StoreTrouble),
            None => StoreError::new(StoreErrorKind::TimedOut),
        };
        self.note_failure(record, operation, &error);
        Err(StoreTrouble)
    }

    /// No write would be done before the reads are current again, so that is a failure of writes (D13).
    pub(super) fn note_old_reads(&self, record: &TargetRecord) {
        let error = StoreError::unavailable(OLD_READS);
        self.note_failure(record, Operation::Write, &error);
    }

    fn note_failure(&self, record: &TargetRecord, operation: Operation, error: &StoreError) {
        let now = self.ports.now();
        let is_first = record.store.health().failed(now, operation);
        if is_first {
            self.observe(&Event::StoreFailed { error });
        }
    }

    fn note_success(&self, record: &TargetRecord, operation: Operation) {
        let is_end_of_trouble = record.store.health().succeeded(operation);
        if is_end_of_trouble {
            self.observe(&Event::StoreRecovered {});
        }
    }
}

/// D9
const MOST_WRITES: usize = 3;
const OLD_READS: &str =
    "its reads return an old value, such as that of a replica that is not up to date";
