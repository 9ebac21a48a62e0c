//! The setters of the HTTP clients, for the libraries that have an adapter.

use crate::{Adapter, ClientBuilder};

impl<A: Adapter> ClientBuilder<A> {
    /// Sets what the HTTP clients that alf builds have in common: a proxy, certificate authorities, a timeout, a user
    /// agent.
    ///
    /// alf builds two clients: one for your requests and one for token requests. It calls `configure` for each of them,
    /// with the HTTP library's own builder. If a request goes to loopback, alf calls `configure` once more for each, which
    /// may be after `build()`. After `configure`, alf sets what keeps the token and the secret from other origins, and
    /// what token requests need. The adapter's documentation lists these settings.
    ///
    /// If [`http_client`](Self::http_client) or [`token_http_client`](Self::token_http_client) is set, that client keeps
    /// its own settings, and `configure` is only for the other one. With [`token_transport`](Self::token_transport) there
    /// is no client for token requests. If there is no client left to configure, `build()` returns an error. A second
    /// call adds to the first.
    ///
    /// All settings apply to token requests too. Do not set a default header with a secret of the API here, because the
    /// authorization server would get it.
    pub fn configure_http(
        mut self,
        configure: impl Fn(A::HttpClientBuilder) -> A::HttpClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.adapter.http_clients().settings.add(configure);
        self
    }

    /// Sets your own client of the HTTP library for your requests. Its proxy, TLS, timeouts, pool and default headers
    /// stay as they are. To set only some of these, use [`configure_http`](Self::configure_http).
    ///
    /// Its redirect policy stays as it is too. With reqwest, such a policy may carry the token to another origin.
    /// `build()` then returns an error, unless the client is in alf-reqwest's `UncheckedRedirects`. Token requests do not
    /// use this client.
    pub fn http_client(mut self, http_client: impl Into<A::HttpClient>) -> Self {
        self.adapter.http_clients().calls = Some(http_client.into());
        self
    }

    /// Sets your own client of the HTTP library for token requests, if the authorization server needs
    /// another proxy or other certificates than your API. Default: a client that alf builds.
    ///
    /// It must not follow redirects, because a redirect may carry the secret to another origin. alf-reqwest rejects a
    /// client that follows redirects. It also rejects a blocking client, because it cannot check that one. A client in
    /// `UncheckedRedirects` is not checked.
    pub fn token_http_client(mut self, http_client: impl Into<A::HttpClient>) -> Self {
        self.adapter.http_clients().tokens = Some(http_client.into());
        self
    }
}
