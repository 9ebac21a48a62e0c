//! Tells later whether credentials have changed, without keeping them (B3).

use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};
#[cfg(feature = "store")]
use std::sync::OnceLock;

/// A fingerprint of the credentials that one attempt used. It shows later whether they have changed.
///
/// It contains only a hash of the credentials. With a token store, other instances of the program compare a keyed hash of it
/// with their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialsFingerprint {
    hash: Option<u64>,
    may_change: bool,
}

impl CredentialsFingerprint {
    /// Returns the fingerprint of credentials that never change.
    pub fn unchanging() -> Self {
        Self {
            hash: None,
            may_change: false,
        }
    }

    /// Returns the fingerprint of credentials that may change. They are a text, bytes, or a tuple of these.
    pub fn of(credentials: &(impl Hash + ?Sized)) -> Self {
        Self {
            hash: Some(hash_of(credentials)),
            may_change: true,
        }
    }

    /// The fingerprint of credentials that never change, and that another instance may have too.
    pub(crate) fn unchanging_of(credentials: &(impl Hash + ?Sized)) -> Self {
        Self {
            hash: Some(hash_of(credentials)),
            may_change: false,
        }
    }

    pub(crate) fn may_change(&self) -> bool {
        self.may_change
    }

    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        self.may_change() && other.may_change() && self != other
    }

    /// A number that instances with the same credentials share. Credentials that cannot be hashed have one for each process.
    #[cfg(feature = "store")]
    pub(crate) fn shared_hash(&self) -> u64 {
        static OF_PROCESS: OnceLock<u64> = OnceLock::new();
        self.hash
            .unwrap_or_else(|| *OF_PROCESS.get_or_init(|| fastrand::u64(..)))
    }
}

/// The same in every process. With a random key, instances with the same credentials would have different hashes.
///
/// The algorithm may change with a release of Rust. Then instances of two builds count as having different credentials (D11):
/// after a refusal, each build finds out by itself. That costs a few requests, and only while the credentials are wrong.
fn hash_of(credentials: &(impl Hash + ?Sized)) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(credentials)
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
