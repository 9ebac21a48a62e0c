//! A store in memory with one of the flaws that stores have, and that the suite catches.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alf_core::{
    Runtime, StoreError, StoreKey, Stored, ThreadRuntime, TokenStore, Version, Written,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFlaw {
    InventsEmptyValues,
    ComparesNothing,
    ComparesBeforeItWrites,
    ReplacesWithoutAVersion,
    CreatesWithAnyVersion,
    AppliesConflicts,
    ReturnsAnotherVersion,
    CountsPerSecond,
    CountsAnewAfterADelete,
    CountsAnewAfterARestart,
    CountsForAllKeys,
    ReadsVersionAndValueApart,
    CachesReads,
    ForgetsWithItsConnection,
    ReadsDeletedValues,
    KeepsText,
    TrimsText,
    TruncatesTo64Kib,
    TruncatesToAMebibyte,
    OverwritesInPlace,
    IgnoresTheCaseOfKeys,
    ReplacesCharactersOfKeys,
    TruncatesKeys,
    ReadsLongTimesAsDates,
    HasTimesOf32Bits,
    ReturnsThePreviousValueAfterExpiry,
    KeepsTheFirstTime,
    TriesAgainAfterALostReply,
    GuessesAfterALostReply,
    StaysBrokenAfterALostReply,
    AnswersDroppedOperationsLater,
    StaysBrokenAfterARestart,
    CallsDeniedWritesConflicts,
    CallsDeniedWritesUnavailable,
}

/// What all connections share.
#[derive(Default)]
pub(crate) struct Server {
    values: HashMap<String, Value>,
    deleted: HashMap<String, Value>,
    pub(crate) versions: u64,
    pub(crate) loses_next_reply: bool,
    pub(crate) denies_writes: bool,
    restarts: usize,
}

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    version: Vec<u8>,
    expires_at: Option<Instant>,
    previous: Option<Vec<u8>>,
}

pub(crate) struct FlawedStore {
    flaw: Option<StoreFlaw>,
    server: Arc<Mutex<Server>>,
    connection: Mutex<Connection>,
}

#[derive(Default)]
struct Connection {
    restarts: usize,
    is_broken: bool,
    cache: HashMap<String, Option<Stored>>,
    /// Replies to reads, in the order of their requests.
    replies: Vec<Option<Stored>>,
    keys: Vec<String>,
}

#[async_trait::async_trait]
impl TokenStore for FlawedStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.check_connection()?;
        let key = self.name(key);
        if self.has(StoreFlaw::AnswersDroppedOperationsLater) {
            let stored = self.current(&key);
            self.connection.lock().unwrap().replies.push(stored);
            pause().await;
            return Ok(self.connection.lock().unwrap().replies.remove(0));
        }
        let cached = self.connection.lock().unwrap().cache.get(&key).cloned();
        if let Some(stored) = cached {
            return Ok(stored);
        }
        let mut stored = self.current(&key);
        if self.has(StoreFlaw::ReadsVersionAndValueApart) {
            pause().await;
            let version = stored.map(|stored| stored.version().clone());
            let value = self.current(&key);
            stored = version
                .zip(value)
                .map(|(version, value)| Stored::new(value.value(), version));
        }
        if self.has(StoreFlaw::CachesReads) {
            let mut connection = self.connection.lock().unwrap();
            connection.cache.insert(key, stored.clone());
        }
        Ok(stored)
    }

    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
    ) -> Result<Written, StoreError> {
        self.check_connection()?;
        if self.server.lock().unwrap().denies_writes {
            return match self.flaw {
                Some(StoreFlaw::CallsDeniedWritesConflicts) => Ok(Written::Conflict),
                Some(StoreFlaw::CallsDeniedWritesUnavailable) => {
                    Err(StoreError::unavailable("denied"))
                }
                _ => Err(StoreError::denied("denied")),
            };
        }
        let key = self.name(key);
        self.connection.lock().unwrap().cache.remove(&key);
        if self.has(StoreFlaw::ComparesBeforeItWrites) {
            if !self.is_expected(&self.server.lock().unwrap(), &key, expected) {
                return Ok(Written::Conflict);
            }
            pause().await;
        }
        let written = {
            let mut server = self.server.lock().unwrap();
            let is_compared = self.has(StoreFlaw::ComparesBeforeItWrites);
            if is_compared || self.is_expected(&server, &key, expected) {
                Written::Done(Version::new(self.apply(&mut server, &key, value, keep_for)))
            } else {
                if self.has(StoreFlaw::AppliesConflicts) {
                    self.apply(&mut server, &key, value, keep_for);
                }
                Written::Conflict
            }
        };
        self.connection.lock().unwrap().keys.push(key);
        if !std::mem::take(&mut self.server.lock().unwrap().loses_next_reply) {
            return Ok(written);
        }
        match self.flaw {
            Some(StoreFlaw::TriesAgainAfterALostReply) => return Ok(Written::Conflict),
            Some(StoreFlaw::GuessesAfterALostReply) => {
                return Ok(Written::Done(Version::new(*b"guessed")));
            }
            Some(StoreFlaw::StaysBrokenAfterALostReply) => {
                self.connection.lock().unwrap().is_broken = true;
            }
            _ => {}
        }
        Err(StoreError::unavailable("no reply"))
    }
}

impl Server {
    pub(crate) fn delete(&mut self, key: &StoreKey) {
        if let Some(value) = self.values.remove(key.as_str()) {
            self.deleted.insert(key.to_string(), value);
        }
    }

    pub(crate) fn restart(&mut self) {
        self.restarts += 1;
        self.values.clear();
    }
}

impl FlawedStore {
    pub(crate) fn new(flaw: Option<StoreFlaw>, server: Arc<Mutex<Server>>) -> Self {
        let restarts = server.lock().unwrap().restarts;
        Self {
            flaw,
            server,
            connection: Mutex::new(Connection {
                restarts,
                ..Connection::default()
            }),
        }
    }

    fn has(&self, flaw: StoreFlaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// A connection that was broken fails once, and is then a new one.
    fn check_connection(&self) -> Result<(), StoreError> {
        let restarts = self.server.lock().unwrap().restarts;
        let mut connection = self.connection.lock().unwrap();
        let is_broken = connection.is_broken || connection.restarts != restarts;
        if !self.has(StoreFlaw::StaysBrokenAfterARestart) {
            connection.restarts = restarts;
        }
        if is_broken {
            return Err(StoreError::unavailable("the connection is closed"));
        }
        Ok(())
    }

    fn name(&self, key: &StoreKey) -> String {
        let key = key.to_string();
        match self.flaw {
            Some(StoreFlaw::IgnoresTheCaseOfKeys) => key.to_lowercase(),
            Some(StoreFlaw::ReplacesCharactersOfKeys) => key.replace(['.', ':'], "_"),
            Some(StoreFlaw::TruncatesKeys) => key.chars().take(100).collect(),
            _ => key,
        }
    }

    fn current(&self, key: &str) -> Option<Stored> {
        let server = self.server.lock().unwrap();
        let mut value = server.values.get(key);
        if self.has(StoreFlaw::ReadsDeletedValues) {
            value = value.or_else(|| server.deleted.get(key));
        }
        let Some(value) = value else {
            let empty = Stored::new(*b"", Version::new(*b""));
            return self.has(StoreFlaw::InventsEmptyValues).then_some(empty);
        };
        if value.has_expired() {
            let previous = value.previous.clone();
            let previous =
                previous.filter(|_| self.has(StoreFlaw::ReturnsThePreviousValueAfterExpiry));
            return previous.map(|bytes| Stored::new(bytes, Version::new(value.version.clone())));
        }
        Some(Stored::new(
            value.bytes.clone(),
            Version::new(value.version.clone()),
        ))
    }

    fn is_expected(&self, server: &Server, key: &str, expected: Option<&Version>) -> bool {
        let current = server.values.get(key).filter(|value| !value.has_expired());
        let is_equal = current.map(|value| &*value.version) == expected.map(Version::as_bytes);
        match self.flaw {
            Some(StoreFlaw::ComparesNothing) => true,
            Some(StoreFlaw::ReplacesWithoutAVersion) => is_equal || expected.is_none(),
            Some(StoreFlaw::CreatesWithAnyVersion) => is_equal || current.is_none(),
            Some(StoreFlaw::CountsForAllKeys) => {
                is_equal && expected.is_none_or(|it| it.as_bytes() == server.versions.to_be_bytes())
            }
            _ => is_equal,
        }
    }

    /// Returns the version that the writer is told.
    fn apply(&self, server: &mut Server, key: &str, value: &[u8], keep_for: Duration) -> Vec<u8> {
        let old = server.values.get(key).cloned();
        let old = old.filter(|old| !old.has_expired());
        let counts_anew = self.has(StoreFlaw::CountsAnewAfterADelete) && old.is_none();
        server.versions = if counts_anew { 1 } else { server.versions + 1 };
        let version = if self.has(StoreFlaw::CountsPerSecond) {
            // The time of the write: here, all of a test within one second.
            b"12:00:00".to_vec()
        } else {
            server.versions.to_be_bytes().to_vec()
        };
        let expires_at = match self.flaw {
            Some(StoreFlaw::ReadsLongTimesAsDates) if keep_for > Duration::from_secs(2_592_000) => {
                Some(Instant::now())
            }
            Some(StoreFlaw::HasTimesOf32Bits) if i32::try_from(keep_for.as_secs()).is_err() => {
                Some(Instant::now())
            }
            Some(StoreFlaw::KeepsTheFirstTime) if old.is_some() => {
                old.as_ref().and_then(|old| old.expires_at)
            }
            _ => Instant::now().checked_add(keep_for),
        };
        let stored = Value {
            bytes: self.bytes(value, old.as_ref()),
            version: version.clone(),
            expires_at,
            previous: old.map(|old| old.bytes),
        };
        server.values.insert(key.to_owned(), stored);
        if self.has(StoreFlaw::ReturnsAnotherVersion) {
            return (server.versions + 1).to_be_bytes().to_vec();
        }
        version
    }

    fn bytes(&self, value: &[u8], old: Option<&Value>) -> Vec<u8> {
        let mut bytes = value.to_vec();
        match self.flaw {
            Some(StoreFlaw::KeepsText) => String::from_utf8_lossy(value).into_owned().into_bytes(),
            Some(StoreFlaw::TrimsText) => value.trim_ascii().to_vec(),
            Some(StoreFlaw::TruncatesTo64Kib) => {
                bytes.truncate((64 << 10) - 1);
                bytes
            }
            Some(StoreFlaw::TruncatesToAMebibyte) => {
                bytes.truncate(1 << 20);
                bytes
            }
            Some(StoreFlaw::OverwritesInPlace) => {
                let remainder = old.and_then(|old| old.bytes.get(value.len()..));
                bytes.extend_from_slice(remainder.unwrap_or_default());
                bytes
            }
            _ => bytes,
        }
    }
}

/// What the connection wrote is lost with it.
impl Drop for FlawedStore {
    fn drop(&mut self) {
        if self.has(StoreFlaw::ForgetsWithItsConnection) {
            let mut server = self.server.lock().unwrap();
            for key in &self.connection.lock().unwrap().keys {
                server.values.remove(key);
            }
        }
    }
}

impl Value {
    fn has_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| Instant::now() >= at)
    }
}

/// So that others come between.
async fn pause() {
    ThreadRuntime::new().sleep(Duration::from_micros(200)).await;
}
