//! The setters of the token request: what the token is for, and what else the server's documentation requires (T1).

use crate::ClientBuilder;

impl<A> ClientBuilder<A> {
    /// Sets the `scope` of the token. Separate several scopes by white space
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)). Default: none, and the
    /// server chooses.
    ///
    /// `build()` returns an error if the scope is set twice. A scope from a `ClientConfig` counts too.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        if self.settings.target.scope.is_some() {
            self.settings.repeated.push("scope");
        }
        self.settings.for_target(|target| target.with_scope(scope));
        self
    }

    /// Adds a `resource` that the token is for. It may be called more than once
    /// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.settings
            .for_target(|target| target.with_resource(resource));
        self
    }

    /// Sets the `audience` that the token is for. Some servers use this parameter instead of `resource`.
    ///
    /// `build()` returns an error if the audience is set twice. An audience from a `ClientConfig` counts too.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        if self.settings.target.audience.is_some() {
            self.settings.repeated.push("audience");
        }
        self.settings
            .for_target(|target| target.with_audience(audience));
        self
    }

    /// Sets the `grant_type` of the token request, for servers that have another name for this grant. Default:
    /// `client_credentials` ([RFC 6749 §4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2)).
    pub fn grant_type(mut self, name: impl Into<String>) -> Self {
        self.settings.grant_type = name.into();
        self
    }

    /// Adds a parameter of the token request that the server's documentation requires. Its value is not
    /// treated as a secret.
    ///
    /// `build()` returns an error if the same name is set twice
    /// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)), or if alf sets this parameter
    /// itself.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings
            .for_target(|target| target.with_parameter(name, value));
        self
    }

    /// Adds a header of the token request, for example for a gateway in front of the server. Its value is
    /// treated as a secret: it is marked as sensitive, and masked if the server's answer repeats it.
    ///
    /// alf sets `Authorization`, `Content-Type` and `Accept`. The HTTP library sets
    /// `Accept-Encoding`, `Expect` and the headers of the connection and its proxy. These headers cannot
    /// be set here. `Host` can, for a server behind an address that is not its name; it replaces the host of the URL.
    pub fn token_request_header(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }
}
