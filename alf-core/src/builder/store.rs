//! Settings of the store that instances share.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::store::SharedStore;
use crate::{ClientBuilder, ConfigError, SealingKey, TokenStore};

/// # A token for all instances
impl<A> ClientBuilder<A> {
    /// Sets the store with which the instances of a program share their tokens, and the key that seals what is in it.
    ///
    /// Instances with the same settings make one token request for each renewal between them. If the store fails, each
    /// instance obtains tokens on its own: no request fails because of the store.
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store(mut self, store: impl TokenStore, key: SealingKey) -> Self {
        self.settings.store = Some((Arc::new(store), key));
        self
    }

    /// Sets the beginning of the keys that alf uses in the store. Default: `alf`.
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.store_prefix = prefix.into();
        self
    }

    /// Sets how long one operation of the store may take. Default: 1 s.
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.settings.store_timeout = timeout;
        self
    }
}

pub(super) fn shared_store(settings: &mut Settings) -> Result<Option<SharedStore>, ConfigError> {
    let Some((store, key)) = settings.store.take() else {
        return Ok(None);
    };
    let prefix = std::mem::take(&mut settings.store_prefix);
    SharedStore::new(store, &key, prefix, settings.store_timeout).map(Some)
}
