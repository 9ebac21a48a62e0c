//! The store of a client: it seals and opens records, and keeps what the client knows of the store (D11, D13).

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::CredentialsFingerprint;
use crate::error::Cause;
use crate::machine::{CredentialHash, Occupancy, Refusal, Sharing, StoreHealth, WallTime};

use super::key::RecordName;
use super::record::{TokenRecord, decode, encode};
use super::seal::Sealer;
use super::sealing_key::KeyBytes;
use super::{StoreError, StoreKey, TokenStore, Version, Written};

/// One for each client. All its token targets share it.
pub(crate) struct SharedStore {
    store: Arc<dyn TokenStore>,
    sealer: Sealer,
    /// Of the previous sealing key, during a rotation.
    previous: Option<Sealer>,
    prefix: String,
    /// How long one operation may take.
    pub(crate) timeout: Duration,
    /// D8
    pub(crate) awaits_saves: bool,
    default_lifetime: Option<Duration>,
    acquire_timeout: Duration,
    health: Mutex<StoreHealth>,
    refusal: Mutex<Refusal<Cause>>,
}

/// The settings of a store, checked.
pub(crate) struct StoreConfig {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) key: KeyBytes,
    pub(crate) previous_key: Option<KeyBytes>,
    pub(crate) prefix: String,
    pub(crate) timeout: Duration,
    pub(crate) awaits_saves: bool,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) acquire_timeout: Duration,
}

/// The record of one token target, as this instance knows it.
pub(crate) struct TargetRecord {
    key: StoreKey,
    previous: Option<StoreKey>,
    sharing: Mutex<Sharing<Version>>,
}

/// A record as it was read or written.
pub(crate) struct VersionedRecord {
    pub(crate) version: Option<Version>,
    pub(crate) record: TokenRecord,
}

impl SharedStore {
    pub(crate) fn new(config: StoreConfig) -> Self {
        Self {
            store: config.store,
            sealer: Sealer::new(&config.key),
            previous: config.previous_key.as_ref().map(Sealer::new),
            prefix: config.prefix,
            timeout: config.timeout,
            awaits_saves: config.awaits_saves,
            default_lifetime: config.default_lifetime,
            acquire_timeout: config.acquire_timeout,
            health: Mutex::new(StoreHealth::new()),
            refusal: Mutex::new(Refusal::none()),
        }
    }

    pub(crate) fn record(&self, name: &RecordName<'_>) -> TargetRecord {
        let key = |sealer| name.store_key(&self.prefix, sealer);
        TargetRecord {
            key: key(&self.sealer),
            previous: self.previous.as_ref().map(key),
            sharing: Mutex::new(Sharing::new(self.acquire_timeout)),
        }
    }

    /// A hash of credentials, the same in all instances. Without the sealing key, nobody can compare credentials with it.
    pub(crate) fn hash_of(&self, credentials: &CredentialsFingerprint) -> CredentialHash {
        let mut hasher = self.sealer.hasher("credential");
        hasher.part(&credentials.shared_hash().to_le_bytes());
        let hash = hasher.finish();
        let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
        CredentialHash(u64::from_le_bytes(*first))
    }

    /// Reads a record. One that cannot be opened counts as empty (D16). If there is none, the token in the record of the
    /// previous key counts, and nothing else in that record: nothing is written there (D18).
    pub(crate) async fn read(&self, record: &TargetRecord) -> Result<VersionedRecord, StoreError> {
        if let Some(read) = self.read_with(&self.sealer, &record.key).await? {
            return Ok(read);
        }
        let previous = match self.previous.as_ref().zip(record.previous.as_ref()) {
            Some((sealer, key)) => self.read_with(sealer, key).await?,
            None => None,
        };
        let previous = previous.map(|previous| TokenRecord {
            attempts: 0,
            occupancy: Occupancy::Free,
            ..previous.record
        });
        Ok(VersionedRecord {
            version: None,
            record: previous.unwrap_or(TokenRecord::EMPTY),
        })
    }

    /// Replaces a record if it has not changed. `None`: it has.
    pub(crate) async fn write(
        &self,
        record: &TargetRecord,
        expected: Option<&Version>,
        new: &TokenRecord,
        wall: WallTime,
    ) -> Result<Option<Version>, StoreError> {
        let Some(sealed) = self.sealer.seal(&record.key, &encode(new)) else {
            return Err(StoreError::unavailable("the system has no random numbers"));
        };
        let keep_for = new.keep_for(wall);
        let write = async {
            let store = self.store.as_ref();
            store.write(&record.key, expected, &sealed, keep_for).await
        };
        match without_panic(write).await? {
            Written::Done(version) => Ok(Some(version)),
            Written::Conflict => Ok(None),
        }
    }

    pub(crate) fn health(&self) -> MutexGuard<'_, StoreHealth> {
        // Nothing that runs while it is held panics.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refusal(&self) -> MutexGuard<'_, Refusal<Cause>> {
        // Nothing that runs while it is held panics.
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read_with(
        &self,
        sealer: &Sealer,
        key: &StoreKey,
    ) -> Result<Option<VersionedRecord>, StoreError> {
        let read = async { self.store.read(key).await };
        let Some(stored) = without_panic(read).await? else {
            return Ok(None);
        };
        let (value, version) = stored.into_parts();
        let record = Some(value)
            .filter(|value| value.len() <= LARGEST)
            .and_then(|value| sealer.open(key, &value))
            .and_then(|bytes| decode(&bytes, self.default_lifetime));
        Ok(Some(VersionedRecord {
            version: Some(version),
            record: record.unwrap_or(TokenRecord::EMPTY),
        }))
    }
}

impl TargetRecord {
    pub(crate) fn sharing(&self) -> MutexGuard<'_, Sharing<Version>> {
        // Nothing that runs while it is held panics.
        self.sharing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No call fails because of the store, so a panic in it is a failure of the store (D13).
async fn without_panic<T>(
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut operation = pin!(operation);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| operation.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(StoreError::unavailable(PANICKED))))
    })
    .await
}

/// D16: a token answer has 1 MiB at most (T7).
const LARGEST: usize = 2 << 20;
const PANICKED: &str = "it panicked (a store on tokio needs the tokio runtime)";

#[cfg(test)]
mod tests;
