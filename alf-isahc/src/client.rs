//! The client: isahc's verbs, with a token.

use std::fmt;
use std::future::ready;
use std::pin::Pin;

use futures_util::TryFutureExt;
use isahc::http::{self, Uri};
use isahc::{AsyncBody, Body, Request, Response};

use crate::{ClientBuilder, ConfigError, Error, IsahcTransport, TokenManager, TokenTarget, body};

/// An `isahc::HttpClient` that puts an OAuth 2.0 token on every request.
///
/// It gets the token with the first request, keeps it, renews it before it runs out, and when an
/// API answers 401, renews it and sends the request once more. Clones share the token and the
/// connections; make one client and clone it.
///
/// Each method is there twice, as with isahc: the one whose name ends in `_async` gives a future
/// for any executor, the other one waits. The latter may be called from anywhere, an async task
/// included: isahc works on threads of its own, so it cannot deadlock, but it holds up the other
/// tasks of that executor's thread.
///
/// Mind [`RequestExt`](isahc::RequestExt): `request.send()` is isahc's own, and goes out without a
/// token. It is `client.send(request)` here.
///
/// # Examples
///
/// ```no_run
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use alf_isahc::Client;
/// use alf_isahc::isahc::Request;
///
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .scope("read write")
///     .build()?;
/// let request = Request::post("https://api.example.com/things")
///     .header("Content-Type", "application/json")
///     .body(r#"{"name":"a thing"}"#)?;
/// let response = client.send(request)?;
/// # let _ = response;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    core: alf_core::Client<IsahcTransport>,
}

impl Client {
    pub(crate) fn new(core: alf_core::Client<IsahcTransport>) -> Self {
        Self { core }
    }

    /// Builds a client for the token endpoint at that URL.
    ///
    /// By default, requests and token requests go through two clients that alf builds, with isahc's
    /// defaults: no redirect is followed unless a request asks for it, there is no timeout, and the
    /// proxy is that of the environment. [`configure_http`](ClientBuilder::configure_http) sets a
    /// proxy, a certificate authority, a timeout or a user agent on both. Whatever it sets, token
    /// requests follow no redirects and keep no connections, and what goes to loopback does not use a
    /// proxy, whatever proxy a request asks for.
    ///
    /// A client that you bring with [`http_client`](ClientBuilder::http_client) keeps its settings.
    /// What they mean for the token:
    ///
    /// - *Redirects.* isahc drops `Authorization` where a redirect leaves the origin, for good. A
    ///   token request follows none, whatever the policy of
    ///   [`token_http_client`](ClientBuilder::token_http_client). Where a redirect leads is not
    ///   compared with [`allowed_origins`](ClientBuilder::allowed_origins).
    /// - *Proxies.* Its proxy is used for loopback too, where plain `http` is allowed without
    ///   asking: a proxy of the environment then reads the token. If that matters, give it
    ///   `proxy(None)` or a `proxy_blacklist`. The same holds for the client's secret and
    ///   `token_http_client`.
    ///
    /// # The log
    ///
    /// isahc writes raw headers into the log, the token among them: at TRACE over HTTP/1, at DEBUG
    /// over HTTP/2. Requests that are sent through this client are kept out of `tracing`'s log; that
    /// fails where any crate of the build enables `tracing`'s own feature `log`, as isahc's feature
    /// of that name does. There, have the filter of your log say `isahc=info`.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_isahc::{Client, Credential};
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", Credential::file("/run/secrets/client"))
    ///     .allowed_origins(["https://api.example.com"])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_isahc::ConfigError>(())
    /// ```
    ///
    /// A timeout and a user agent, for requests and token requests:
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use alf_isahc::Client;
    /// use alf_isahc::isahc::config::Configurable;
    ///
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .configure_http(|http| {
    ///         http.timeout(Duration::from_secs(5))
    ///             .default_header("User-Agent", "our-service/1.0")
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_isahc::ConfigError>(())
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
        Ok(Self::new(self.core.with(target)?))
    }

    /// Returns this client with a token of another `scope`, in place of the one that was set: see [`with`](Self::with).
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        Self::new(self.core.with_scope(scope))
    }

    /// Returns this client with a token for another `resource`, in place of those that were set
    /// ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). See [`with`](Self::with).
    #[must_use]
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        Self::new(self.core.with_resource(resource))
    }

    /// Returns this client with a token for another `audience`: see [`with`](Self::with).
    #[must_use]
    pub fn with_audience(&self, audience: impl Into<String>) -> Self {
        Self::new(self.core.with_audience(audience))
    }

    /// Sends a `GET` request.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send); [`Error::Transport`] if the URI is not valid.
    pub fn get<U>(&self, uri: U) -> Result<Response<Body>, Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built(Request::get(uri).body(()))
    }

    /// [`get`](Self::get), as a future.
    pub fn get_async<U>(&self, uri: U) -> ResponseFuture<'_>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built_async(Request::get(uri).body(()))
    }

    /// Sends a `HEAD` request.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn head<U>(&self, uri: U) -> Result<Response<Body>, Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built(Request::head(uri).body(()))
    }

    /// [`head`](Self::head), as a future.
    pub fn head_async<U>(&self, uri: U) -> ResponseFuture<'_>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built_async(Request::head(uri).body(()))
    }

    /// Sends a `POST` request. A body in memory can be replayed, a reader cannot: its 401 is
    /// returned.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn post<U, B>(&self, uri: U, body: B) -> Result<Response<Body>, Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
        B: Into<Body>,
    {
        self.send_built(Request::post(uri).body(body))
    }

    /// [`post`](Self::post), as a future.
    pub fn post_async<U, B>(&self, uri: U, body: B) -> ResponseFuture<'_>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
        B: Into<AsyncBody>,
    {
        self.send_built_async(Request::post(uri).body(body))
    }

    /// Sends a `PUT` request. A body in memory can be replayed, a reader cannot: its 401 is
    /// returned.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn put<U, B>(&self, uri: U, body: B) -> Result<Response<Body>, Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
        B: Into<Body>,
    {
        self.send_built(Request::put(uri).body(body))
    }

    /// [`put`](Self::put), as a future.
    pub fn put_async<U, B>(&self, uri: U, body: B) -> ResponseFuture<'_>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
        B: Into<AsyncBody>,
    {
        self.send_built_async(Request::put(uri).body(body))
    }

    /// Sends a `DELETE` request.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn delete<U>(&self, uri: U) -> Result<Response<Body>, Error>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built(Request::delete(uri).body(()))
    }

    /// [`delete`](Self::delete), as a future.
    pub fn delete_async<U>(&self, uri: U) -> ResponseFuture<'_>
    where
        Uri: TryFrom<U>,
        <Uri as TryFrom<U>>::Error: Into<http::Error>,
    {
        self.send_built_async(Request::delete(uri).body(()))
    }

    /// Sends a request that was built elsewhere, with a token on it, and waits for the response.
    ///
    /// Whatever it had as `Authorization` is replaced. A 401 renews the token and sends the request
    /// once more, with its isahc settings, if its body is in memory; the 401 of a reader is returned.
    /// The second answer is returned, whatever it is.
    ///
    /// A reader is read on a thread of its own, as fast as it is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if isahc fails: its own error.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(client: alf_isahc::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::fs::File;
    /// use std::time::Duration;
    ///
    /// use alf_isahc::isahc::config::Configurable;
    /// use alf_isahc::isahc::{Body, ReadResponseExt, Request};
    ///
    /// let request = Request::put("https://api.example.com/things/1")
    ///     .timeout(Duration::from_secs(30))
    ///     .body(Body::from_reader(File::open("thing")?))?;
    /// let mut response = client.send(request)?;
    /// response.copy_to_file("answer")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Response<Body>, Error> {
        let request = request.map(|body| body::into_async(body.into()));
        let response = self.core.send_blocking(request)?;
        Ok(response.map(body::into_sync))
    }

    /// [`send`](Self::send), as a future.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with isahc. A renewal that it started goes on for
    /// the others.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_isahc::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use alf_isahc::isahc::config::{Configurable, RedirectPolicy};
    /// use alf_isahc::isahc::{AsyncReadResponseExt, Request};
    ///
    /// let request = Request::get("https://api.example.com/things")
    ///     .redirect_policy(RedirectPolicy::Limit(3))
    ///     .body(())?;
    /// let mut response = client.send_async(request).await?;
    /// let bytes = response.bytes().await?;
    /// # let _ = bytes;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_async<B: Into<AsyncBody>>(&self, request: Request<B>) -> ResponseFuture<'_> {
        Box::pin(self.core.send(request.map(Into::into)).err_into())
    }

    /// Sends a request without a token: to an endpoint of the same API that needs none. An `Authorization` that you set
    /// stays. Nothing is replayed.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if isahc fails.
    pub fn send_without_token<B: Into<Body>>(
        &self,
        request: Request<B>,
    ) -> Result<Response<Body>, Error> {
        let request = request.map(|body| body::into_async(body.into()));
        let response = self.core.send_without_token_blocking(request)?;
        Ok(response.map(body::into_sync))
    }

    /// [`send_without_token`](Self::send_without_token), as a future.
    pub fn send_without_token_async<B: Into<AsyncBody>>(
        &self,
        request: Request<B>,
    ) -> ResponseFuture<'_> {
        let request = request.map(Into::into);
        Box::pin(self.core.send_without_token(request).err_into())
    }

    /// Returns the token manager of this client, for requests that this client does not send.
    pub fn tokens(&self) -> &TokenManager {
        self.core.tokens()
    }

    /// Returns the alf-core client that this client uses, for code that is generic over transports.
    pub fn core(&self) -> &alf_core::Client<IsahcTransport> {
        &self.core
    }

    fn send_built<B: Into<Body>>(
        &self,
        request: http::Result<Request<B>>,
    ) -> Result<Response<Body>, Error> {
        self.send(request?)
    }

    fn send_built_async<B: Into<AsyncBody>>(
        &self,
        request: http::Result<Request<B>>,
    ) -> ResponseFuture<'_> {
        match request {
            Ok(request) => self.send_async(request),
            Err(error) => Box::pin(ready(Err(error.into()))),
        }
    }
}

/// The future of a request.
pub type ResponseFuture<'c> =
    Pin<Box<dyn Future<Output = Result<Response<AsyncBody>, Error>> + Send + 'c>>;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("tokens", self.core.tokens())
            .finish_non_exhaustive()
    }
}
