//! A store in memory, which each instance sees through a connection of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{Runtime, StoreError, StoreKey, Stored, TokenStore, Version, Written};
use async_trait::async_trait;

use crate::instance::InstanceRuntime;

#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    values: HashMap<StoreKey, (u64, Vec<u8>)>,
    versions: u64,
    operations: usize,
    /// What reads return in [`Mode::Stale`].
    old: HashMap<StoreKey, (u64, Vec<u8>)>,
    mode: Mode,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Works,
    /// Every operation fails at once.
    Fails,
    /// No operation is answered.
    Silent,
    /// Reads work, and writes are denied.
    ReadOnly,
    /// Reads work, and writes are done, but their replies are lost.
    LosesReplies,
    Panics,
    /// Writes work, and reads return what the store had when it was set.
    Stale,
}

/// The store as one instance sees it.
pub(crate) struct Connection {
    store: Store,
    runtime: InstanceRuntime,
    writes: Mutex<usize>,
    before_write: Box<dyn Fn(usize) + Send + Sync>,
}

const DELAY: Duration = Duration::from_millis(10);

impl Store {
    pub(crate) fn set(&self, mode: Mode) {
        let state = &mut *self.0.lock().unwrap();
        state.mode = mode;
        state.old.clone_from(&state.values);
    }

    pub(crate) fn lose_all(&self) {
        self.0.lock().unwrap().values.clear();
    }

    /// From now on, no record can be opened.
    pub(crate) fn spoil_all(&self) {
        for (_, value) in self.0.lock().unwrap().values.values_mut() {
            value[0] ^= 1;
        }
    }

    pub(crate) fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }

    /// `before_write` is called with the number of each write of this instance that the store gets.
    pub(crate) fn connect(
        &self,
        runtime: InstanceRuntime,
        before_write: impl Fn(usize) + Send + Sync + 'static,
    ) -> Connection {
        Connection {
            store: self.clone(),
            runtime,
            writes: Mutex::new(0),
            before_write: Box::new(before_write),
        }
    }
}

impl Connection {
    async fn operate<T>(
        &self,
        operation: impl FnOnce(&mut State) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let mode = {
            let mut state = self.store.0.lock().unwrap();
            state.operations += 1;
            state.mode
        };
        match mode {
            Mode::Works | Mode::ReadOnly | Mode::LosesReplies | Mode::Stale => {
                self.runtime.sleep(DELAY).await;
            }
            Mode::Fails => return Err(StoreError::unavailable("refused")),
            Mode::Silent => std::future::pending().await,
            Mode::Panics => panic!("a bug of the store"),
        }
        operation(&mut self.store.0.lock().unwrap())
    }
}

#[async_trait]
impl TokenStore for Connection {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        self.operate(|state| {
            let values = if state.mode == Mode::Stale {
                &state.old
            } else {
                &state.values
            };
            let value = values.get(key);
            Ok(value.map(|(version, value)| {
                Stored::new(value.clone(), Version::new(version.to_le_bytes()))
            }))
        })
        .await
    }

    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        _keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let number = {
            let mut writes = self.writes.lock().unwrap();
            *writes += 1;
            *writes
        };
        (self.before_write)(number);
        self.runtime.stand_still_if_frozen().await;
        self.operate(|state| {
            if state.mode == Mode::ReadOnly {
                return Err(StoreError::denied("read-only"));
            }
            let version = state.values.get(key).map(|(version, _)| *version);
            let version = version.map(|version| Version::new(version.to_le_bytes()));
            if version.as_ref() != expected {
                return Ok(Written::Conflict);
            }
            state.versions += 1;
            let version = state.versions;
            state.values.insert(key.clone(), (version, value.to_vec()));
            if state.mode == Mode::LosesReplies {
                return Err(StoreError::unavailable("connection reset"));
            }
            Ok(Written::Done(Version::new(version.to_le_bytes())))
        })
        .await
    }
}
