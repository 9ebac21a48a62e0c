//! Tells later whether credentials have changed, without keeping them (B3).

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::OnceLock;

/// A fingerprint of the credentials that one attempt used. It shows later whether they have changed.
///
/// It contains only a hash of the credentials, with a random key of this process.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialsFingerprint(Option<u64>);

impl CredentialsFingerprint {
    /// Returns the fingerprint of credentials that never change.
    pub fn unchanging() -> Self {
        Self(None)
    }

    /// Returns the fingerprint of credentials that may change. They are a text, bytes, or a tuple of these.
    pub fn of(credentials: &(impl Hash + ?Sized)) -> Self {
        static KEY: OnceLock<RandomState> = OnceLock::new();
        Self(Some(
            KEY.get_or_init(RandomState::new).hash_one(credentials),
        ))
    }

    pub(crate) fn may_change(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        self.may_change() && other.may_change() && self != other
    }
}

/// Does not show the hash, because it would show whether two secrets are the same (X1).
impl fmt::Debug for CredentialsFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsFingerprint")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
