//! The check of the settings of a store, and the name of a record in it.

use std::time::Duration;

use crate::store::{RecordName, SharedStore, StoreConfig};
use crate::{ConfigError, TokenTarget};

use super::check::not_zero;
use super::settings::StoreSettings;
use super::{Config, Server};

impl StoreSettings {
    pub(super) fn checked(
        self,
        default_lifetime: Option<Duration>,
        acquire_timeout: Duration,
    ) -> Result<Option<SharedStore>, ConfigError> {
        let (store, sealing_key) = match (self.store, self.sealing_key) {
            (Some(store), Some(sealing_key)) => (store, sealing_key),
            (Some(_), None) => return Err(ConfigError::new("sealing_key", NO_KEY)),
            (None, Some(_)) => return Err(ConfigError::new("sealing_key", NO_STORE)),
            (None, None) => return Ok(None),
        };
        let (key, previous_key) = sealing_key.read()?;
        if self.prefix.is_empty() || !self.prefix.bytes().all(is_allowed) {
            return Err(ConfigError::new("store_prefix", PREFIX));
        }
        Ok(Some(SharedStore::new(StoreConfig {
            store,
            key,
            previous_key,
            prefix: self.prefix,
            timeout: not_zero("store_timeout", self.timeout)?.min(acquire_timeout / OPERATIONS),
            default_lifetime,
        })))
    }
}

impl Config {
    /// What identifies the record of a target (D17).
    pub(crate) fn record_name<'a>(&'a self, target: &'a TokenTarget) -> RecordName<'a> {
        RecordName {
            server: match &self.server {
                Server::Endpoint(endpoint) => &endpoint.written,
                Server::Issuer(issuer) => &issuer.name,
            },
            grant_type: &self.grant_type,
            client_id: &self.client_id,
            method: self.authentication.method(),
            headers: &self.headers,
            target,
        }
    }
}

/// D17: what every store takes in a key.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)
}

/// D13: a read and a lease that are not answered leave half of `acquire_timeout` for an attempt.
const OPERATIONS: u32 = 4;
const NO_KEY: &str = "is not set, but a store is; give a key to store(..), or set sealing_key_file in the ClientConfig";
const NO_STORE: &str = "is set, but no store is; call store(store, None) on the builder";
const PREFIX: &str = "should be letters, digits, `-`, `_`, `.` and `:`, and not empty";
