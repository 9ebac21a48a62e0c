//! The setters of how the client authenticates: one of them is called, once (T2).

use crate::authentication::ClientIdOnly;
use crate::{
    ClientAssertion, ClientAuthentication, ClientBuilder, ClientSecretBasic, ClientSecretPost,
    Credential,
};
#[cfg(feature = "jwt")]
use crate::{ClientSecretJwt, PrivateKeyJwt};

impl<A> ClientBuilder<A> {
    /// Authenticates with `client_secret_basic`: the id and the secret are in the `Authorization` header of
    /// the token request ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)). The
    /// secret is a value, a file, or a callback: see [`Credential`].
    ///
    /// The RFC requires that both are encoded. If the server does not decode them, see
    /// [`ClientSecretBasic::raw`].
    pub fn client_secret(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Credential>,
    ) -> Self {
        let method = Box::new(ClientSecretBasic::new(secret));
        self.authenticate(client_id.into(), method)
    }

    /// Authenticates with `client_secret_post`: the id and the secret are in the body of the token request.
    /// It is for servers that do not support `client_secret_basic`
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    pub fn client_secret_post(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Credential>,
    ) -> Self {
        let method = Box::new(ClientSecretPost::new(secret));
        self.authenticate(client_id.into(), method)
    }

    /// Authenticates with `client_secret_jwt`: an assertion with a MAC, whose key is the secret. The secret
    /// itself is never sent ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). For the length
    /// of the secret, and for other algorithms than HS256, see [`ClientSecretJwt`].
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn client_secret_jwt(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Credential>,
    ) -> Self {
        let method = Box::new(ClientSecretJwt::new(secret));
        self.authenticate(client_id.into(), method)
    }

    /// Authenticates with `private_key_jwt`: an assertion that the client's private key signs
    /// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). The key is in PEM: a value, a file, or a
    /// callback.
    ///
    /// Needs the feature `jwt`.
    ///
    /// To set an algorithm, a key id, a certificate or an audience, or to use a key that stays in a KMS, see
    /// [`PrivateKeyJwt`].
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn private_key_jwt(self, client_id: impl Into<String>, key: impl Into<Credential>) -> Self {
        let method = Box::new(PrivateKeyJwt::new(key));
        self.authenticate(client_id.into(), method)
    }

    /// Authenticates with the certificate of the TLS connection, which a certificate authority has issued
    /// (`tls_client_auth`, [RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
    ///
    /// **The HTTP library's own client must have the certificate and its key.** alf cannot check this. With
    /// an adapter, give what its `ClientCertificate` makes to [`configure_http`](Self::configure_http) (alf-surf: to a client of
    /// your own). Such servers often bind tokens to the certificate (RFC 8705 §3). Then requests to the API need the same
    /// certificate.
    pub fn tls_client_auth(self, client_id: impl Into<String>) -> Self {
        let method = "tls_client_auth";
        self.authenticate(client_id.into(), Box::new(ClientIdOnly { method }))
    }

    /// Authenticates with a self-signed certificate of the TLS connection
    /// (`self_signed_tls_client_auth`,
    /// [RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)). The HTTP library's clients must
    /// have the certificate, as for [`tls_client_auth`](Self::tls_client_auth).
    pub fn self_signed_tls_client_auth(self, client_id: impl Into<String>) -> Self {
        let method = "self_signed_tls_client_auth";
        self.authenticate(client_id.into(), Box::new(ClientIdOnly { method }))
    }

    /// Authenticates with an assertion that another party has signed (workload identity federation). alf
    /// reads the assertion again for each attempt
    /// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)). It is a [`Credential`], or a
    /// [`ClientAssertion`] with further settings.
    pub fn client_assertion(
        self,
        client_id: impl Into<String>,
        assertion: impl Into<ClientAssertion>,
    ) -> Self {
        let method = Box::new(assertion.into());
        self.authenticate(client_id.into(), method)
    }

    /// Authenticates with any [`ClientAuthentication`]: one of alf's with further settings, such as
    /// [`ClientSecretBasic`], or your own.
    pub fn client_authentication(
        self,
        client_id: impl Into<String>,
        method: impl ClientAuthentication,
    ) -> Self {
        self.authenticate(client_id.into(), Box::new(method))
    }

    /// Sends only the client's id, and does not authenticate (`none`,
    /// [RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)). It is for servers that identify the
    /// client in another way, such as by its network or by a proxy in front of the server.
    pub fn no_client_authentication(self, client_id: impl Into<String>) -> Self {
        let method = Box::new(ClientIdOnly { method: "none" });
        self.authenticate(client_id.into(), method)
    }

    fn authenticate(mut self, client_id: String, method: Box<dyn ClientAuthentication>) -> Self {
        let authentication = &mut self.settings.authentication;
        if authentication.replace((client_id, method)).is_some() {
            self.settings.repeated.push("client_authentication");
        }
        self
    }
}
