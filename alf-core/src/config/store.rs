//! The check of the settings of a store, and the name of a record in it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Uri;

use crate::machine::{LONGEST_SHARED_ATTEMPT, Refusal, StoreHealth};
use crate::store::{Sealer, SharedStore, TargetRecord};
use crate::{ConfigError, TokenTarget};

use super::check::not_zero;
use super::settings::StoreSettings;
use super::{Config, Server};

impl StoreSettings {
    pub(super) fn checked(
        self,
        acquire_timeout: Duration,
        attempt_timeout: Duration,
        method: Option<&str>,
    ) -> Result<Option<Arc<SharedStore>>, ConfigError> {
        let Some(store) = self.store else {
            let set = [
                ("sealing_key", self.sealing_key.is_some()),
                ("previous_sealing_key", self.previous_sealing_key.is_some()),
                ("store_prefix", self.prefix.is_some()),
                ("store_timeout", self.timeout.is_some()),
            ];
            let without_store = set.into_iter().find(|(_, is_set)| *is_set);
            return without_store.map_or(Ok(None), |(setting, _)| wrong(setting, NO_STORE));
        };
        let Some(mut sealing_key) = self.sealing_key else {
            return wrong("sealing_key", NO_KEY);
        };
        if let Some(previous) = self.previous_sealing_key {
            sealing_key = sealing_key.with_previous(previous);
        }
        let (key, previous_key) = sealing_key.checked()?;
        if LONGEST_SHARED_ATTEMPT < attempt_timeout.min(acquire_timeout) {
            return wrong("attempt_timeout", LONG_ATTEMPT);
        }
        Ok(Some(Arc::new(SharedStore {
            store,
            sealer: Sealer::new(key),
            previous: previous_key.map(Sealer::new),
            prefix: prefix(self.prefix, method)?,
            timeout: timeout(self.timeout, acquire_timeout)?,
            awaits_saves: self.awaits_saves,
            health: Mutex::new(StoreHealth::new()),
            refusal: Mutex::new(Refusal::none()),
        })))
    }
}

impl Config {
    /// The record that instances with the same settings share, if the client has a store (D17).
    pub(crate) fn record(&self, target: &TokenTarget) -> Option<TargetRecord> {
        let store = Arc::clone(self.store.as_ref()?);
        let (server, metadata) = match &self.server {
            Server::Endpoint(endpoint) => (&endpoint.written, [].as_slice()),
            // It names the token endpoint, and some servers have several for one issuer.
            Server::Issuer(issuer) => (&issuer.name, issuer.documents.as_slice()),
        };
        let metadata: Vec<_> = metadata.iter().map(Uri::to_string).collect();
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers: Vec<_> = headers.collect();
        let TokenTarget {
            scope,
            resources,
            audience,
            parameters,
            // It is only about requests to APIs.
            allowed_origins: _,
        } = target;
        let name = (
            (server, metadata, &self.grant_type, &self.client_id),
            // A token may be bound to the certificate that the method uses (RFC 8705).
            (self.authentication.method(), headers),
            (scope, resources, audience, parameters),
        );
        Some(TargetRecord::new(store, &name, self.acquire_timeout))
    }
}

/// D17: what every store takes in a key. With a client certificate, only the user knows which instances have the same one.
fn prefix(prefix: Option<String>, method: Option<&str>) -> Result<String, ConfigError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let is_by_certificate = matches!(
        method,
        Some("tls_client_auth" | "self_signed_tls_client_auth")
    );
    match prefix {
        None if is_by_certificate => wrong("store_prefix", NO_PREFIX),
        None => Ok("alf".to_owned()),
        Some(prefix)
            if (1..=LONGEST_PREFIX).contains(&prefix.len()) && prefix.bytes().all(is_allowed) =>
        {
            Ok(prefix)
        }
        Some(_) => wrong("store_prefix", PREFIX),
    }
}

/// D13
fn timeout(timeout: Option<Duration>, acquire_timeout: Duration) -> Result<Duration, ConfigError> {
    let longest = acquire_timeout / OPERATIONS;
    match timeout {
        None => Ok(DEFAULT_TIMEOUT.min(longest)),
        Some(timeout) if longest < timeout => {
            let problem = format!(
                "is longer than a quarter of acquire_timeout ({longest:?}); set a shorter one, or a \
                 longer acquire_timeout"
            );
            Err(ConfigError::new("store_timeout", problem))
        }
        Some(timeout) => not_zero("store_timeout", timeout),
    }
}

fn wrong<T>(setting: &'static str, problem: &'static str) -> Result<T, ConfigError> {
    Err(ConfigError::new(setting, problem))
}

/// A read and a lease that are not answered leave half of `acquire_timeout` for an attempt.
const OPERATIONS: u32 = 4;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
/// With it, a store key has fewer characters than a file name or a key of memcached may have, also percent-encoded.
const LONGEST_PREFIX: usize = 64;
const NO_PREFIX: &str = "is not set, but tokens may be bound to the client certificate, which alf does not know; set one that only \
                         instances with the same certificate have";
const PREFIX: &str = "should be 1 to 64 letters, digits, `-`, `_`, `.` and `:`";
const LONG_ATTEMPT: &str = "is longer than 14 s, and no attempt may take longer if instances share a store; set a \
                            shorter one";
const NO_KEY: &str = "is not set, but a store is; give a key to store(..), or set sealing_key_file in the ClientConfig";
const NO_STORE: &str = "is set, but no store is; call store(..) on the builder";

#[cfg(test)]
pub(super) mod tests;
