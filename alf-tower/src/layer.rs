//! The layer: what is set once for all services that it wraps.

use std::sync::Arc;

use alf_core::{Client, ClientBuilder, CustomTransport, TokenManager};
use http::Uri;
use tower_layer::Layer;

use crate::clone_service::CloneService;
use crate::service::Authorization;
use crate::settings::Settings;

/// Puts an OAuth 2.0 token on every request to the service under it.
///
/// It obtains the token with the first request, keeps it, and renews it before it expires. If the service answers 401, it
/// renews the token, and replays the request once.
///
/// # Where to put it
///
/// Put it as near to the HTTP client as possible, and only once. A layer above it sees one call, which includes the wait for a token
/// and the replay. A layer below it sees each request that is sent.
///
/// - Put timeouts and concurrency limits above it. They then include the wait for a token.
/// - The service under it must not follow redirects: a redirect may carry the token to another origin. A layer above it may, such as
///   tower-http's `FollowRedirectLayer`, but each redirect is then a request of its own, which gets a token. Set
///   [`allowed_origins`](ClientBuilder::allowed_origins), so that no other origin gets one.
/// - A request needs an absolute URI, because alf checks its origin: no token is sent over plain `http` (except to loopback), or to an origin that is not
///   in `allowed_origins`. If a service below the layer completes the URIs, set [`base_uri`](Self::base_uri).
/// - If a stack has two layers with clones of one token manager, the lower one does nothing. Do not use two token managers in one
///   stack: the lower layer replaces the token, and each layer replays requests.
///
/// # What is replayed
///
/// A request is replayed if it has no body, or if its body has at most [`replay_limit`](Self::replay_limit) bytes, and is in memory or
/// had ended when the 401 arrived. Otherwise the layer returns the 401, and renews the token for the next request.
///
/// # Examples
///
/// ```
/// use alf_tower::alf_core::TokioRuntime;
/// use alf_tower::{AuthorizationLayer, ReplayBody, token_service};
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use tower::ServiceBuilder;
///
/// # fn example() -> Result<(), alf_tower::alf_core::ConfigError> {
/// let http = Client::builder(TokioExecutor::new());
/// let tokens = AuthorizationLayer::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .runtime(TokioRuntime::new())
///     .build_tokens(token_service(http.build_http()))?; // use a connector with TLS
/// let service = ServiceBuilder::new()
///     .layer(AuthorizationLayer::new(tokens))
///     .service(http.build_http::<ReplayBody<Full<Bytes>>>());
/// # let _ = service;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizationLayer {
    pub(crate) settings: Settings,
}

impl AuthorizationLayer {
    /// Returns a layer with the tokens of this manager, which comes from [`Client::tokens`] or from an adapter's `build_tokens`.
    pub fn new(tokens: TokenManager) -> Self {
        Self {
            settings: Settings::new(tokens),
        }
    }

    /// Returns a builder of a token manager, for the token endpoint at this URL. Give its
    /// [`build_tokens`](ClientBuilder::<CustomTransport>::build_tokens) a [`token_service`](crate::token_service).
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<CustomTransport> {
        Client::builder(token_endpoint)
    }

    /// Returns a builder of a token manager, for the authorization server of this issuer: see [`ClientBuilder::discover`].
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder<CustomTransport> {
        Client::discover(issuer)
    }

    /// Sets how many bytes of a request's body are kept while it is sent, for a replay. Default: 64 KiB. With 0, only requests
    /// without a body are replayed.
    ///
    /// The layer keeps the body until the response arrives. It does not copy the bytes if the body's data is `Bytes`. Each frame counts
    /// as at least 32 bytes, so that the limit also bounds the memory of many small frames.
    #[must_use]
    pub fn replay_limit(mut self, bytes: usize) -> Self {
        self.settings.replay_limit = bytes;
        self
    }

    /// Sets the base URI of requests whose URI has no scheme and host, because a service below the layer adds them. alf checks the
    /// origin of the base URI instead, and does not change the URI of the request.
    ///
    /// If that service sends the requests to another origin, it sends the token there too.
    #[must_use]
    pub fn base_uri(mut self, uri: Uri) -> Self {
        self.settings.base_uri = Some(uri);
        self
    }
}

impl<S: CloneService> Layer<S> for AuthorizationLayer {
    type Service = Authorization<S>;

    fn layer(&self, inner: S) -> Authorization<S> {
        Authorization::new(inner, Arc::new(self.settings.clone()))
    }
}
