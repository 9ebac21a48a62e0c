//! The name of a record in the store (D17).

use http::{HeaderName, HeaderValue, Uri};

use crate::TokenTarget;

use super::StoreKey;
use super::seal::Sealer;

/// What the store key of a token target consists of. Instances that differ in any of it have different records.
pub(crate) struct RecordName<'a> {
    /// The token endpoint, or the issuer.
    pub(crate) server: &'a str,
    /// Where the issuer's metadata may be. It names the token endpoint, and some servers have several for one issuer.
    pub(crate) metadata: &'a [Uri],
    pub(crate) grant_type: &'a str,
    pub(crate) client_id: &'a str,
    /// A token may be bound to the certificate that this method uses (RFC 8705).
    pub(crate) method: Option<&'a str>,
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    pub(crate) target: &'a TokenTarget,
}

impl RecordName<'_> {
    /// A readable prefix, and a hash with a key that depends on the sealing key.
    pub(super) fn store_key(&self, prefix: &str, sealer: &Sealer) -> StoreKey {
        let target = self.target;
        let mut hasher = sealer.hasher("store key");
        for text in [
            self.server,
            self.grant_type,
            self.client_id,
            self.method.unwrap_or_default(),
            target.scope().unwrap_or_default(),
            target.audience().unwrap_or_default(),
        ] {
            hasher.part(text.as_bytes());
        }
        for url in self.metadata {
            hasher.part(b"metadata");
            hasher.part(url.to_string().as_bytes());
        }
        for resource in target.resources() {
            hasher.part(b"resource");
            hasher.part(resource.as_bytes());
        }
        for (name, value) in &target.parameters {
            hasher.part(b"parameter");
            hasher.part(name.as_bytes());
            hasher.part(value.as_bytes());
        }
        for (name, value) in self.headers {
            hasher.part(b"header");
            hasher.part(name.as_str().as_bytes());
            hasher.part(value.as_bytes());
        }
        let hash = hasher.finish();
        let mut key = format!("{prefix}:");
        key.extend(hash.iter().take(SHOWN).flat_map(|byte| hex_digits(*byte)));
        StoreKey::new(key)
    }
}

fn hex_digits(byte: u8) -> impl Iterator<Item = char> {
    let digits = [byte >> 4, byte & 15];
    let digits = digits.into_iter();
    digits.filter_map(|digit| char::from_digit(digit.into(), 16))
}

/// 128 bits: no two records have the same name by accident.
const SHOWN: usize = 16;

#[cfg(test)]
mod tests;
