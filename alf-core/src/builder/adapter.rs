//! [`Adapter`]: what an HTTP library brings to the builder.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;

use crate::{Client, ConfigError, Runtime, TokenTransport, Transport};

/// Connects an HTTP library to the [`ClientBuilder`](crate::ClientBuilder). It is for those who write an adapter.
///
/// With an adapter, users call `.build()` and get the adapter's own client. Without an adapter, users give their transport
/// to [`build`](crate::ClientBuilder::<crate::CustomTransport>::build).
pub trait Adapter: Default + Sized + 'static {
    /// The library's own client, with its proxy, TLS, timeouts and pool. It may be a type that this client converts
    /// into.
    type HttpClient: 'static;
    /// The library's own builder of that client.
    type HttpClientBuilder: 'static;
    /// The transport that uses that client.
    type Transport: Transport + TokenTransport;
    /// What [`build`](crate::ClientBuilder::build) returns: the adapter's own client.
    type Client;

    /// Returns the HTTP clients that the user has set, and the settings of the clients that the adapter builds.
    fn http_clients(&mut self) -> &mut HttpClients<Self::HttpClient, Self::HttpClientBuilder>;

    /// Returns the transport. It uses the user's clients. If one is not set, the adapter builds a client with the
    /// library's defaults and the user's settings.
    ///
    /// Apply the user's settings first, and then the settings that keep a token or a secret from other origins.
    ///
    /// # Errors
    ///
    /// If the library cannot build a client.
    fn transport(self) -> Result<Self::Transport, ConfigError>;

    /// Returns a transport that sends only the user's requests, because the user has set a
    /// [`token_transport`](crate::ClientBuilder::token_transport). It needs no client for token requests:
    /// [`exchange`](TokenTransport::exchange) is not called.
    ///
    /// # Errors
    ///
    /// If the library cannot build a client.
    fn call_transport(self) -> Result<Self::Transport, ConfigError>;

    /// Returns a transport that sends only token requests. It needs no client for the user's requests.
    ///
    /// # Errors
    ///
    /// If the library cannot build a client.
    fn token_transport(self) -> Result<Self::Transport, ConfigError>;

    /// Returns the runtime that the transport needs.
    fn runtime() -> Arc<dyn Runtime>;

    /// Wraps a client in the adapter's own.
    fn client(client: Client<Self::Transport>) -> Self::Client;
}

/// The HTTP clients that a user has set, and the settings of the clients that the adapter builds.
#[derive(Debug)]
#[non_exhaustive]
pub struct HttpClients<H, B> {
    /// The client for the user's requests.
    pub calls: Option<H>,
    /// The client for token requests.
    pub tokens: Option<H>,
    /// The settings of the clients that the adapter builds.
    pub settings: HttpSettings<B>,
    /// The header of the user's requests that has the token: `Authorization`, unless the user has set another one with
    /// [`token_header`](crate::ClientBuilder::token_header). A redirect must not carry it to another origin (X4).
    pub token_header: HeaderName,
}

/// The user's settings for the HTTP clients that an adapter builds. The user sets them with
/// [`configure_http`](crate::ClientBuilder::configure_http).
pub struct HttpSettings<B>(Option<Arc<Configure<B>>>);

type Configure<B> = dyn Fn(B) -> B + Send + Sync;

/// Which HTTP clients are used.
pub(super) struct Uses {
    pub(super) calls: bool,
    pub(super) tokens: bool,
}

impl<H, B: 'static> HttpClients<H, B> {
    /// Checks that no setting is without effect.
    pub(super) fn check(&self, uses: &Uses) -> Result<(), ConfigError> {
        let builds_none =
            (self.calls.is_some() || !uses.calls) && (self.tokens.is_some() || !uses.tokens);
        let (setting, problem) = if self.calls.is_some() && !uses.calls {
            ("http_client", NO_CALLS)
        } else if self.tokens.is_some() && !uses.tokens {
            ("token_transport", TWO_FOR_TOKENS)
        } else if self.settings.is_set() && builds_none {
            ("configure_http", BUILDS_NONE)
        } else {
            return Ok(());
        };
        Err(ConfigError::new(setting, problem))
    }
}

impl<B: 'static> HttpSettings<B> {
    /// Applies the user's settings to the library's builder, and returns the builder.
    pub fn apply(&self, builder: B) -> B {
        match &self.0 {
            Some(configure) => configure(builder),
            None => builder,
        }
    }

    /// Returns whether the user has set anything.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Adds to what was set before.
    pub(super) fn add(&mut self, configure: impl Fn(B) -> B + Send + Sync + 'static) {
        self.0 = Some(match self.0.take() {
            Some(earlier) => Arc::new(move |builder| configure(earlier(builder))),
            None => Arc::new(configure),
        });
    }
}

impl<H, B> Default for HttpClients<H, B> {
    fn default() -> Self {
        Self {
            calls: None,
            tokens: None,
            settings: HttpSettings::default(),
            token_header: AUTHORIZATION,
        }
    }
}

impl<B> Default for HttpSettings<B> {
    fn default() -> Self {
        Self(None)
    }
}

// A derived one would ask for `B: Clone`.
impl<B> Clone for HttpSettings<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B> fmt::Debug for HttpSettings<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings").finish_non_exhaustive()
    }
}

const NO_CALLS: &str =
    "is for your requests, and a token manager sends only token requests; use token_http_client";
const TWO_FOR_TOKENS: &str =
    "conflicts with token_http_client, as both send the token requests; remove one of them";
const BUILDS_NONE: &str = "has no effect, because alf builds no HTTP client: remove it, or one of http_client, \
                           token_http_client and token_transport";
