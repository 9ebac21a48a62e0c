//! Tells later whether credentials have changed, without keeping them (B3).

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::OnceLock;

/// A fingerprint of the credentials that one attempt was made with.
///
/// It holds a hash with a random key of this process, and nothing of the credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialsFingerprint(Option<u64>);

impl CredentialsFingerprint {
    /// The fingerprint of credentials that never change: they are not read again.
    pub fn unchanging() -> Self {
        Self(None)
    }

    /// The fingerprint of credentials that may change: a text, bytes, or a tuple of several.
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

/// Without the hash, which would tell whether two secrets are the same (X1).
impl fmt::Debug for CredentialsFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsFingerprint")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
