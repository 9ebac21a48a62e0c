//! The setters of how the client authenticates: one of them is called, once (T2).

use crate::authentication::ClientIdOnly;
use crate::{
    ClientAssertion, ClientAuthentication, ClientBuilder, ClientSecret, ClientSecretBasic,
    ClientSecretPost,
};
#[cfg(feature = "jwt")]
use crate::{ClientSecretJwt, PrivateKey, PrivateKeyJwt};

impl<A> ClientBuilder<A> {
    /// Authenticates by `client_secret_basic`: id and secret in the header of the token request
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)). The secret is a
    /// value, a file, or a callback: see [`ClientSecret`].
    ///
    /// For a server that does not decode what the RFC says is encoded, see
    /// [`ClientSecretBasic::raw`].
    pub fn client_secret(
        self,
        client_id: impl Into<String>,
        secret: impl Into<ClientSecret>,
    ) -> Self {
        let method = Box::new(ClientSecretBasic::new(secret));
        self.authenticate("client_secret", client_id.into(), method)
    }

    /// Authenticates by `client_secret_post`: id and secret in the body of the token request, for
    /// servers that do not know Basic
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    pub fn client_secret_post(
        self,
        client_id: impl Into<String>,
        secret: impl Into<ClientSecret>,
    ) -> Self {
        let method = Box::new(ClientSecretPost::new(secret));
        self.authenticate("client_secret_post", client_id.into(), method)
    }

    /// Authenticates by `client_secret_jwt`: by an assertion that holds a MAC by the secret, which
    /// itself is never sent ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). HS256, for which the
    /// secret has 32 bytes at least; for others, see [`ClientSecretJwt`].
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn client_secret_jwt(
        self,
        client_id: impl Into<String>,
        secret: impl Into<ClientSecret>,
    ) -> Self {
        let method = Box::new(ClientSecretJwt::new(secret));
        self.authenticate("client_secret_jwt", client_id.into(), method)
    }

    /// Authenticates by `private_key_jwt`: by an assertion that the client's private key signs
    /// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). The key is PEM, by value, from a file,
    /// or from a callback: see [`PrivateKey`].
    ///
    /// Needs the feature `jwt`.
    ///
    /// For a key id, a certificate, an audience, and a key that stays in a KMS, see
    /// [`PrivateKeyJwt`].
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn private_key_jwt(self, client_id: impl Into<String>, key: impl Into<PrivateKey>) -> Self {
        let method = Box::new(PrivateKeyJwt::new(key));
        self.authenticate("private_key_jwt", client_id.into(), method)
    }

    /// Authenticates by the certificate of the TLS connection, which a certificate authority has
    /// issued (`tls_client_auth`,
    /// [RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
    ///
    /// **The HTTP library's own client must hold the certificate and its key**, which alf cannot
    /// check: with an adapter, its `ClientCertificate` makes the
    /// [`token_http_client`](Self::token_http_client). The tokens of such a server are often bound to
    /// the certificate (RFC 8705 §3): calls must then use connections with the same certificate, so
    /// it belongs into [`http_client`](Self::http_client) too.
    pub fn tls_client_auth(self, client_id: impl Into<String>) -> Self {
        let method = "tls_client_auth";
        self.authenticate(method, client_id.into(), Box::new(ClientIdOnly { method }))
    }

    /// Authenticates by the certificate of the TLS connection, which the client made itself
    /// (`self_signed_tls_client_auth`,
    /// [RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)). The HTTP library's
    /// clients must hold it, as for [`tls_client_auth`](Self::tls_client_auth).
    pub fn self_signed_tls_client_auth(self, client_id: impl Into<String>) -> Self {
        let method = "self_signed_tls_client_auth";
        self.authenticate(method, client_id.into(), Box::new(ClientIdOnly { method }))
    }

    /// Authenticates by an assertion that another has signed, and that is read anew for each
    /// attempt: workload identity federation
    /// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)).
    pub fn client_assertion(
        self,
        client_id: impl Into<String>,
        assertion: ClientAssertion,
    ) -> Self {
        self.authenticate("client_assertion", client_id.into(), Box::new(assertion))
    }

    /// Authenticates by a method of your own, or by one with settings of its own.
    pub fn client_authentication(
        self,
        client_id: impl Into<String>,
        method: impl ClientAuthentication,
    ) -> Self {
        self.authenticate("client_authentication", client_id.into(), Box::new(method))
    }

    /// Does not authenticate: only names the client (`none`,
    /// [RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)). For servers that identify the
    /// client in another way: by its network, or by a proxy in front of them.
    pub fn no_client_authentication(self, client_id: impl Into<String>) -> Self {
        let method = Box::new(ClientIdOnly { method: "none" });
        self.authenticate("no_client_authentication", client_id.into(), method)
    }

    fn authenticate(
        mut self,
        setter: &'static str,
        client_id: String,
        method: Box<dyn ClientAuthentication>,
    ) -> Self {
        self.settings
            .authentications
            .push((setter, client_id, method));
        self
    }
}
