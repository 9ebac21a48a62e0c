//! [`Connection`]: a store as one instance uses it, and what a case expects of its answers.

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use alf_core::{
    Runtime, StoreError, StoreErrorKind, StoreKey, Stored, ThreadRuntime, TokenStore, Version,
    Written,
};
use futures_util::future::{Either, select};

use crate::suite::fail;
use crate::waiting::DEADLINE;

use super::case::Case;

pub(super) struct Connection<'a> {
    case: &'a Case,
    store: Arc<dyn TokenStore>,
}

impl Case {
    pub(super) fn connect(&self) -> Connection<'_> {
        Connection {
            case: self,
            store: self.store().connect(),
        }
    }

    pub(super) fn connect_many(&self, count: usize) -> Vec<Connection<'_>> {
        (0..count).map(|_| self.connect()).collect()
    }
}

impl Connection<'_> {
    pub(super) fn store(&self) -> &dyn TokenStore {
        &*self.store
    }

    pub(super) fn try_read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let read = self.store.read(key);
        let result = self.case.block_on(within(DEADLINE, read));
        let answer = match &result {
            Ok(stored) => shown_stored(stored.as_ref()),
            Err(error) => error.to_string(),
        };
        self.case.note(format!("read {key}: {answer}"));
        result
    }

    pub(super) fn try_write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
        limit: Duration,
    ) -> Result<Written, StoreError> {
        let write = self.store.write(key, expected, value, keep_for);
        let result = self.case.block_on(within(limit, write));
        let answer = match &result {
            Ok(Written::Done(version)) => format!("done, {}", shown(value, version)),
            Ok(Written::Conflict) => "conflict".to_owned(),
            Err(error) => error.to_string(),
        };
        let expected = expected.map_or_else(
            || "no value".to_owned(),
            |version| short(version.as_bytes()),
        );
        self.case
            .note(format!("write {key}, expecting {expected}: {answer}"));
        result
    }

    pub(super) fn read(&self, key: &StoreKey) -> Option<Stored> {
        self.try_read(key)
            .unwrap_or_else(|error| fail(&format!("{key} to be read, but: {error}")))
    }

    pub(super) fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
    ) -> Written {
        self.write_for(KEPT, key, expected, value)
    }

    pub(super) fn write_for(
        &self,
        keep_for: Duration,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
    ) -> Written {
        let written = self.try_write(key, expected, value, keep_for, DEADLINE);
        written.unwrap_or_else(|error| fail(&format!("{key} to be written, but: {error}")))
    }

    /// Writes, and expects that it is done.
    #[track_caller]
    pub(super) fn replace(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
    ) -> Version {
        done(self.write(key, expected, value))
    }

    #[track_caller]
    pub(super) fn expect_conflict(&self, key: &StoreKey, expected: Option<&Version>) {
        let written = self.write(key, expected, &self.case.value());
        assert_eq!(
            written,
            Written::Conflict,
            "expected a conflict with {key}: its version is not the expected one"
        );
    }

    /// Expects this value with this version, soon: a replica may answer.
    #[track_caller]
    pub(super) fn expect_value(&self, key: &StoreKey, value: &[u8], version: &Version) {
        let is_it = |stored: Option<&Stored>| {
            stored.is_some_and(|stored| stored.value() == value && stored.version() == version)
        };
        if let Err(last) = self.read_until(key, LAG, is_it) {
            let last = shown_stored(last.as_ref());
            let expected = shown(value, version);
            fail(&format!("{key} to have {expected}, but it has {last}"));
        }
    }

    #[track_caller]
    pub(super) fn expect_none(&self, key: &StoreKey) {
        if self.read_until(key, LAG, |it| it.is_none()).is_err() {
            fail(&format!("{key} to have no value, but it has one"));
        }
    }

    /// Reads until the value is `wanted`. If it is not, within `limit`, the error is the last one that was read.
    pub(super) fn read_until(
        &self,
        key: &StoreKey,
        limit: Duration,
        wanted: impl Fn(Option<&Stored>) -> bool,
    ) -> Result<Option<Stored>, Option<Stored>> {
        let start = Instant::now();
        loop {
            let stored = self.read(key);
            if wanted(stored.as_ref()) {
                return Ok(stored);
            }
            if start.elapsed() >= limit {
                return Err(stored);
            }
            pause();
        }
    }

    /// Reads until the store answers: it may have to connect again.
    pub(super) fn read_when_it_works(&self, key: &StoreKey) -> Option<Stored> {
        let start = Instant::now();
        loop {
            match self.try_read(key) {
                Ok(stored) => return stored,
                Err(error) if start.elapsed() >= RECONNECTED_WITHIN => {
                    fail(&format!("the connection to work again, but: {error}"))
                }
                Err(_) => pause(),
            }
        }
    }
}

#[track_caller]
pub(super) fn done(written: Written) -> Version {
    match written {
        Written::Done(version) => version,
        Written::Conflict => fail("the write to be done, but it is a conflict"),
    }
}

/// The result of an operation. If it takes longer than `limit`, it is dropped, as alf does.
async fn within<T>(
    limit: Duration,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let timer = ThreadRuntime::new().sleep(limit);
    match select(pin!(operation), timer).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(StoreError::new(StoreErrorKind::TimedOut)),
    }
}

fn shown_stored(stored: Option<&Stored>) -> String {
    stored.map_or_else(
        || "no value".to_owned(),
        |stored| shown(stored.value(), stored.version()),
    )
}

fn shown(value: &[u8], version: &Version) -> String {
    format!(
        "version {} and {} bytes {}",
        short(version.as_bytes()),
        value.len(),
        short(value)
    )
}

fn short(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for byte in bytes.iter().take(SHOWN_BYTES) {
        let _ = write!(shown, "{}", byte.escape_ascii());
    }
    if bytes.len() > SHOWN_BYTES {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// The store gives no sign when a value has arrived at a replica, has expired, or when it works again.
fn pause() {
    thread::sleep(Duration::from_millis(5));
}

/// How long a value may take to arrive at a replica. It passes in full only if a case is about to fail.
const LAG: Duration = Duration::from_secs(1);

/// How soon a connection must work again: `acquire_timeout` is 10 s.
const RECONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// How long values are kept, unless a case is about that.
pub(super) const KEPT: Duration = Duration::from_secs(3600);
const SHOWN_BYTES: usize = 40;
