//! The client: the verbs of `reqwest::blocking`, with a token.

use std::fmt;
use std::sync::Arc;

use alf_core::TokenManager;
use reqwest::blocking::{Request, Response};
use reqwest::{IntoUrl, Method};

use super::{ClientBuilder, RequestBuilder, ReqwestTransport};
use crate::{ConfigError, Error, TokenTarget};

/// A `reqwest::blocking::Client` that puts an OAuth 2.0 token on every request.
///
/// It gets the token with the first request, keeps it, renews it before it runs out, and when an
/// API answers 401, renews it and sends the request once more. Clones share the token and the
/// connections; make one client and clone it, or share it by reference.
///
/// # Examples
///
/// ```no_run
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use alf_reqwest::blocking::Client;
///
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .scope("read write")
///     .build()?;
/// let response = client
///     .post("https://api.example.com/things")
///     .header("Content-Type", "application/json")
///     .body(r#"{"name":"a thing"}"#)
///     .send()?
///     .error_for_status()?;
/// # let _ = response;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<alf_core::Client<ReqwestTransport>>);

impl Client {
    pub(super) fn new(core: alf_core::Client<ReqwestTransport>) -> Self {
        Self(Arc::new(core))
    }

    /// Builds a client for the token endpoint at that URL.
    ///
    /// The documentation of [`alf_reqwest::Client::builder`](crate::Client::builder) applies here: what
    /// [`configure_http`](ClientBuilder::configure_http) sets, and how
    /// redirects and proxies decide who sees the token. One thing differs:
    /// reqwest does not show which redirects a blocking client follows. So a client for
    /// [`http_client`](ClientBuilder::http_client) or
    /// [`token_http_client`](ClientBuilder::token_http_client) is always in
    /// [`UncheckedRedirects`](super::UncheckedRedirects): give the former `Policy::none()` or
    /// [`guard_redirects`](crate::guard_redirects), and the latter `Policy::none()`. If the latter
    /// follows redirects all the same, the token request fails, but a second redirect at another
    /// origin has carried the client's secret there by then.
    ///
    /// Its token requests take [`attempt_timeout`](ClientBuilder::attempt_timeout) at most,
    /// whatever its own timeout is; and one that finds no connection may be reported as one that broke
    /// off.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_reqwest::Credential;
    /// use alf_reqwest::blocking::Client;
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", Credential::file("/run/secrets/client"))
    ///     .allowed_origins(["https://api.example.com"])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_reqwest::ConfigError>(())
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
    /// [`ClientConfig::builder`](crate::ClientConfig::builder): `let builder: blocking::ClientBuilder = config.builder()?`.
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
    /// # fn example(client: alf_reqwest::blocking::Client) -> Result<(), alf_reqwest::Error> {
    /// use alf_reqwest::reqwest::Method;
    ///
    /// let response = client.request(Method::OPTIONS, "https://api.example.com/").send()?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let request = self.0.transport().calls().request(method, url);
        RequestBuilder::new(Arc::clone(&self.0), request)
    }

    /// Sends a request that was built elsewhere, with a token on it, and waits for its response.
    ///
    /// Whatever it had as `Authorization` is replaced. A 401 renews the token and sends the request
    /// once more, if its body is in memory; the 401 of a body that is read while it is sent is
    /// returned. The second answer is returned, whatever it is.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if reqwest fails: its own error.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(client: alf_reqwest::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use alf_reqwest::reqwest::Method;
    /// use alf_reqwest::reqwest::blocking::Request;
    ///
    /// let request = Request::new(Method::GET, "https://api.example.com/things".parse()?);
    /// let response = client.execute(request)?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute(&self, request: Request) -> Result<Response, Error> {
        Ok(self.0.send_blocking(request)?)
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
