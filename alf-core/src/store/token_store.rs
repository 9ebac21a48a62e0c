//! [`TokenStore`]: the interface to a store.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::wire::Redactor;

/// Keeps one small value for each key, and replaces it only if it has not changed.
///
/// The instances of a program that share a store share their tokens. A store needs no transactions over several keys, no clock and no
/// notifications. Values are sealed: a store cannot read them.
///
/// To implement it, use the crate `async-trait`, as in the example. Do not retry inside a method: alf handles errors itself.
/// It allows 1 s for each call (`store_timeout`), and drops the future after that time. A panic counts as
/// [`Unavailable`](StoreErrorKind::Unavailable).
///
/// To test a store, use the suite `store_conformance!` of alf-testkit.
///
/// # Examples
///
/// A store in memory, for the clients of one process:
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Mutex, PoisonError};
/// use std::time::Duration;
///
/// use alf_core::{StoreError, StoreKey, Stored, TokenStore, Version, Written};
///
/// #[derive(Default)]
/// struct InMemory(Mutex<HashMap<StoreKey, Vec<u8>>>);
///
/// #[async_trait::async_trait]
/// impl TokenStore for InMemory {
///     async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
///         let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let value = values.get(key).cloned();
///         // No two values are equal, so a value can be its own version.
///         Ok(value.map(|value| Stored::new(value.clone(), Version::new(value))))
///     }
///
///     async fn write(
///         &self,
///         key: &StoreKey,
///         expected: Option<&Version>,
///         value: &[u8],
///         _keep_for: Duration,
///     ) -> Result<Written, StoreError> {
///         let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let current = values.get(key).map(Vec::as_slice);
///         if current != expected.map(Version::as_bytes) {
///             return Ok(Written::Conflict);
///         }
///         values.insert(key.clone(), value.to_vec());
///         Ok(Written::Done(Version::new(value)))
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the value and its version, or `None` if there is no value or it has expired.
    ///
    /// A replica may answer. If it returns an old value, the next write is a conflict: alf waits briefly, and sends no second token
    /// request.
    ///
    /// # Errors
    ///
    /// If the value cannot be read.
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError>;

    /// Replaces the value if its version is `expected`, in one atomic step. If `expected` is `None`, there must be no value.
    ///
    /// Of two writes with the same `expected`, only one is [`Written::Done`]. So one place must decide all writes of a key: a
    /// primary, or a quorum. `keep_for` is a hint: the value may be deleted after that time, before it, or never.
    ///
    /// # Errors
    ///
    /// - [`Unavailable`](StoreErrorKind::Unavailable) if the store cannot be reached, or if it is not known whether the value was
    ///   replaced, for example after a lost reply or a timeout. Do not report that as a conflict.
    /// - [`Denied`](StoreErrorKind::Denied) if the store denies the write.
    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
    ) -> Result<Written, StoreError>;
}

macro_rules! implement_for_pointers {
    ($($pointer:ident),*) => {$(
        /// Forwards to the inner store.
        #[async_trait]
        impl<S: TokenStore + ?Sized> TokenStore for $pointer<S> {
            async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
                (**self).read(key).await
            }

            async fn write(
                &self,
                key: &StoreKey,
                expected: Option<&Version>,
                value: &[u8],
                keep_for: Duration,
            ) -> Result<Written, StoreError> {
                (**self).write(key, expected, value, keep_for).await
            }
        }
    )*};
}

implement_for_pointers!(Arc, Box);

/// The name of a value: ASCII letters, digits, `-`, `_`, `.` and `:`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey(String);

/// A value, and its version.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    value: Vec<u8>,
    version: Version,
}

/// The version of a value: bytes that only the store understands, such as an `ETag`, a revision, or a row version.
///
/// A version must never occur again for the same key, not even after the value was deleted. If the store has no such version, use
/// the value itself: values are sealed with random nonces, so no two are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Vec<u8>);

/// The outcome of a [`write`](TokenStore::write).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store has no third answer")]
pub enum Written {
    /// The value was replaced, and now has this version.
    Done(Version),
    /// The value has another version than the expected one. Nothing was changed.
    Conflict,
}

/// The error of a store that could not read or write a value.
///
/// Its text ends with the text of its source: at most 256 bytes, without control characters, and without what may be the user
/// info, the query or the fragment of a URL.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{kind}{}", .source.as_ref().map(|source| format!(": {}", shown(source))).unwrap_or_default())]
pub struct StoreError {
    kind: StoreErrorKind,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached or is overloaded, or it is not known whether the value was replaced.
    Unavailable,
    /// The store did not answer within `store_timeout`.
    TimedOut,
    /// The store denies access: a permission is missing, or the store is read-only. Nothing was changed.
    Denied,
}

impl StoreKey {
    /// Returns the key with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Stored {
    /// Returns a value with its version.
    pub fn new(value: impl Into<Vec<u8>>, version: Version) -> Self {
        Self {
            value: value.into(),
            version,
        }
    }

    /// Returns the value.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Returns the version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

/// Does not show the value.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("length", &self.value.len())
            .finish_non_exhaustive()
    }
}

impl Version {
    /// Returns the version with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl StoreError {
    /// Returns an error of this kind.
    pub fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Returns an error of the kind `Unavailable`: the store cannot be reached, or its reply was lost. `source` must not show a secret.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Unavailable).because(source)
    }

    /// Returns an error of the kind `Denied`: the store denies access. `source` must not show a secret.
    pub fn denied(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Denied).because(source)
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the token store is not available",
            Self::TimedOut => "the token store did not answer within store_timeout",
            Self::Denied => "the token store denies access",
        })
    }
}

/// X1: a library may have written a URL with a password in it.
fn shown(source: &Arc<dyn StdError + Send + Sync>) -> String {
    Redactor::new(Vec::new()).show_cause(&source.to_string())
}

#[cfg(test)]
mod tests;
