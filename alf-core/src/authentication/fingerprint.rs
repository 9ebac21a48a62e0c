//! Tells later whether credentials have changed, without keeping them (B3).

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash};

/// A fingerprint of the credentials that one attempt was made with.
///
/// It holds a hash with a random key, and nothing of the credentials. Two fingerprints of the same
/// credentials are not equal; ask with [`matches`](Self::matches).
#[derive(Clone)]
pub struct CredentialsFingerprint(Option<KeyedHash>);

#[derive(Clone)]
struct KeyedHash {
    key: RandomState,
    hash: u64,
}

impl CredentialsFingerprint {
    /// The fingerprint of credentials that never change: it matches all.
    pub fn unchanging() -> Self {
        Self(None)
    }

    /// The fingerprint of credentials that may change: a text, bytes, or a tuple of several.
    pub fn of(credentials: &(impl Hash + ?Sized)) -> Self {
        let key = RandomState::new();
        let hash = key.hash_one(credentials);
        Self(Some(KeyedHash { key, hash }))
    }

    /// Returns whether it is the fingerprint [`of`](Self::of) these credentials. They must be of the
    /// same type as there.
    pub fn matches(&self, credentials: &(impl Hash + ?Sized)) -> bool {
        match &self.0 {
            None => true,
            Some(KeyedHash { key, hash }) => key.hash_one(credentials) == *hash,
        }
    }
}

/// Without the key and the hash: together they would let anyone test guesses (X1).
impl fmt::Debug for CredentialsFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsFingerprint")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
