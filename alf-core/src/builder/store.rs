//! Settings of the store that instances share.

#[cfg(feature = "store-file")]
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "store-file")]
use crate::FileStore;
use crate::{ClientBuilder, SealingKey, TokenStore};

/// # One token for all instances
impl<A> ClientBuilder<A> {
    /// Sets the store with which the instances of a program share their tokens, and the key that encrypts what alf writes to it. If a
    /// `ClientConfig` sets the key, use `None` here.
    ///
    /// Instances with the same settings together send one token request for each renewal. Calls with a usable token do not use the
    /// store. If the store fails, each instance obtains its own tokens.
    ///
    /// If the key cannot be read, `build()` returns an error.
    ///
    /// Needs the feature `store`. The page `docs/fleet.md` in the repository says when to share tokens, and how.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::{Client, SealingKey, TokenStore};
    ///
    /// fn builder(store: impl TokenStore) {
    ///     Client::builder("https://auth.example.com/token")
    ///         .client_secret("client-id", "secret")
    ///         .store(store, SealingKey::from_file("/run/secrets/sealing-key"));
    /// }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store(
        mut self,
        store: impl TokenStore,
        sealing_key: impl Into<Option<SealingKey>>,
    ) -> Self {
        let settings = &mut self.settings.store;
        #[cfg(feature = "store-file")]
        {
            // D8: its programs may end as soon as they have a token. Those with a server use it for longer than a save takes.
            settings.awaits_saves = (&store as &dyn Any).is::<FileStore>();
        }
        if settings.store.replace(Arc::new(store)).is_some() {
            self.settings.repeated.push("store");
        }
        if let Some(sealing_key) = sealing_key.into() {
            if settings.sealing_key.replace(sealing_key).is_some() {
                self.settings.repeated.push("sealing_key");
            }
        }
        self
    }

    /// Sets the prefix of the keys that alf uses in the store: at most 64 letters, digits, `-`, `_`, `.` and `:`. Default: `alf`.
    ///
    /// Instances with different prefixes do not share tokens. With `tls_client_auth` and `self_signed_tls_client_auth`, a prefix is
    /// required. Give instances with different client certificates different prefixes, because tokens may be bound to the
    /// certificate ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)).
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.store.prefix = Some(prefix.into());
        self
    }

    /// Sets how long one operation of the store may take, at most a quarter of `acquire_timeout`. Default: 1 s, or that
    /// quarter if it is shorter.
    ///
    /// If the store does not answer in this time, a caller without a usable token waits that much longer. Then alf does not use the
    /// store for a while, and each instance obtains its own tokens.
    #[cfg_attr(docsrs, doc(cfg(feature = "store")))]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.settings.store.timeout = Some(timeout);
        self
    }
}
