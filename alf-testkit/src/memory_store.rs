//! [`MemoryStore`]: a token store in memory that can simulate faults.

use std::collections::HashMap;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{
    Moment, Runtime, StoreError, StoreKey, Stored, ThreadRuntime, TokenStore, Version, Written,
};
use async_trait::async_trait;

use crate::waiting::locked;

/// A [`TokenStore`] in memory, for tests. It can simulate the faults of real stores.
///
/// Clones share the values, the faults and the counts. Give a clone to each client that should share tokens.
///
/// # Examples
///
/// ```
/// use alf_testkit::{MemoryStore, StoreFault};
///
/// let store = MemoryStore::new();
/// // … clients use `store.clone()`. Now the store stops answering:
/// store.set_fault(Some(StoreFault::Silent));
/// // It works again, and has lost everything:
/// store.set_fault(None);
/// store.remove_all();
/// assert_eq!(store.reads() + store.writes(), 0);
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    runtime: Arc<dyn Runtime>,
}

/// A fault of a [`MemoryStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// Every operation fails at once, as if there were no connection.
    Unavailable,
    /// No operation ends, and no write is applied.
    Silent,
    /// Writes are denied. Reads work.
    ReadOnly,
    /// Reads return the values that the store had when the fault was set, like a replica that has lost its connection. Writes
    /// work.
    Stale,
    /// Writes succeed, but their values are not kept.
    Forgetful,
}

#[derive(Default)]
struct State {
    values: HashMap<StoreKey, Value>,
    /// What reads return under [`StoreFault::Stale`].
    snapshot: HashMap<StoreKey, Value>,
    versions: u64,
    fault: Option<StoreFault>,
    delay: Duration,
    loses_next_reply: bool,
    reads: usize,
    writes: usize,
}

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    version: u64,
    expires_at: Moment,
}

impl MemoryStore {
    /// Returns an empty store without a fault, which answers at once.
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            runtime: Arc::new(ThreadRuntime::new()),
        }
    }

    /// Returns a clone that uses the clock and the timers of `runtime`, such as a [`VirtualTime`](crate::VirtualTime).
    #[must_use]
    pub fn on(&self, runtime: impl Runtime) -> Self {
        Self {
            state: Arc::clone(&self.state),
            runtime: Arc::new(runtime),
        }
    }

    /// Sets how long each operation takes. Default: zero.
    pub fn set_delay(&self, delay: Duration) {
        locked(&self.state).delay = delay;
    }

    /// Sets the fault of the store, or removes it (`None`). This applies to operations that start afterwards.
    pub fn set_fault(&self, fault: Option<StoreFault>) {
        let mut state = locked(&self.state);
        state.fault = fault;
        let State {
            values, snapshot, ..
        } = &mut *state;
        snapshot.clone_from(values);
    }

    /// Loses the reply to the next write: the write is applied, but returns an error.
    pub fn lose_next_reply(&self) {
        locked(&self.state).loses_next_reply = true;
    }

    /// Removes a value.
    pub fn remove(&self, key: &StoreKey) {
        locked(&self.state).values.remove(key);
    }

    /// Removes all values.
    pub fn remove_all(&self) {
        locked(&self.state).values.clear();
    }

    /// Returns how many reads there were, including those that failed.
    pub fn reads(&self) -> usize {
        locked(&self.state).reads
    }

    /// Returns how many writes there were, including those that met a conflict or failed.
    pub fn writes(&self) -> usize {
        locked(&self.state).writes
    }

    /// Waits as long as an operation takes. Returns the fault that it has.
    async fn begin(
        &self,
        count: fn(&mut State) -> &mut usize,
    ) -> Result<Option<StoreFault>, StoreError> {
        let (fault, delay) = {
            let mut state = locked(&self.state);
            *count(&mut state) += 1;
            (state.fault, state.delay)
        };
        match fault {
            Some(StoreFault::Unavailable) => return Err(StoreError::unavailable("no connection")),
            Some(StoreFault::Silent) => pending().await,
            Some(StoreFault::ReadOnly | StoreFault::Stale | StoreFault::Forgetful) | None => {}
        }
        if !delay.is_zero() {
            self.runtime.sleep(delay).await;
        }
        Ok(fault)
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let fault = self.begin(|state| &mut state.reads).await?;
        let now = self.runtime.now();
        let state = locked(&self.state);
        let values = if fault == Some(StoreFault::Stale) {
            &state.snapshot
        } else {
            &state.values
        };
        let value = values.get(key).filter(|value| now < value.expires_at);
        Ok(value.map(|value| Stored::new(value.bytes.clone(), version(value.version))))
    }

    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let fault = self.begin(|state| &mut state.writes).await?;
        if fault == Some(StoreFault::ReadOnly) {
            return Err(StoreError::denied("the store is read-only"));
        }
        let now = self.runtime.now();
        let mut state = locked(&self.state);
        let current = state.values.get(key);
        let current = current.filter(|value| now < value.expires_at);
        if current.map(|value| version(value.version)).as_ref() != expected {
            return Ok(Written::Conflict);
        }
        state.versions += 1;
        let number = state.versions;
        if fault != Some(StoreFault::Forgetful) {
            let value = Value {
                bytes: value.to_vec(),
                version: number,
                expires_at: now + keep_for,
            };
            state.values.insert(key.clone(), value);
        }
        if std::mem::take(&mut state.loses_next_reply) {
            return Err(StoreError::unavailable("the reply was lost"));
        }
        Ok(Written::Done(version(number)))
    }
}

/// One count for all values, so that no version returns after its value was removed.
fn version(number: u64) -> Version {
    Version::new(number.to_be_bytes())
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows no value.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = locked(&self.state);
        f.debug_struct("MemoryStore")
            .field("values", &state.values.len())
            .field("fault", &state.fault)
            .field("delay", &state.delay)
            .field("reads", &state.reads)
            .field("writes", &state.writes)
            .finish_non_exhaustive()
    }
}
