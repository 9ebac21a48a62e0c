//! What a user set, not yet checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::observe::NoObserver;
use crate::{ClientAuthentication, Observer, Runtime, TokenTarget};
#[cfg(feature = "store")]
use crate::{SealingKey, TokenStore};

pub(crate) struct Settings {
    pub(crate) server: NamedBy,
    pub(crate) issuer: Option<String>,
    pub(crate) grant_type: String,
    pub(crate) revocation_endpoint: Option<String>,
    /// The client's id, and how it authenticates.
    pub(crate) authentication: Option<(String, Box<dyn ClientAuthentication>)>,
    /// What the client's own token is for.
    pub(crate) target: TokenTarget,
    /// What was set more than once, and must not be.
    pub(crate) repeated: Vec<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) max_targets: usize,
    pub(crate) leeway: Duration,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) acquire_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) insecure_http: InsecureHttp,
    pub(crate) token_header: String,
    pub(crate) token_scheme: Option<String>,
    pub(crate) rejecting: Vec<u16>,
    pub(crate) replays: Replays,
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    pub(crate) observer: Arc<dyn Observer>,
    #[cfg(feature = "store")]
    pub(crate) store: StoreSettings,
    /// For the name of a setter, the name that errors use instead: a key, or a variable.
    pub(crate) names: BTreeMap<String, String>,
}

/// How a user named the authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    TokenEndpoint(String),
    Issuer(String),
    /// The metadata of that issuer, by its URL.
    Metadata {
        url: String,
        issuer: String,
    },
}

/// Whether tokens and secrets may be sent unencrypted to other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InsecureHttp {
    Refused,
    Allowed,
}

/// Whether rejected requests are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replays {
    Once,
    Never,
}

impl Settings {
    pub(crate) fn new(server: NamedBy) -> Self {
        Self {
            server,
            issuer: None,
            grant_type: "client_credentials".to_owned(),
            revocation_endpoint: None,
            authentication: None,
            target: TokenTarget::new(),
            repeated: Vec::new(),
            headers: Vec::new(),
            max_targets: 256,
            leeway: Duration::from_secs(10),
            default_lifetime: None,
            acquire_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(5),
            insecure_http: InsecureHttp::Refused,
            token_header: "authorization".to_owned(),
            token_scheme: None,
            rejecting: vec![StatusCode::UNAUTHORIZED.as_u16()],
            replays: Replays::Once,
            runtime: None,
            observer: Arc::new(NoObserver),
            #[cfg(feature = "store")]
            store: StoreSettings::default(),
            names: BTreeMap::new(),
        }
    }

    /// Sets something of what the client's own token is for.
    pub(crate) fn for_target(&mut self, set: impl FnOnce(TokenTarget) -> TokenTarget) {
        self.target = set(std::mem::take(&mut self.target));
    }
}

/// The settings of a store.
#[cfg(feature = "store")]
#[derive(Default)]
pub(crate) struct StoreSettings {
    pub(crate) store: Option<Arc<dyn TokenStore>>,
    pub(crate) sealing_key: Option<SealingKey>,
    pub(crate) previous_sealing_key: Option<SealingKey>,
    pub(crate) prefix: Option<String>,
    pub(crate) timeout: Option<Duration>,
    /// Whether callers wait until the token that they waited for is saved (D8).
    pub(crate) awaits_saves: bool,
}
