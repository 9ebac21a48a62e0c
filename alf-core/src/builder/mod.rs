//! The builder of clients and token managers, for every HTTP library.

// rustdoc shows the setters in this order: the server, the client's authentication, the store, HTTP, token requests,
// requests, then those of this file.
mod server;

mod authentication;

#[cfg(feature = "store")]
mod store;

mod http_clients;

mod token_request;

mod requests;

mod adapter;

pub use adapter::{Adapter, HttpClients, HttpSettings};

use adapter::Uses;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Settings};
use crate::ports::Ports;
use crate::{
    Client, ConfigError, Observer, Runtime, ThreadRuntime, TokenManager, TokenTransport, Transport,
};

/// The [`ClientBuilder`] parameter for transports without an adapter: `build` takes the transport.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct CustomTransport;

/// Builds a client from the token endpoint, the client authentication, and further settings.
///
/// `A` is the adapter of the HTTP library. The settings are the same for all adapters. Nothing is sent,
/// and no task starts, before the first request.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use alf_core::Client;
///
/// Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .scope("read write")
///     .allowed_origins(["https://api.example.com"])
///     .acquire_timeout(Duration::from_secs(5));
/// ```
#[must_use = "a builder does nothing before it is built"]
pub struct ClientBuilder<A> {
    pub(crate) settings: Settings,
    adapter: A,
    token_transport: Option<Arc<dyn TokenTransport>>,
}

impl Client<()> {
    /// Returns a builder for the token endpoint at this URL, for a transport of your own.
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<CustomTransport> {
        ClientBuilder::new(token_endpoint)
    }

    /// Returns a builder for the authorization server of this issuer, for a transport of your own: see
    /// [`ClientBuilder::discover`].
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder<CustomTransport> {
        ClientBuilder::discover(issuer)
    }

    /// Returns a builder for the authorization server of this issuer, whose metadata is at this URL, for a transport of your
    /// own: see [`ClientBuilder::discover_at`].
    pub fn discover_at(
        url: impl Into<String>,
        issuer: impl Into<String>,
    ) -> ClientBuilder<CustomTransport> {
        ClientBuilder::discover_at(url, issuer)
    }
}

impl<A> ClientBuilder<A> {
    /// Sets how many token targets a client keeps in addition to its own: see [`TokenManager::with`].
    /// Default: 256.
    ///
    /// A target needs about 4 KiB of memory, plus 16 times the length of its token.
    pub fn max_targets(mut self, targets: usize) -> Self {
        self.settings.max_targets = targets;
        self
    }

    /// Sets how long before its expiry a token is no longer used. Default: 10 s, but never more than a
    /// tenth of the token's lifetime.
    ///
    /// alf renews a token long before that: after 70 to 80 % of its lifetime.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// Sets the lifetime of a token if the server does not state one. Default: such a token is used until
    /// it is rejected.
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.default_lifetime = Some(lifetime);
        self
    }

    /// Sets the longest time that a caller waits for a token. Default: 10 s.
    ///
    /// If the answer to a request is a 401, its caller may wait a second time, for the token of the
    /// replay.
    ///
    /// If one token request of your server may take more than 5 s, raise
    /// [`attempt_timeout`](Self::attempt_timeout) too.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.settings.acquire_timeout = timeout;
        self
    }

    /// Sets the longest time that one token request may take before alf tries again. Default: 5 s. It
    /// never exceeds the remaining [`acquire_timeout`](Self::acquire_timeout).
    ///
    /// Raise both if the server may be busy for longer. An attempt that is given up may already have
    /// waited for most of its time, and the next one waits from the start. An example is a server with
    /// few threads that keeps one for each open connection: a token request waits until it closes one.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = timeout;
        self
    }

    /// Sets the runtime, which runs acquisitions and has the clocks. Default: the runtime that the
    /// adapter's HTTP library needs; without an adapter, [`ThreadRuntime`].
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.settings.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sets the transport that sends token requests, if the adapter's HTTP library or your transport should not send
    /// them: another library, a recording, or a test without sockets. Default: the transport that sends your requests.
    ///
    /// It must keep the promises of [`TokenTransport`]. The adapter then builds no HTTP client for token requests, and
    /// settings for such a client conflict with it.
    ///
    /// # Examples
    ///
    /// This server expects JSON in place of a form, and puts the token response into `data`. The transport converts
    /// both, and uses another transport to send them:
    ///
    /// ```
    /// use alf_core::{
    ///     Client, ExchangeError, ExchangeOptions, Redirects, TokenTransport, from_blocking_fn,
    /// };
    /// use bytes::Bytes;
    /// use http::{HeaderValue, Request, Response, header};
    /// use percent_encoding::percent_decode_str;
    /// use serde_json::Value;
    ///
    /// struct InJson<T>(T);
    ///
    /// #[async_trait::async_trait]
    /// impl<T: TokenTransport> TokenTransport for InJson<T> {
    ///     async fn exchange(
    ///         &self,
    ///         request: Request<Bytes>,
    ///         options: &ExchangeOptions,
    ///     ) -> Result<Response<Bytes>, ExchangeError> {
    ///         let mut request = request.map(to_json);
    ///         let json = HeaderValue::from_static("application/json");
    ///         request.headers_mut().insert(header::CONTENT_TYPE, json);
    ///         let response = self.0.exchange(request, options).await?;
    ///         Ok(response.map(to_token_response))
    ///     }
    /// }
    ///
    /// /// From `grant_type=client_credentials&scope=read%20write`.
    /// fn to_json(form: Bytes) -> Bytes {
    ///     let form = String::from_utf8_lossy(&form);
    ///     let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    ///     let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    ///     let members = pairs.map(|(name, value)| (decoded(name), Value::String(decoded(value))));
    ///     Value::Object(members.collect()).to_string().into()
    /// }
    ///
    /// /// From `{"status":0,"data":{"access_token":"…"}}`. alf explains any other answer.
    /// fn to_token_response(answer: Bytes) -> Bytes {
    ///     match serde_json::from_slice::<Value>(&answer) {
    ///         Ok(answer) if answer["data"].is_object() => answer["data"].to_string().into(),
    ///         Ok(_) | Err(_) => answer,
    ///     }
    /// }
    ///
    /// # fn my_library(request: Request<Bytes>) -> Result<Response<std::io::Cursor<String>>, std::io::Error> {
    /// #     let mut answer = "things".to_owned();
    /// #     if request.uri().path() == "/token" {
    /// #         let json: Value = serde_json::from_slice(request.body()).unwrap();
    /// #         assert_eq!(json["grant_type"], "client_credentials");
    /// #         assert_eq!(json["scope"], "read write");
    /// #         assert_eq!(json["client_secret"], "secret");
    /// #         assert_eq!(request.headers()["content-type"], "application/json");
    /// #         answer = r#"{"status":0,"data":{"access_token":"a-token","expires_in":60}}"#.to_owned();
    /// #     } else {
    /// #         assert_eq!(request.headers()["authorization"], "Bearer a-token");
    /// #     }
    /// #     Ok(Response::new(std::io::Cursor::new(answer)))
    /// # }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret_post("client-id", "secret")
    ///     .scope("read write")
    ///     .token_transport(InJson(from_blocking_fn(Redirects::NotFollowed, my_library)))
    ///     .build(from_blocking_fn(Redirects::NotFollowed, my_library))?;
    /// let request = Request::get("https://api.example.com/things").body(Bytes::new())?;
    /// let response = client.send_blocking(request)?;
    /// # assert_eq!(response.into_body().into_inner(), "things");
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_transport(mut self, token_transport: impl TokenTransport) -> Self {
        self.token_transport = Some(Arc::new(token_transport));
        self
    }

    /// Sets the observer, which receives the client's events. A pair of observers is an observer too, for
    /// example for logs and metrics. Default: none.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.settings.observer = Arc::new(observer);
        self
    }
}

impl<A: Adapter> ClientBuilder<A> {
    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If a setting is missing, is not valid, or conflicts with another. The error names the setting.
    pub fn build(mut self) -> Result<A::Client, ConfigError> {
        let config = Config::parse(self.settings)?;
        let http_clients = self.adapter.http_clients();
        http_clients.check(&Uses {
            calls: true,
            tokens: self.token_transport.is_none(),
        })?;
        http_clients.token_header = config.presentation.header.clone();
        let (transport, token_transport) = if let Some(own) = self.token_transport {
            (Arc::new(self.adapter.call_transport()?), own)
        } else {
            let transport = Arc::new(self.adapter.transport()?);
            (Arc::clone(&transport), transport as Arc<dyn TokenTransport>)
        };
        let tokens = TokenManager::new(Ports::new(config, token_transport, A::runtime));
        Ok(A::client(Client::new(transport, tokens)))
    }

    /// Builds a token manager without a client, for programs that send their requests themselves. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The errors of [`build`](Self::build). Also if [`http_client`](Self::http_client) is set: a token manager sends only
    /// token requests.
    pub fn build_tokens(mut self) -> Result<TokenManager, ConfigError> {
        let config = Config::parse(self.settings)?;
        self.adapter.http_clients().check(&Uses {
            calls: false,
            tokens: self.token_transport.is_none(),
        })?;
        let token_transport = match self.token_transport {
            Some(token_transport) => token_transport,
            None => Arc::new(self.adapter.token_transport()?),
        };
        Ok(TokenManager::new(Ports::new(
            config,
            token_transport,
            A::runtime,
        )))
    }
}

impl ClientBuilder<CustomTransport> {
    /// Builds the client with `transport`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If a setting is missing, is not valid, or conflicts with another. The error names the setting.
    pub fn build<T: Transport + TokenTransport>(
        mut self,
        transport: T,
    ) -> Result<Client<T>, ConfigError> {
        let transport = Arc::new(transport);
        let token_transport = self.token_transport.take();
        let token_transport = token_transport.unwrap_or_else(|| Arc::<T>::clone(&transport));
        self.build_with(transport, token_transport)
    }

    /// Builds the client with one transport for your requests and another for token requests. Nothing is
    /// sent yet.
    ///
    /// # Errors
    ///
    /// The errors of [`build`](Self::build). Also if [`token_transport`](Self::token_transport) is set.
    pub fn build_with<T: Transport>(
        self,
        transport: Arc<T>,
        token_transport: Arc<dyn TokenTransport>,
    ) -> Result<Client<T>, ConfigError> {
        Ok(Client::new(transport, self.tokens(token_transport)?))
    }

    /// Builds a token manager with `token_transport`, for programs that send their requests themselves. Nothing is sent
    /// yet.
    ///
    /// # Errors
    ///
    /// The errors of [`build_with`](Self::build_with).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example(transport: impl alf_core::TokenTransport) -> Result<(), alf_core::ConfigError> {
    /// let tokens = alf_core::Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .build_tokens(transport)?;
    /// # let _ = tokens;
    /// # Ok(())
    /// # }
    /// ```
    pub fn build_tokens(
        self,
        token_transport: impl TokenTransport,
    ) -> Result<TokenManager, ConfigError> {
        self.tokens(Arc::new(token_transport))
    }

    fn tokens(self, token_transport: Arc<dyn TokenTransport>) -> Result<TokenManager, ConfigError> {
        if self.token_transport.is_some() {
            return Err(ConfigError::new("token_transport", TWO_TRANSPORTS));
        }
        let config = Config::parse(self.settings)?;
        let runtime = || Arc::new(ThreadRuntime::new()) as Arc<dyn Runtime>;
        Ok(TokenManager::new(Ports::new(
            config,
            token_transport,
            runtime,
        )))
    }
}

const TWO_TRANSPORTS: &str = "conflicts with the token transport that is given to build_with or build_tokens; \
                              remove one of them";

impl<A> fmt::Debug for ClientBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x3_allowed_origins_add_up() {
        let builder = || ClientBuilder::<CustomTransport>::new("https://as.example/token");
        let (one, other) = ("https://a.example", "http://localhost:1");
        let both = builder().allowed_origins([one]).allowed_origins([other]);
        assert_eq!(both.settings.target.allowed_origins.unwrap(), [one, other]);
        let none = builder().allowed_origins::<[&str; 0]>([]);
        assert_eq!(none.settings.target.allowed_origins, Some(Vec::new()));
        assert_eq!(builder().settings.target.allowed_origins, None);
    }
}
