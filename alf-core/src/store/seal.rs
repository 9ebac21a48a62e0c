//! What a sealing key does: it seals and opens records, and hashes names and credentials.

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit as _, Mac as _};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::StoreKey;
use super::sealing_key::KeyBytes;

/// A sealing key, ready for use.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    key: KeyBytes,
}

impl Sealer {
    pub(crate) fn new(key: KeyBytes) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new((&*hash(&key, "seal", b"")).into()),
            key,
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

    /// A hash that only those who have the key can compute.
    pub(super) fn hash(&self, purpose: &str, bytes: &[u8]) -> KeyBytes {
        hash(&self.key, purpose, bytes)
    }
}

fn hash(key: &KeyBytes, purpose: &str, bytes: &[u8]) -> KeyBytes {
    let mut hasher = Blake2sMac256::new((&**key).into());
    // The 0 ends the purpose: hashes for different purposes have nothing in common.
    for part in [purpose.as_bytes(), b"\0", bytes] {
        hasher.update(part);
    }
    Zeroizing::new(hasher.finalize().into_bytes().into())
}

fn associated_data(key: &StoreKey) -> Vec<u8> {
    [FORMAT, b"\0", key.as_str().as_bytes()].concat()
}

/// The format of a record. A record of another format does not open.
const FORMAT: &[u8] = b"alf record 1";
const NONCE: usize = 24;

#[cfg(test)]
mod tests;
