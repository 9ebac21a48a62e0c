//! What a sealing key does: it seals and opens records, and hashes names and credentials.

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit as _, Mac as _};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::StoreKey;
use super::sealing_key::KeyBytes;

/// A sealing key, ready for use. Sealing and hashing use keys that are derived from it, one for each purpose.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    hash_key: KeyBytes,
}

/// The parts of a hash. Their lengths are hashed too, so that no two lists of parts have the same hash by accident.
pub(super) struct Hasher(Blake2sMac256);

impl Sealer {
    pub(super) fn new(key: &KeyBytes) -> Self {
        let derived = |purpose: &str| {
            let mut hasher = Hasher::new(key);
            hasher.part(purpose.as_bytes());
            hasher.finish()
        };
        Self {
            cipher: XChaCha20Poly1305::new((&*derived("seal")).into()),
            hash_key: derived("hash"),
        }
    }

    /// Seals a value for a key, with a random nonce. `None` if the operating system has no random numbers.
    pub(super) fn seal(&self, key: &StoreKey, value: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = vec![0; NONCE];
        getrandom::fill(&mut sealed).ok()?;
        let nonce = XNonce::try_from(sealed.as_slice()).ok()?;
        let aad = associated_data(key);
        let payload = Payload {
            msg: value,
            aad: &aad,
        };
        sealed.extend(self.cipher.encrypt(&nonce, payload).ok()?);
        Some(sealed)
    }

    /// The value; `None` if it was sealed with another key, for another store key, or was changed.
    pub(super) fn open(&self, key: &StoreKey, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let aad = associated_data(key);
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        self.cipher
            .decrypt(&nonce, payload)
            .ok()
            .map(Zeroizing::new)
    }

    pub(super) fn hasher(&self, purpose: &str) -> Hasher {
        let mut hasher = Hasher::new(&self.hash_key);
        hasher.part(purpose.as_bytes());
        hasher
    }
}

impl Hasher {
    fn new(key: &KeyBytes) -> Self {
        Self(Blake2sMac256::new((&**key).into()))
    }

    pub(super) fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> KeyBytes {
        Zeroizing::new(self.0.finalize().into_bytes().into())
    }
}

fn associated_data(key: &StoreKey) -> Vec<u8> {
    [FORMAT, b"\0", key.as_str().as_bytes()].concat()
}

/// The format of a record. A record of another format does not open.
const FORMAT: &[u8] = b"alf record 1";
const NONCE: usize = 24;

#[cfg(test)]
mod tests;
