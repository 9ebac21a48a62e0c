//! The client: reqwest's verbs, with a token.

use std::fmt;
use std::sync::Arc;

use alf_core::TokenManager;
use reqwest::{IntoUrl, Method, Request, Response};

use crate::{ClientBuilder, ConfigError, Error, RequestBuilder, ReqwestTransport, TokenTarget};

/// A `reqwest::Client` that puts an OAuth 2.0 token on every request.
///
/// It obtains the token with the first request, keeps it, and renews it before it expires. If an API
/// answers 401, it renews the token and replays the request once. Clones share the token and the
/// connections: build one client and clone it.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use alf_reqwest::Client;
///
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .scope("read write")
///     .build()?;
/// let response = client
///     .post("https://api.example.com/things")
///     .header("Content-Type", "application/json")
///     .body(r#"{"name":"a thing"}"#)
///     .send()
///     .await?
///     .error_for_status()?;
/// # let _ = response;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<alf_core::Client<ReqwestTransport>>);

impl Client {
    pub(crate) fn new(core: alf_core::Client<ReqwestTransport>) -> Self {
        Self(Arc::new(core))
    }

    /// Builds a client for the token endpoint at that URL.
    ///
    /// By default, alf builds two clients: one for your requests and one for token requests. They have
    /// reqwest's defaults, including the proxy of the environment.
    /// [`configure_http`](ClientBuilder::configure_http) sets a proxy, a certificate authority, a
    /// timeout or a user agent on both. Whatever it sets:
    ///
    /// - your requests follow reqwest's default redirect policy with
    ///   [`guard_redirects`](crate::guard_redirects). With `Policy::none()` they follow no redirects. No
    ///   other policy has an effect.
    /// - token requests follow no redirects, are not retried by reqwest, and keep no connections.
    /// - requests to loopback do not use a proxy.
    ///
    /// A client that you bring with [`http_client`](ClientBuilder::http_client) keeps its settings.
    /// Two of them decide who sees the token:
    ///
    /// - *Redirects.* reqwest's default policy sends the token to another origin if that origin
    ///   redirects to itself. `build()` rejects a client unless it shows that it has `Policy::none()`, or is in
    ///   [`UncheckedRedirects`](crate::UncheckedRedirects): for one that has
    ///   [`guard_redirects`](crate::guard_redirects), for example.
    /// - *Proxies.* Its proxy is used for loopback too. Plain `http` is allowed there, so the proxy can
    ///   read the token. If that matters, give it
    ///   `no_proxy()` or a proxy with exceptions. The same holds for the client's secret and
    ///   [`token_http_client`](ClientBuilder::token_http_client).
    ///
    /// alf does not compare the target of a redirect with
    /// [`allowed_origins`](ClientBuilder::allowed_origins): reqwest follows it, without the token.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_reqwest::{Client, Credential};
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", Credential::file("/run/secrets/client"))
    ///     .allowed_origins(["https://api.example.com"])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_reqwest::ConfigError>(())
    /// ```
    ///
    /// A certificate authority, a timeout and a user agent, for requests and token requests:
    ///
    #[cfg_attr(feature = "rustls", doc = "```no_run")]
    #[cfg_attr(not(feature = "rustls"), doc = "```ignore")]
    /// use std::time::Duration;
    ///
    /// use alf_reqwest::Client;
    /// use alf_reqwest::reqwest::Certificate;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// // Check that it is not empty.
    /// let authorities = Certificate::from_pem_bundle(&std::fs::read("/etc/ssl/our-ca.pem")?)?;
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .configure_http(move |http| {
    ///         http.tls_certs_merge(authorities.clone())
    ///             .timeout(Duration::from_secs(5))
    ///             .user_agent("our-service/1.0")
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
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
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alf_reqwest::{Client, ClientConfig};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = std::fs::File::open("/etc/our-service/auth.json")?;
    /// let config: ClientConfig = serde_json::from_reader(file)?;
    /// let client = Client::from_config(config)?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```no_run
    /// // ALF_TOKEN_ENDPOINT, ALF_CLIENT_ID, ALF_CLIENT_SECRET_FILE, …
    /// let client = alf_reqwest::Client::from_env("ALF_")?;
    /// # let _ = client;
    /// # Ok::<(), alf_reqwest::ConfigError>(())
    /// ```
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
        Ok(Self::new(self.0.with(target)?))
    }

    /// Returns this client with a token of another `scope`, in place of the one that was set: see [`with`](Self::with).
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        Self::new(self.0.with_scope(scope))
    }

    /// Returns this client with a token for another `resource`, in place of those that were set
    /// ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). See [`with`](Self::with).
    #[must_use]
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        Self::new(self.0.with_resource(resource))
    }

    /// Returns this client with a token for another `audience`: see [`with`](Self::with).
    #[must_use]
    pub fn with_audience(&self, audience: impl Into<String>) -> Self {
        Self::new(self.0.with_audience(audience))
    }

    /// Starts a `GET` request. An invalid URL is reported when the request is sent, as by reqwest.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Starts a `POST` request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Starts a `PUT` request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Starts a `PATCH` request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Starts a `DELETE` request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Starts a `HEAD` request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Starts a request with any method.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_reqwest::Client) -> Result<(), alf_reqwest::Error> {
    /// use alf_reqwest::reqwest::Method;
    ///
    /// let response = client.request(Method::OPTIONS, "https://api.example.com/").send().await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = self.0.transport().calls().request(method, url);
        RequestBuilder::new(Arc::clone(&self.0), request)
    }

    /// Sends a request that was built elsewhere, with a token.
    ///
    /// The token replaces its `Authorization` header. If the API answers 401, alf renews the token and
    /// sends the request once more, if its body is in memory. For a streaming body, the 401 is returned.
    /// The response to the replay is returned, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if reqwest fails: its own error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with reqwest. A renewal that it started continues
    /// for other callers.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_reqwest::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use alf_reqwest::reqwest::{Method, Request};
    ///
    /// let request = Request::new(Method::GET, "https://api.example.com/things".parse()?);
    /// let response = client.execute(request).await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn execute(&self, request: Request) -> Result<Response, Error> {
        Ok(self.0.send(request).await?)
    }

    /// Returns the token manager of this client, for requests that this client does not send.
    pub fn tokens(&self) -> &TokenManager {
        self.0.tokens()
    }

    /// Returns the alf-core client that this client uses, for code that is generic over transports.
    pub fn core(&self) -> &alf_core::Client<ReqwestTransport> {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("tokens", self.0.tokens())
            .finish_non_exhaustive()
    }
}
