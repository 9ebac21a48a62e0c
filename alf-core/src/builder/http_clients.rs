//! The setters of the HTTP clients, for the libraries that have an adapter.

use crate::{Adapter, ClientBuilder};

impl<A: Adapter> ClientBuilder<A> {
    /// Sets what the HTTP clients that alf builds have in common: a proxy, certificate authorities, a time-out, a user
    /// agent.
    ///
    /// alf builds two clients: one for your requests and one for token requests. `configure` is called with the HTTP
    /// library's own builder for each of them, and once more for each if a request goes to loopback, which may be after
    /// `build()`. Then alf sets what keeps the token and the secret from another origin, and what token requests need;
    /// the adapter's documentation says what that is.
    ///
    /// If [`http_client`](Self::http_client) or [`token_http_client`](Self::token_http_client) is set, it keeps its own
    /// settings, and `configure` is for the other one. If both are set, `build()` returns an error. A second call adds
    /// to the first.
    ///
    /// All settings are for token requests too. A default header that carries a secret of the API does not belong here:
    /// the authorization server would get it.
    pub fn configure_http(
        mut self,
        configure: impl Fn(A::HttpClientBuilder) -> A::HttpClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.adapter.http_clients().settings.add(configure);
        self
    }

    /// Your own client of the HTTP library, for your requests, if it exists already: its proxy, TLS, time-outs, pool
    /// and default headers stay yours. To only set some of these, use [`configure_http`](Self::configure_http).
    ///
    /// Its redirect policy stays yours too. With reqwest that may carry the token to another origin: `build()` rejects a
    /// client that may do so, unless it is in alf-reqwest's `UncheckedRedirects`. Token requests do not go through it.
    pub fn http_client(mut self, http_client: impl Into<A::HttpClient>) -> Self {
        self.adapter.http_clients().calls = Some(http_client.into());
        self
    }

    /// Your own client of the HTTP library for token requests, if the authorization server
    /// needs another proxy or other certificates than your API.
    ///
    /// It must not follow redirects, which may carry the secret to another origin. alf-reqwest rejects one that follows
    /// any, and a blocking one, of which it cannot be seen, unless it is in `UncheckedRedirects`. Default: one of alf's
    /// own.
    pub fn token_http_client(mut self, http_client: impl Into<A::HttpClient>) -> Self {
        self.adapter.http_clients().tokens = Some(http_client.into());
        self
    }
}
