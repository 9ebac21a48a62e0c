//! The client: reqwest's verbs, with a token.

use std::fmt;
use std::sync::Arc;

use alf_core::TokenManager;
use reqwest::{IntoUrl, Method, Request, Response};

use crate::{ClientBuilder, ConfigError, Error, RequestBuilder, ReqwestTransport};

/// A `reqwest::Client` that puts an OAuth 2.0 token on every request.
///
/// It gets the token with the first request, keeps it, renews it before it runs out, and when an
/// API answers 401, renews it and sends the request once more. Clones share the token and the
/// connections; make one client and clone it.
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
    /// By default, requests and token requests go through two clients that alf builds, with reqwest's
    /// defaults, the proxy of the environment among them.
    /// [`configure_http`](ClientBuilder::configure_http) sets a proxy, a certificate authority, a
    /// time-out or a user agent on both. Whatever it sets:
    ///
    /// - requests follow redirects by [`guard_redirects`](crate::guard_redirects) over reqwest's
    ///   default policy, or none, if it sets `Policy::none()`: no other policy that it sets is used.
    /// - token requests follow no redirects, are not retried by reqwest, and keep no connections.
    /// - what goes to loopback does not use a proxy.
    ///
    /// A client that you bring with [`http_client`](ClientBuilder::http_client) keeps its settings.
    /// Two of them decide who sees the token:
    ///
    /// - *Redirects.* reqwest's default policy sends the token again on the second hop at another
    ///   origin. `build()` rejects a client unless it shows that it has `Policy::none()`, or is in
    ///   [`UncheckedRedirects`](crate::UncheckedRedirects): for one that has
    ///   [`guard_redirects`](crate::guard_redirects), for example.
    /// - *Proxies.* Its proxy is used for loopback too, where plain `http` is allowed without
    ///   asking: a proxy of the environment then reads the token. If that matters, give it
    ///   `no_proxy()` or a proxy with exceptions. The same holds for the client's secret and
    ///   [`token_http_client`](ClientBuilder::token_http_client).
    ///
    /// Where a redirect leads is not compared with
    /// [`allowed_origins`](ClientBuilder::allowed_origins): reqwest follows it, without the token.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_reqwest::{Client, ClientSecret};
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", ClientSecret::file("/run/secrets/client"))
    ///     .allowed_origins(["https://api.example.com"])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_reqwest::ConfigError>(())
    /// ```
    ///
    /// A certificate authority, a time-out and a user agent, for requests and token requests:
    ///
    #[cfg_attr(feature = "rustls", doc = "```no_run")]
    #[cfg_attr(not(feature = "rustls"), doc = "```ignore")]
    /// use std::time::Duration;
    ///
    /// use alf_reqwest::Client;
    /// use alf_reqwest::reqwest::Certificate;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let authority = Certificate::from_pem(&std::fs::read("/etc/ssl/our-ca.pem")?)?;
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .configure_http(move |http| {
    ///         http.tls_certs_merge([authority.clone()])
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
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_reqwest::Client;
    ///
    /// let client = Client::discover("https://auth.example.com")
    ///     .client_secret("client-id", "secret")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_reqwest::ConfigError>(())
    /// ```
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder {
        ClientBuilder::discover(issuer)
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

    /// This client with a token of another `scope`, in place of the one that was set. Cheap: it
    /// shares the connections, and the same scope gives the same token; see
    /// [`alf_core::TokenManager::with_scope`].
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        Self::new(self.0.with_scope(scope))
    }

    /// This client with a token for another `resource`, in place of those that were set
    /// ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). As [`with_scope`](Self::with_scope).
    ///
    /// # Errors
    ///
    /// If `resource` is not an absolute URI, or has a fragment.
    pub fn with_resource(&self, resource: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(Self::new(self.0.with_resource(resource)?))
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

    /// Sends a request that was built elsewhere, with a token on it.
    ///
    /// Whatever it had as `Authorization` is replaced. A 401 renews the token and sends the request
    /// once more, if its body is in memory; the 401 of a streaming body is returned. The second
    /// answer is returned, whatever it is.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if reqwest fails: its own error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with reqwest. A renewal that it started goes on for
    /// the others.
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

    /// The token of this client, for what is not sent by it.
    pub fn tokens(&self) -> &TokenManager {
        self.0.tokens()
    }

    /// The client of alf-core under this one, for code that is generic over transports.
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
