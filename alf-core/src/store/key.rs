//! The name of a record in the store.

use crate::TokenTarget;
use crate::config::Config;

use super::StoreKey;
use super::seal::Sealer;

/// The store key of a target: a readable prefix, and a hash of everything that makes a token another one. Instances that
/// differ in any of it, or in the sealing key, never meet.
pub(super) fn store_key(
    prefix: &str,
    sealer: &Sealer,
    server: &str,
    config: &Config,
    target: &TokenTarget,
) -> StoreKey {
    let mut hasher = sealer.hasher("store key");
    hasher.part(server.as_bytes());
    hasher.part(config.client_id.as_bytes());
    hasher.part(target.scope().unwrap_or_default().as_bytes());
    hasher.part(target.audience().unwrap_or_default().as_bytes());
    for resource in target.resources() {
        hasher.part(b"resource");
        hasher.part(resource.as_bytes());
    }
    for (name, value) in &target.parameters {
        hasher.part(b"parameter");
        hasher.part(name.as_bytes());
        hasher.part(value.as_bytes());
    }
    let hash = hasher.finish();
    let mut name = format!("{prefix}:");
    for byte in hash.iter().take(SHOWN) {
        name += &format!("{byte:02x}");
    }
    StoreKey::new(name)
}

/// 128 bits: no two targets meet by accident.
const SHOWN: usize = 16;
