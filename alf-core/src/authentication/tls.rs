//! `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2).

use async_trait::async_trait;

use crate::wire::token_request::TokenRequest;

use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
};

/// `tls_client_auth`: the client proves itself by the certificate of its TLS connection, which a
/// certificate authority has issued
/// ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
///
/// The body of the token request only names the client. **The HTTP library's own client must hold
/// the certificate and its key**: with an adapter, the one that is given as
/// [`token_http_client`](crate::ClientBuilder::token_http_client), which its `ClientCertificate`
/// makes. The tokens that such a server
/// issues are often bound to the certificate (RFC 8705 §3): calls must then go over connections with
/// the same one, so it belongs into [`http_client`](crate::ClientBuilder::http_client) too.
///
/// alf cannot see whether a certificate is there. Without one the authorization server refuses the
/// client.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TlsClientAuth;

/// `self_signed_tls_client_auth`: the client proves itself by the certificate of its TLS connection,
/// which it made itself and registered with the authorization server
/// ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).
///
/// Where the certificate must be, [`TlsClientAuth`] says.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SelfSignedTlsClientAuth;

impl TlsClientAuth {
    /// The method; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl SelfSignedTlsClientAuth {
    /// The method; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl ClientAuthentication for TlsClientAuth {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        // RFC 8705 §2: it MUST be there, for the server to know which certificate to expect.
        request.parameter("client_id", context.client_id());
        Ok(CredentialsFingerprint::unchanging())
    }

    fn method(&self) -> Option<&str> {
        Some("tls_client_auth")
    }
}

#[async_trait]
impl ClientAuthentication for SelfSignedTlsClientAuth {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        request.parameter("client_id", context.client_id());
        Ok(CredentialsFingerprint::unchanging())
    }

    fn method(&self) -> Option<&str> {
        Some("self_signed_tls_client_auth")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sent;
    use super::*;

    #[test]
    fn t2_the_body_names_the_client_and_the_connection_proves_it() {
        let methods: [&dyn ClientAuthentication; 2] =
            [&TlsClientAuth::new(), &SelfSignedTlsClientAuth::new()];
        for method in methods {
            let request = sent(method, "me");
            assert_eq!(request.body, "grant_type=client_credentials&client_id=me");
            assert_eq!(request.headers.get("authorization"), None);
        }
    }
}
