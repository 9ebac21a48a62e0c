//! The store of a client: it seals and opens records, and keeps what the client knows of the store (D11, D13).

use std::fmt::Write as _;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;

use crate::CredentialsFingerprint;
use crate::error::Cause;
use crate::machine::{CredentialHash, Occupancy, Refusal, Sharing, StoreHealth, WallTime};
use crate::secret::SecretBytes;

use super::record::{TokenRecord, decode, encode};
use super::seal::Sealer;
use super::{StoreError, StoreKey, TokenStore, Version, Written};

/// One for each client. All its token targets share it.
pub(crate) struct SharedStore {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) sealer: Sealer,
    /// Of the previous sealing key, during a rotation.
    pub(crate) previous: Option<Sealer>,
    pub(crate) prefix: String,
    /// How long one operation may take.
    pub(crate) timeout: Duration,
    /// D8
    pub(crate) awaits_saves: bool,
    pub(crate) health: Mutex<StoreHealth>,
    pub(crate) refusal: Mutex<Refusal<Cause>>,
}

/// The record of one token target, as this instance knows it.
pub(crate) struct TargetRecord {
    pub(crate) store: Arc<SharedStore>,
    pub(crate) key: StoreKey,
    /// The key of its record for the previous sealing key.
    pub(crate) previous: Option<StoreKey>,
    sharing: Mutex<Sharing<Version>>,
}

/// A record as it was read or written.
pub(crate) struct VersionedRecord {
    pub(crate) version: Option<Version>,
    pub(crate) record: TokenRecord,
}

impl SharedStore {
    /// A hash of credentials, the same in all instances. Without the sealing key, nobody can compare credentials with it.
    pub(crate) fn hash_of(&self, credentials: &CredentialsFingerprint) -> CredentialHash {
        let credentials = credentials.shared_hash().to_le_bytes();
        CredentialHash(*self.sealer.hash("credential", &credentials))
    }

    pub(crate) fn health(&self) -> MutexGuard<'_, StoreHealth> {
        // Nothing that runs while it is held panics.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refusal(&self) -> MutexGuard<'_, Refusal<Cause>> {
        // Nothing that runs while it is held panics.
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A readable prefix, and a hash of the name.
    fn key(&self, sealer: &Sealer, name: &impl Serialize) -> StoreKey {
        let mut bytes = SecretBytes::default();
        // Texts and bytes: it cannot fail.
        let _ = serde_json::to_writer(&mut bytes, name);
        let hash = sealer.hash("store key", &bytes);
        let mut key = format!("{}:", self.prefix);
        for byte in hash.iter().take(SHOWN) {
            let _ = write!(key, "{byte:02x}");
        }
        StoreKey::new(key)
    }

    async fn read(
        &self,
        sealer: &Sealer,
        key: &StoreKey,
        default_lifetime: Option<Duration>,
    ) -> Result<Option<VersionedRecord>, StoreError> {
        let read = async { self.store.read(key).await };
        let Some(stored) = without_panic(read).await? else {
            return Ok(None);
        };
        let opened = sealer.open(key, stored.value());
        let record = opened.and_then(|bytes| decode(&bytes, default_lifetime));
        Ok(Some(VersionedRecord {
            version: Some(stored.version().clone()),
            record: record.unwrap_or(TokenRecord::EMPTY),
        }))
    }
}

impl TargetRecord {
    /// Targets with another `name` have another record.
    pub(crate) fn new(
        store: Arc<SharedStore>,
        name: &impl Serialize,
        acquire_timeout: Duration,
    ) -> Self {
        let key = |sealer| store.key(sealer, name);
        Self {
            key: key(&store.sealer),
            previous: store.previous.as_ref().map(key),
            store,
            sharing: Mutex::new(Sharing::new(acquire_timeout)),
        }
    }

    pub(crate) fn sharing(&self) -> MutexGuard<'_, Sharing<Version>> {
        // Nothing that runs while it is held panics.
        self.sharing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the record. One that cannot be opened counts as empty (D16). If there is none, the token in the record of the
    /// previous key counts, and nothing else in that record: nothing is written there (D18).
    pub(crate) async fn read(
        &self,
        default_lifetime: Option<Duration>,
    ) -> Result<VersionedRecord, StoreError> {
        let (store, lifetime) = (&self.store, default_lifetime);
        if let Some(read) = store.read(&store.sealer, &self.key, lifetime).await? {
            return Ok(read);
        }
        let previous = match store.previous.as_ref().zip(self.previous.as_ref()) {
            Some((sealer, key)) => store.read(sealer, key, lifetime).await?,
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

    /// Replaces the record if it has not changed. `None`: it has.
    pub(crate) async fn write(
        &self,
        expected: Option<&Version>,
        new: &TokenRecord,
        wall: WallTime,
    ) -> Result<Option<Version>, StoreError> {
        let sealed = self.store.sealer.seal(&self.key, &encode(new));
        let Some(sealed) = sealed else {
            return Err(StoreError::unavailable("the system has no random numbers"));
        };
        let keep_for = new.keep_for(wall);
        let write = async {
            let store = self.store.store.as_ref();
            store.write(&self.key, expected, &sealed, keep_for).await
        };
        match without_panic(write).await? {
            Written::Done(version) => Ok(Some(version)),
            Written::Conflict => Ok(None),
        }
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

/// Of the hash: 128 bits, so no two records have the same name by accident.
const SHOWN: usize = 16;
const PANICKED: &str = "it panicked (a store on tokio needs the tokio runtime)";
