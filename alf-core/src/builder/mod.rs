//! The builder of clients and token managers, for every HTTP library.

// rustdoc shows the setters in this order: the server, the client's authentication, HTTP, then those of this file.
mod server;

mod authentication;

mod http_clients;

mod adapter;

pub use adapter::{Adapter, HttpClients, HttpSettings};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, InsecureHttp, Replays, Settings};
use crate::ports::Ports;
use crate::{
    Client, ConfigError, Observer, Runtime, ThreadRuntime, TokenManager, TokenTransport, Transport,
};

/// For transports without an adapter: `build` takes the transport.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct CustomTransport;

/// Builds a client: the token endpoint, the client's authentication, and whatever else is set.
///
/// `A` is what the HTTP library's adapter brings; the settings are the same for all. Nothing is
/// sent, and nothing runs, before the first request.
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
    /// Builds a client for the token endpoint at that URL, over a transport of your own.
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<CustomTransport> {
        ClientBuilder::new(token_endpoint)
    }

    /// Builds a client for the authorization server of that issuer, over a transport of your own: see
    /// [`ClientBuilder::discover`].
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder<CustomTransport> {
        ClientBuilder::discover(issuer)
    }
}

impl<A> ClientBuilder<A> {
    /// The `scope` to ask for, several separated by spaces
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)). Default: none, which
    /// leaves it to the server.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.settings.scope = Some(scope.into());
        self
    }

    /// A `resource` that the token is for; may be set more than once
    /// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.settings.resources.push(resource.into());
        self
    }

    /// The `audience` that the token is for: a parameter that some servers want instead of
    /// `resource`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = Some(audience.into());
        self
    }

    /// One more parameter of the token request, as the server's documentation names it. It is not
    /// treated as a secret.
    ///
    /// A name is there once
    /// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)): setting one twice is an
    /// error, and so is one that alf sets itself.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.parameters.push((name.into(), value.into()));
        self
    }

    /// One more header of the token request: for a gateway in front of the server, say. It is treated
    /// as a secret: marked as sensitive, and masked where the server repeats it.
    ///
    /// `Authorization`, `Content-Type`, `Accept` and what the HTTP library sets (`Host`,
    /// `Accept-Encoding`, `Expect` and whatever is about the connection or its proxy) cannot be set
    /// here.
    pub fn token_request_header(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// How many token targets are kept beside the client's own: see [`TokenManager::with`]. Default: 256.
    ///
    /// A token that is kept needs about 16 times its length, and 4 KiB.
    pub fn max_targets(mut self, targets: usize) -> Self {
        self.settings.max_targets = targets;
        self
    }

    /// How long before its stated end a token is no longer used. Default: 10 s, and never more
    /// than a tenth of its lifetime.
    ///
    /// It is renewed long before that: at 70 to 80 % of its lifetime.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// The lifetime of a token whose server states none. Default: it is used until it is rejected.
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.default_lifetime = Some(lifetime);
        self
    }

    /// The longest that anybody waits for a token, whatever the server does. Default: 10 s.
    ///
    /// A request that is answered with a 401 may wait once more, for the token of its replay.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.settings.acquire_timeout = timeout;
        self
    }

    /// The longest that one token request may take, before another is tried. Default: 5 s; never
    /// more than what is left of [`acquire_timeout`](Self::acquire_timeout).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = timeout;
        self
    }

    /// Sends tokens and the client's secret over plain `http` too, where anybody on the way can
    /// read them. Loopback needs no such permission.
    pub fn allow_insecure_http(mut self) -> Self {
        self.settings.insecure_http = InsecureHttp::Allowed;
        self
    }

    /// The only origins that requests may go to; others fail before anything is sent. A second call
    /// adds to the first. Default: every origin.
    ///
    /// Each is a scheme, a host, and a port where it is not the default one:
    /// `https://api.example.com`. It is about the request's own URL: the hops of a redirect are the
    /// HTTP client's, and carry no token to another origin.
    pub fn allowed_origins<I>(mut self, origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let allowed = self.settings.allowed_origins.get_or_insert_default();
        allowed.extend(origins.into_iter().map(Into::into));
        self
    }

    /// The statuses by which a resource server rejects a token. Default: 401; some servers say
    /// 403. What is set replaces the default: name 401 too.
    ///
    /// A challenge with `error="insufficient_scope"` never rejects: the next token would have the
    /// same scope.
    pub fn rejecting_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.settings.rejecting = statuses.into_iter().collect();
        self
    }

    /// Never sends a request a second time. A 401 is then returned as it is, and the token is
    /// renewed for the next request. Default: a request whose body can be sent again is replayed
    /// once.
    pub fn without_replays(mut self) -> Self {
        self.settings.replays = Replays::Never;
        self
    }

    /// Where acquisitions run and what time it is. Default: what the HTTP library needs; without an
    /// adapter, [`ThreadRuntime`].
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.settings.runtime = Some(Arc::new(runtime));
        self
    }

    /// Sends token requests, in place of the HTTP library that sends yours: for a library that only the authorization
    /// server needs, a recording, or a test without sockets. Default: the HTTP library.
    ///
    /// It keeps T7 and the other promises of [`TokenTransport`]. The HTTP library's settings for token requests conflict
    /// with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::{Client, ConfigError, TokenTransport, Transport};
    ///
    /// fn client<T: Transport + TokenTransport>(
    ///     transport: T,
    ///     for_tokens: impl TokenTransport,
    /// ) -> Result<Client<T>, ConfigError> {
    ///     Client::builder("https://auth.example.com/token")
    ///         .client_secret("client-id", "secret")
    ///         .token_transport(for_tokens)
    ///         .build(transport)
    /// }
    /// ```
    pub fn token_transport(mut self, token_transport: impl TokenTransport) -> Self {
        self.token_transport = Some(Arc::new(token_transport));
        self
    }

    /// What is notified of events. Default: nothing.
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
    /// If a setting is missing, contradicts another, or makes no sense; the error names it.
    pub fn build(mut self) -> Result<A::Client, ConfigError> {
        let http_clients = self.adapter.http_clients();
        match self.token_transport {
            Some(_) => http_clients.check_beside_token_transport()?,
            None => http_clients.check_for_client()?,
        }
        let parts = Parts::new(self.settings, A::runtime)?;
        let transport = Arc::new(self.adapter.transport()?);
        let token_transport = self
            .token_transport
            .unwrap_or_else(|| Arc::<A::Transport>::clone(&transport));
        Ok(A::client(Client::new(
            transport,
            parts.tokens(token_transport),
        )))
    }

    /// Builds a token manager without a client, for programs that send their requests themselves. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build); and if [`http_client`](Self::http_client) is set, since a token manager sends no
    /// requests but token requests.
    pub fn build_tokens(mut self) -> Result<TokenManager, ConfigError> {
        let http_clients = self.adapter.http_clients();
        http_clients.check_for_tokens()?;
        let token_transport: Arc<dyn TokenTransport> = match self.token_transport {
            Some(token_transport) => {
                http_clients.check_beside_token_transport()?;
                if http_clients.settings.is_set() {
                    return Err(ConfigError::new(
                        "configure_http",
                        "has no effect on a token manager whose token_transport is set; remove \
                         one of them",
                    ));
                }
                token_transport
            }
            None => Arc::new(self.adapter.token_transport()?),
        };
        let parts = Parts::new(self.settings, A::runtime)?;
        Ok(parts.tokens(token_transport))
    }
}

impl ClientBuilder<CustomTransport> {
    /// Builds the client over `transport`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If a setting is missing, contradicts another, or makes no sense; the error names it.
    pub fn build<T: Transport + TokenTransport>(
        self,
        transport: T,
    ) -> Result<Client<T>, ConfigError> {
        let transport = Arc::new(transport);
        let token_transport = self
            .token_transport
            .unwrap_or_else(|| Arc::<T>::clone(&transport));
        let parts = Parts::new(self.settings, thread_runtime)?;
        Ok(Client::new(transport, parts.tokens(token_transport)))
    }

    /// Builds the client over a transport for the user's requests and another for token requests.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build); and if [`token_transport`](Self::token_transport) is set too.
    pub fn build_with<T: Transport>(
        self,
        transport: Arc<T>,
        token_transport: Arc<dyn TokenTransport>,
    ) -> Result<Client<T>, ConfigError> {
        self.check_no_token_transport()?;
        let parts = Parts::new(self.settings, thread_runtime)?;
        Ok(Client::new(transport, parts.tokens(token_transport)))
    }

    /// Builds a token manager over `token_transport`, for programs that send their requests themselves. Nothing is sent
    /// yet.
    ///
    /// # Errors
    ///
    /// Those of [`build_with`](Self::build_with).
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
        self.check_no_token_transport()?;
        let parts = Parts::new(self.settings, thread_runtime)?;
        Ok(parts.tokens(Arc::new(token_transport)))
    }

    fn check_no_token_transport(&self) -> Result<(), ConfigError> {
        match self.token_transport {
            Some(_) => Err(ConfigError::new(
                "token_transport",
                "conflicts with the token transport that is given to build_with or build_tokens; \
                 remove one of them",
            )),
            None => Ok(()),
        }
    }
}

/// The checked settings.
struct Parts {
    config: Config,
    runtime: Arc<dyn Runtime>,
    observer: Arc<dyn Observer>,
}

impl Parts {
    fn new(
        mut settings: Settings,
        default_runtime: fn() -> Arc<dyn Runtime>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            runtime: settings.runtime.take().unwrap_or_else(default_runtime),
            observer: Arc::clone(&settings.observer),
            config: Config::parse(settings)?,
        })
    }

    fn tokens(self, token_transport: Arc<dyn TokenTransport>) -> TokenManager {
        let Self {
            config,
            runtime,
            observer,
        } = self;
        TokenManager::new(Ports::new(config, token_transport, runtime, observer))
    }
}

fn thread_runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

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
        assert_eq!(both.settings.allowed_origins.unwrap(), [one, other]);
        let none = builder().allowed_origins::<[&str; 0]>([]);
        assert_eq!(none.settings.allowed_origins, Some(Vec::new()));
        assert_eq!(builder().settings.allowed_origins, None);
    }
}
