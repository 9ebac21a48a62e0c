//! The name of a record in the store (D17).

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue, Uri};

use crate::TokenTarget;
use crate::secret::SecretBytes;

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
    /// A readable prefix, and a hash with the sealing key.
    pub(super) fn store_key(&self, prefix: &str, sealer: &Sealer) -> StoreKey {
        let metadata: Vec<_> = self.metadata.iter().map(Uri::to_string).collect();
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers: Vec<_> = headers.collect();
        let target = self.target;
        let parts = (
            (self.server, metadata, self.grant_type, self.client_id),
            (self.method, headers),
            (&target.scope, &target.resources, &target.audience),
            &target.parameters,
        );
        let mut bytes = SecretBytes::default();
        // Texts and bytes: it cannot fail.
        let _ = serde_json::to_writer(&mut bytes, &parts);
        let hash = sealer.hash("store key", bytes.as_slice());
        let mut key = format!("{prefix}:");
        for byte in hash.iter().take(SHOWN) {
            let _ = write!(key, "{byte:02x}");
        }
        StoreKey::new(key)
    }
}

/// 128 bits: no two records have the same name by accident.
const SHOWN: usize = 16;

#[cfg(test)]
mod tests;
