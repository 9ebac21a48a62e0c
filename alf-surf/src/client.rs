//! The client: surf's verbs, with a token.

use std::fmt;

use futures_util::TryFutureExt;
use surf::http::Method;
use surf::{Config, Request, Response, Url};

use crate::{
    ClientBuilder, ConfigError, Error, RequestBuilder, SurfError, SurfTransport, TokenManager,
    TokenTarget,
};

/// A `surf::Client` that puts an OAuth 2.0 token on every request.
///
/// It gets the token with the first request, keeps it, renews it before it runs out, and when an
/// API answers 401, renews it and sends the request once more. Clones share the token and the
/// connections; make one client and clone it.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use alf_surf::Client;
///
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .scope("read write")
///     .build()?;
/// let name = client
///     .post("https://api.example.com/things")
///     .content_type("application/json")
///     .body(r#"{"name":"a thing"}"#)
///     .recv_string()
///     .await?;
/// # let _ = name;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(alf_core::Client<SurfTransport>);

impl Client {
    pub(crate) fn new(core: alf_core::Client<SurfTransport>) -> Self {
        Self(core)
    }

    /// Builds a client for the token endpoint at that URL.
    ///
    /// # Back ends
    ///
    /// By default, alf builds two surf clients with surf's defaults: one for your requests and one for token requests.
    /// [`configure_http`](ClientBuilder::configure_http) changes the `surf::Config` of both: its headers, its timeout, and its
    /// back end (`set_http_client`).
    ///
    /// If no back end is set, the features select it: `curl-client`, or else `h1-client` or `h1-client-no-tls`. `curl-client` keeps
    /// the connections of your requests. It has the proxy of the environment, and does not use it for loopback. h1 makes a
    /// connection for each request, and knows no proxy.
    ///
    /// # Your own `surf::Client`
    ///
    /// One that you bring with [`http_client`](ClientBuilder::http_client) keeps its back end, its
    /// `surf::Config` and its middleware. Four things to know:
    ///
    /// - *Back ends.* Put alf's under it, `H1Client` or `CurlClient`: surf's own panic over some
    ///   responses (alf makes an error of that), and the pool that surf's `H1Client` has by default
    ///   mixes answers up. A connection whose response, or whose waiting future, was dropped is
    ///   used again, and what is left on it is the next answer. alf reads the remainder of what it gives
    ///   up itself, up to 64 KiB, and never lets go of a connection with more: it is lost, and so
    ///   is its place in the pool, which has 50 for each address.
    /// - *Redirects.* No middleware sees the token: alf puts it on behind the last of them, where
    ///   the URL is still at the origin of the request. So surf's `Redirect` carries it nowhere
    ///   else; but as that tries each URL without the token first, it follows only those redirects
    ///   that a server gives without one. [`FollowRedirects`](crate::FollowRedirects) follows all
    ///   but those that lead back from another origin, with the token on those that stay at the
    ///   origin. A back end that follows redirects by itself is beyond alf's reach: do not bring
    ///   one.
    /// - *Mind the proxy.* Its proxy is used for loopback too, where plain `http` is allowed without
    ///   asking: a proxy of the environment then reads the token. If that matters, make its
    ///   `CurlClient` of an isahc client with `proxy(None)` or a `proxy_blacklist`. The same holds
    ///   for the client's secret and [`token_http_client`](ClientBuilder::token_http_client).
    /// - *Timeouts.* A replay has the time of a request anew, and waiting for a token is not part
    ///   of it.
    ///
    /// Token requests do not go through it. If they need a `surf::Client` of yours too, set
    /// [`token_http_client`](ClientBuilder::token_http_client).
    ///
    /// # Logs
    ///
    /// At the level `TRACE`, isahc, which is beneath `curl-client`, writes all that it sends into
    /// the [`log`](https://docs.rs/log), with the token and the client's secret, as `isahc::wire`;
    /// so does async-h1 under surf's own `H1Client`, as `async_h1`, but not under alf's. Keep these
    /// targets out of your log.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_surf::{Client, Credential};
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", Credential::file("/run/secrets/client"))
    ///     .allowed_origins(["https://api.example.com"])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_surf::ConfigError>(())
    /// ```
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(token_endpoint)
    }

    /// Builds a client for the authorization server of that issuer, whose metadata states where its
    /// token endpoint is ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)): see
    /// [`ClientBuilder::discover`].
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder {
        ClientBuilder::discover(issuer)
    }

    /// Builds a client for the authorization server of that issuer, whose metadata is at that URL: see
    /// [`ClientBuilder::discover_at`].
    pub fn discover_at(url: impl Into<String>, issuer: impl Into<String>) -> ClientBuilder {
        ClientBuilder::discover_at(url, issuer)
    }

    /// Builds a client with the settings of a [`ClientConfig`](crate::ClientConfig). Needs the feature `config`.
    ///
    /// For further settings by code, HTTP settings or an observer, for example, build it from
    /// [`ClientConfig::builder`](crate::ClientConfig::builder): `let builder: ClientBuilder = config.builder()?`.
    ///
    /// # Errors
    ///
    /// If a setting is missing, conflicts with another or is not valid: the error names its key, or
    /// its variable.
    #[cfg(feature = "config")]
    pub fn from_config(config: crate::ClientConfig) -> Result<Self, ConfigError> {
        let builder: ClientBuilder = config.builder()?;
        builder.build()
    }

    /// Builds a client with the settings of the environment: see [`ClientConfig::from_env`](crate::ClientConfig::from_env). Needs the
    /// feature `config`.
    ///
    /// # Errors
    ///
    /// Those of [`ClientConfig::from_env`](crate::ClientConfig::from_env) and of [`from_config`](Self::from_config).
    #[cfg(feature = "config")]
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::from_config(crate::ClientConfig::from_env(prefix)?)
    }

    /// Returns this client with the token of another target: a scope, resources, an audience or parameters. Cheap: it shares the
    /// connections, and the same target gives the same token; see [`alf_core::TokenManager::with`].
    ///
    /// # Errors
    ///
    /// The errors of [`TokenManager::with`](alf_core::TokenManager::with).
    pub fn with(&self, target: TokenTarget) -> Result<Self, ConfigError> {
        Ok(Self(self.0.with(target)?))
    }

    /// Returns this client with a token of another `scope`, in place of the one that was set: see [`with`](Self::with).
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        Self(self.0.with_scope(scope))
    }

    /// Returns this client with a token for another `resource`, in place of those that were set
    /// ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). See [`with`](Self::with).
    #[must_use]
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        Self(self.0.with_resource(resource))
    }

    /// Returns this client with a token for another `audience`: see [`with`](Self::with).
    #[must_use]
    pub fn with_audience(&self, audience: impl Into<String>) -> Self {
        Self(self.0.with_audience(audience))
    }

    /// Starts a `GET` request.
    ///
    /// With the `base_url` of your `surf::Client`, the URL may be a relative one. If it is not
    /// valid, that is reported when the request is sent: surf would panic here.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Get, url)
    }

    /// Starts a `HEAD` request.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Head, url)
    }

    /// Starts a `POST` request.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Post, url)
    }

    /// Starts a `PUT` request.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Put, url)
    }

    /// Starts a `DELETE` request.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Delete, url)
    }

    /// Starts a `CONNECT` request.
    pub fn connect(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Connect, url)
    }

    /// Starts an `OPTIONS` request.
    pub fn options(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Options, url)
    }

    /// Starts a `TRACE` request.
    pub fn trace(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Trace, url)
    }

    /// Starts a `PATCH` request.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::Patch, url)
    }

    /// Starts a request with any method.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_surf::Client) -> Result<(), alf_surf::Error> {
    /// use alf_surf::surf::http::Method;
    ///
    /// let response = client.request(Method::PropFind, "https://api.example.com/").await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        let request = self.url(url.as_ref()).map(|url| {
            let mut request = Request::new(method, url);
            for (name, values) in &self.config().headers {
                request.append_header(name, values);
            }
            request
        });
        RequestBuilder::new(self.0.clone(), request)
    }

    /// Sends a request that was built elsewhere, with a token on it.
    ///
    /// Whatever it had as `Authorization` is replaced. A 401 renews the token and sends the request
    /// once more, if its body is in memory; the 401 of a streaming body is returned. The replay
    /// has the middleware of the request, but not its extensions: surf does not copy them. The
    /// second answer is returned, whatever it is.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if surf fails or panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with surf. A renewal that it started goes on for the
    /// others.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_surf::Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use alf_surf::surf;
    ///
    /// let url = surf::Url::parse("https://api.example.com/things")?;
    /// let mut request = surf::Request::new(surf::http::Method::Put, url);
    /// request.body_json(&["a thing"])?;
    /// let response = client.send(request).await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(
        &self,
        request: impl Into<Request>,
    ) -> impl Future<Output = Result<Response, Error>> + Send + '_ {
        self.0.send(request.into()).err_into()
    }

    /// The `surf::Config` of the requests: that of your own `surf::Client`, or surf's defaults.
    pub fn config(&self) -> &Config {
        self.0.transport().calls().config()
    }

    /// Returns the token manager of this client, for requests that this client does not send.
    pub fn tokens(&self) -> &TokenManager {
        self.0.tokens()
    }

    /// Returns the alf-core client that this client uses, for code that is generic over transports.
    pub fn core(&self) -> &alf_core::Client<SurfTransport> {
        &self.0
    }

    /// As surf does.
    fn url(&self, url: &str) -> Result<Url, SurfError> {
        match &self.config().base_url {
            Some(base) => base.join(url),
            None => url.parse(),
        }
        .map_err(SurfError::new)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("tokens", self.0.tokens())
            .finish_non_exhaustive()
    }
}
