//! Reads and writes the shared record within the limits of an operation, and reports trouble once (D9, D13).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Awaited;
use crate::machine::{Occupancy, Operation, SharedToken};
use crate::store::{TokenRecord, Version, VersionedRecord};
use crate::token::Grant;
use crate::{Event, StoreError, StoreErrorKind};

use super::Acquisition;
use super::sharing::{Shared, StoreTrouble, Unsaved};

impl Acquisition<'_> {
    pub(super) async fn read(&self, shared: Shared<'_>) -> Result<VersionedRecord, StoreTrouble> {
        let left = self.deadline.saturating_since(self.ports.now());
        self.read_within(shared, left).await
    }

    /// Replaces the record if it has not changed. `None`: it has.
    pub(super) async fn write(
        &self,
        shared: Shared<'_>,
        expected: Option<&Version>,
        record: &TokenRecord,
    ) -> Result<Option<Version>, StoreTrouble> {
        let left = self.deadline.saturating_since(self.ports.now());
        self.write_within(shared, left, expected, record).await
    }

    /// Whether the waiters wait until the token is saved, because its lease is in the store until then (D8).
    pub(crate) fn is_save_awaited(&self) -> bool {
        let unsaved = self.outcome.unsaved.as_ref();
        let has_lease = unsaved.is_some_and(|unsaved| unsaved.leased.is_some());
        has_lease && self.shared.is_some_and(|shared| shared.store.awaits_saves)
    }

    /// Saves the token that was obtained, after its waiters have it (D8, D9).
    pub(crate) async fn save_shared(&mut self) {
        let unsaved = self.outcome.unsaved.take();
        let Some((shared, Unsaved { token, mut leased })) = self.shared.zip(unsaved) else {
            return;
        };
        self.leave();
        let mut may_fail = !shared.store.health().is_in_trouble();
        for _ in 0..MOST_WRITES {
            let has_ended = match self.save_once(shared, &token, leased.take()).await {
                Ok(has_ended) => has_ended,
                Err(StoreTrouble) => !std::mem::take(&mut may_fail),
            };
            if has_ended {
                return;
            }
        }
    }

    /// The token that was obtained is not used: it was revoked meanwhile, or another acquisition has replaced this one. It is
    /// not saved, and its lease ends (D9).
    pub(crate) async fn discard_shared(&mut self) {
        let unsaved = self.outcome.unsaved.take();
        let leased = unsaved.and_then(|unsaved| unsaved.leased);
        let Some((shared, leased)) = self.shared.zip(leased) else {
            return;
        };
        self.leave();
        let record = TokenRecord {
            attempts: 0,
            occupancy: Occupancy::Free,
            ..leased.record
        };
        let version = leased.version.as_ref();
        // On a conflict or an error, nothing more is done: the lease ends by itself.
        let _ = self
            .write_within(shared, NO_DEADLINE, version, &record)
            .await;
    }

    pub(super) fn observe_store(&self, event: &Event<'_>) {
        self.awaited.set(Awaited::Observer);
        self.ports.observe(self.target, event);
        self.awaited.set(Awaited::NextAttempt);
    }

    /// Returns whether the store has the token, or a later one. If not, another instance has written the record.
    async fn save_once(
        &self,
        shared: Shared<'_>,
        token: &SharedToken<Arc<Grant>>,
        leased: Option<VersionedRecord>,
    ) -> Result<bool, StoreTrouble> {
        let read = if let Some(leased) = leased {
            leased
        } else {
            self.read_within(shared, NO_DEADLINE).await?
        };
        let Some(record) = read.record.saved(token.clone()) else {
            return Ok(true);
        };
        let version = read.version.as_ref();
        let written = self.write_within(shared, NO_DEADLINE, version, &record);
        Ok(written.await?.is_some())
    }

    async fn read_within(
        &self,
        shared: Shared<'_>,
        limit: Duration,
    ) -> Result<VersionedRecord, StoreTrouble> {
        let read = shared.store.read(shared.record);
        let read = self.operate(shared, limit, Operation::Read, read).await?;
        self.note_success_of(shared, Operation::Read);
        if shared.record.sharing().is_new(read.version.as_ref()) {
            self.note_success_of(shared, Operation::Write);
        }
        Ok(read)
    }

    async fn write_within(
        &self,
        shared: Shared<'_>,
        limit: Duration,
        expected: Option<&Version>,
        record: &TokenRecord,
    ) -> Result<Option<Version>, StoreTrouble> {
        let wall = self.ports.clock.wall().into();
        let write = shared.store.write(shared.record, expected, record, wall);
        let written = self.operate(shared, limit, Operation::Write, write).await?;
        if let Some(version) = &written {
            let now = self.ports.now();
            shared.record.sharing().written(now, version.clone());
            self.note_success_of(shared, Operation::Write);
        }
        Ok(written)
    }

    /// One operation. It has `store_timeout`, and in an acquisition what is left until the deadline.
    async fn operate<T>(
        &self,
        shared: Shared<'_>,
        limit: Duration,
        operation: Operation,
        carried_out: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreTrouble> {
        let store = shared.store;
        self.awaited.set(Awaited::Store);
        let limited = self.ports.within(limit.min(store.timeout), carried_out);
        let result = limited.await;
        self.awaited.set(Awaited::NextAttempt);
        let error = match result {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => error,
            // That is the fault of the deadline, not of the store.
            None if limit < store.timeout => return Err(StoreTrouble),
            None => StoreError::new(StoreErrorKind::TimedOut),
        };
        Err(self.note_failure_of(shared, operation, &error))
    }

    /// No write would be done before the reads are current again, so that is a failure of writes (D13).
    pub(super) fn reads_are_old(&self, shared: Shared<'_>) -> StoreTrouble {
        self.note_failure_of(
            shared,
            Operation::Write,
            &StoreError::unavailable(OLD_READS),
        )
    }

    fn note_failure_of(
        &self,
        shared: Shared<'_>,
        operation: Operation,
        error: &StoreError,
    ) -> StoreTrouble {
        let now = self.ports.now();
        let is_first = shared.store.health().failed(now, operation);
        if is_first {
            self.observe_store(&Event::StoreFailed { error });
        }
        StoreTrouble
    }

    fn note_success_of(&self, shared: Shared<'_>, operation: Operation) {
        let is_end_of_trouble = shared.store.health().succeeded(operation);
        if is_end_of_trouble {
            self.observe_store(&Event::StoreRecovered {});
        }
    }
}

/// D9
const MOST_WRITES: usize = 3;
const NO_DEADLINE: Duration = Duration::MAX;
const OLD_READS: &str =
    "its reads return an old value, such as that of a replica that is not up to date";
