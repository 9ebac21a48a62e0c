//! The start of a builder: the authorization server, by its token endpoint or by its issuer.

use crate::ClientBuilder;
use crate::config::{NamedBy, Settings};

impl<A: Default> ClientBuilder<A> {
    /// Returns a builder for the token endpoint at this URL. It must use `https`, or be on this machine
    /// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
    pub fn new(token_endpoint: impl Into<String>) -> Self {
        Self::at(NamedBy::TokenEndpoint(token_endpoint.into()))
    }

    /// Returns a builder for the authorization server of this issuer. The metadata of the issuer names the
    /// token endpoint
    /// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), `OpenID` Connect Discovery 1.0).
    ///
    /// Write `issuer` exactly as the server's metadata has it, including a slash at its end: alf compares
    /// the two texts. It must use `https`, or be on this machine. Nothing is sent before the first request.
    /// alf reads the metadata before the first token request. It reads it again after a day, or if the
    /// token endpoint does not answer.
    ///
    /// If the client authenticates by TLS, alf uses the token endpoint of `mtls_endpoint_aliases`, if there
    /// is one. If the metadata does not list the client's authentication method, no token can be obtained;
    /// the error names the methods that it lists.
    pub fn discover(issuer: impl Into<String>) -> Self {
        Self::at(NamedBy::Issuer(issuer.into()))
    }

    /// Returns a builder for the authorization server of this issuer, like [`discover`](Self::discover), but reads its metadata
    /// at this URL. It is for servers whose metadata is not at one of the two well-known URLs of their issuer.
    ///
    /// alf compares `issuer` with the metadata too. It need not be a URL.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::{ClientBuilder, CustomTransport};
    ///
    /// # let builder =
    /// ClientBuilder::<CustomTransport>::discover_at(
    ///     "https://gateway.example.com/oauth/metadata",
    ///     "https://auth.internal.example.com",
    /// );
    /// ```
    pub fn discover_at(url: impl Into<String>, issuer: impl Into<String>) -> Self {
        Self::at(NamedBy::Metadata {
            url: url.into(),
            issuer: issuer.into(),
        })
    }

    /// Sets the URL that [`TokenManager::revoke`](crate::TokenManager::revoke) uses
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). Default: the `revocation_endpoint` of the issuer's metadata, if
    /// the client was built with [`discover`](Self::discover).
    pub fn revocation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.settings.revocation_endpoint = Some(url.into());
        self
    }

    /// Sets the `issuer`, the identifier of the authorization server
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)). Write it exactly as the server's
    /// metadata has it. It is the default `aud` of the assertions of `client_secret_jwt` and
    /// `private_key_jwt`. If it is not set, their `aud` is the token endpoint as you wrote it.
    ///
    /// This setting does not read any metadata. With [`discover`](Self::discover) and
    /// [`discover_at`](Self::discover_at) it is an error, because the issuer is known already.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuer = Some(issuer.into());
        self
    }

    fn at(server: NamedBy) -> Self {
        Self {
            settings: Settings::new(server),
            adapter: A::default(),
            token_transport: None,
        }
    }
}
