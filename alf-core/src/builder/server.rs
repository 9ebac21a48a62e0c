//! The start of a builder: the authorization server, by its token endpoint or by its issuer.

use crate::ClientBuilder;
use crate::config::{NamedBy, Settings};

impl<A: Default> ClientBuilder<A> {
    /// For the token endpoint at that URL: `https`, or on this machine
    /// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
    pub fn new(token_endpoint: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(NamedBy::TokenEndpoint(token_endpoint.into())),
            adapter: A::default(),
            token_transport: None,
        }
    }

    /// For the authorization server of that issuer: its metadata states where its token endpoint is
    /// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), `OpenID` Connect Discovery 1.0).
    ///
    /// `issuer` is written exactly as the server writes it, a slash at its end included: it is
    /// compared so. It is `https`, or on this machine. Nothing is sent before the first request;
    /// the metadata is read with the first token, and again after a day or where the endpoint that
    /// it names stops answering.
    ///
    /// A client that authenticates by TLS goes to the endpoint among `mtls_endpoint_aliases`. One
    /// whose method the server does not list is refused, with those that it does.
    pub fn discover(issuer: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(NamedBy::Issuer(issuer.into())),
            adapter: A::default(),
            token_transport: None,
        }
    }

    /// Where [`TokenManager::revoke`](crate::TokenManager::revoke) revokes tokens
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). Default: the `revocation_endpoint` of the issuer's metadata, if
    /// the client was built with [`discover`](Self::discover).
    pub fn revocation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.settings.revocation_endpoint = Some(url.into());
        self
    }

    /// The authorization server's identifier, `issuer`
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), as the server's metadata
    /// spells it. It is what the assertions of `client_secret_jwt` and `private_key_jwt` are for
    /// (`aud`). Default: not known; they are then for the token endpoint, as that was written.
    ///
    /// Nothing is discovered by it, and a client that was built with [`discover`](Self::discover)
    /// knows it already: setting it there is an error.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuer = Some(issuer.into());
        self
    }
}
