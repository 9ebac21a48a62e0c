//! The store of a client: sealed records, the limit of each operation, and whether it is in trouble (D13).

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::{Config, Server};
use crate::machine::{CredentialHash, Moment, RecordStanding, StoreHealth};
use crate::ports::Ports;
use crate::{ConfigError, CredentialsFingerprint, Event, TokenTarget};

use super::key::store_key;
use super::record::{TokenRecord, decode, encode};
use super::seal::Sealer;
use super::{SealingKey, StoreError, StoreErrorKind, StoreKey, TokenStore, Version, Written};

/// One for each client, shared by all its targets.
pub(crate) struct SharedStore {
    store: Arc<dyn TokenStore>,
    sealer: Sealer,
    previous: Option<Sealer>,
    prefix: String,
    timeout: Duration,
    health: Mutex<StoreHealth>,
}

/// Where the records of a target are.
pub(crate) struct RecordKeys {
    key: StoreKey,
    previous: Option<StoreKey>,
}

/// A record as it was read or written.
pub(crate) struct Found {
    pub(crate) version: Option<Version>,
    pub(crate) record: TokenRecord,
}

/// The store has failed: the acquisition goes on without it.
pub(crate) struct StoreFailed;

impl SharedStore {
    pub(crate) fn new(
        store: Arc<dyn TokenStore>,
        key: &SealingKey,
        prefix: String,
        timeout: Duration,
    ) -> Result<Self, ConfigError> {
        let (key, previous) = key.read()?;
        Ok(Self {
            store,
            sealer: Sealer::new(&key),
            previous: previous.as_ref().map(Sealer::new),
            prefix,
            timeout,
            health: Mutex::new(StoreHealth::new()),
        })
    }

    pub(crate) fn keys_of(&self, config: &Config, target: &TokenTarget) -> RecordKeys {
        let server = match &config.server {
            Server::Endpoint(endpoint) => endpoint.uri.to_string(),
            Server::Issuer(issuer) => issuer.name.clone(),
        };
        let key = |sealer| store_key(&self.prefix, sealer, &server, config, target);
        RecordKeys {
            key: key(&self.sealer),
            previous: self.previous.as_ref().map(key),
        }
    }

    /// A hash of credentials that is the same in all instances, but tells nobody without the sealing key what they are.
    pub(crate) fn hash_of(&self, credentials: &CredentialsFingerprint) -> CredentialHash {
        let mut hasher = self.sealer.hasher("credential");
        hasher.part(&credentials.shared_hash().to_le_bytes());
        let hash = hasher.finish();
        let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
        CredentialHash(u64::from_le_bytes(*first))
    }

    pub(crate) fn is_in_trouble(&self) -> bool {
        self.health().is_in_trouble()
    }

    pub(crate) fn left_alone_until(&self, now: Moment) -> Option<Moment> {
        self.health().left_alone_until(now)
    }

    /// Reads the record of a target. One that cannot be opened counts as empty (D16).
    pub(crate) async fn read(
        &self,
        ports: &Ports,
        target: &TokenTarget,
        keys: &RecordKeys,
    ) -> Result<Found, StoreFailed> {
        let found = self
            .read_sealed(ports, target, &self.sealer, &keys.key)
            .await?;
        let Some(found) = found else {
            let record = match (&self.previous, &keys.previous) {
                (Some(sealer), Some(key)) => self.read_previous(ports, target, sealer, key).await?,
                (Some(_) | None, Some(_) | None) => TokenRecord::EMPTY,
            };
            return Ok(Found {
                version: None,
                record,
            });
        };
        Ok(found)
    }

    /// Replaces the record if it has not changed. `None`: it has.
    pub(crate) async fn write(
        &self,
        ports: &Ports,
        target: &TokenTarget,
        keys: &RecordKeys,
        expected: Option<&Version>,
        record: &TokenRecord,
    ) -> Result<Option<Version>, StoreFailed> {
        let written = async {
            let Some(sealed) = self.sealer.seal(&keys.key, &encode(record)) else {
                let problem = "the operating system has no random numbers";
                return Err(StoreError::unavailable(problem));
            };
            let keep_for = record.keep_for(ports.clock.wall());
            self.store
                .write(&keys.key, expected, &sealed, keep_for)
                .await
        };
        match self.operate(ports, target, written).await? {
            Written::Done(version) => Ok(Some(version)),
            Written::Conflict => Ok(None),
        }
    }

    async fn read_sealed(
        &self,
        ports: &Ports,
        target: &TokenTarget,
        sealer: &Sealer,
        key: &StoreKey,
    ) -> Result<Option<Found>, StoreFailed> {
        let stored = self.operate(ports, target, self.store.read(key)).await?;
        Ok(stored.map(|stored| {
            let (sealed, version) = stored.into_parts();
            let record = sealer.open(key, &sealed).and_then(|bytes| decode(&bytes));
            Found {
                version: Some(version),
                record: record.unwrap_or(TokenRecord::EMPTY),
            }
        }))
    }

    /// The token of the record that was sealed with the previous key. Nothing is written there.
    async fn read_previous(
        &self,
        ports: &Ports,
        target: &TokenTarget,
        sealer: &Sealer,
        key: &StoreKey,
    ) -> Result<TokenRecord, StoreFailed> {
        let found = self.read_sealed(ports, target, sealer, key).await?;
        Ok(found.map_or(TokenRecord::EMPTY, |found| TokenRecord {
            attempts: 0,
            standing: RecordStanding::Free,
            ..found.record
        }))
    }

    /// One operation within its limit (D13).
    async fn operate<T>(
        &self,
        ports: &Ports,
        target: &TokenTarget,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreFailed> {
        let result = ports.within(self.timeout, operation).await;
        let error = match result {
            Some(Ok(value)) => {
                let was_in_trouble = self.health().is_in_trouble();
                if was_in_trouble {
                    self.health().succeeded();
                    ports.observe(target, &Event::StoreRecovered {});
                }
                return Ok(value);
            }
            Some(Err(error)) => error,
            None => StoreError::new(StoreErrorKind::TimedOut),
        };
        let now = ports.now();
        let was_in_trouble = {
            let mut health = self.health();
            let was_in_trouble = health.is_in_trouble();
            health.failed(now);
            was_in_trouble
        };
        if !was_in_trouble {
            ports.observe(target, &Event::StoreFailed { error: &error });
        }
        Err(StoreFailed)
    }

    fn health(&self) -> MutexGuard<'_, StoreHealth> {
        // Nothing that runs while it is held panics.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
