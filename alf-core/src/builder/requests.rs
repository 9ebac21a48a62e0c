//! The setters of requests to APIs: how they carry the token, where it may go, and what rejects it.

use crate::ClientBuilder;
use crate::config::{InsecureHttp, Replays};

impl<A> ClientBuilder<A> {
    /// Sets the header of your requests that has the token. Default: `Authorization`
    /// ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)). It replaces a header of that name that the
    /// request has.
    ///
    /// HTTP libraries protect `Authorization` alone in a redirect. So if the token is in another header, reqwest follows
    /// redirects within the origin only, and isahc follows none. A [`TokenManager`](crate::TokenManager) ignores this setting.
    ///
    /// # Examples
    ///
    /// `X-Auth-Token: …`, with the token alone:
    ///
    /// ```
    /// alf_core::Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .token_header("X-Auth-Token")
    ///     .token_scheme("");
    /// ```
    pub fn token_header(mut self, name: impl Into<String>) -> Self {
        self.settings.token_header = name.into();
        self
    }

    /// Sets the scheme in front of the token, such as `token` or `OAuth`. If it is empty, the header has the token alone.
    /// Default: `Bearer` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    ///
    /// With this setting, a token of any `token_type` is presented in this way. So `token_scheme("Bearer")` is for a server
    /// that has another name for this type. Default: every type that does not begin with `Bearer` is an error
    /// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
    pub fn token_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.settings.token_scheme = Some(scheme.into().trim().to_owned());
        self
    }

    /// Sets the origins that requests may be sent to. A request to another origin fails before anything
    /// is sent. A second call adds more origins. Default: all origins.
    ///
    /// An origin is a scheme, a host, and a port if it is not the default port:
    /// `https://api.example.com`. alf checks the URL of the request. It does not check the URLs of
    /// redirects: the HTTP client follows them, and sends no token to another origin. A token target may have
    /// [its own](crate::TokenTarget::with_allowed_origins).
    pub fn allowed_origins<I>(mut self, origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.settings
            .for_target(|target| target.with_allowed_origins(origins));
        self
    }

    /// Allows plain `http` for tokens and for the client's secret. Anyone on the network path can then
    /// read them. A loopback address does not need this setting.
    pub fn allow_insecure_http(mut self) -> Self {
        self.settings.insecure_http = InsecureHttp::Allowed;
        self
    }

    /// Sets the statuses that mean that a resource server rejects the token, from 300 to 599. Default: 401. Some servers
    /// answer 403, or 302 to a login page. The statuses replace the default, so include 401. A redirect is seen only if the
    /// HTTP client does not follow it.
    ///
    /// A response with the challenge `error="insufficient_scope"` never rejects a token, because a new
    /// token would have the same scope.
    pub fn rejecting_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.settings.rejecting = statuses.into_iter().collect();
        self
    }

    /// Disables replays. alf then returns a 401 as it is, and renews the token for the next request.
    /// Default: a request is replayed once, if its body can be sent again.
    pub fn without_replays(mut self) -> Self {
        self.settings.replays = Replays::Never;
        self
    }
}
