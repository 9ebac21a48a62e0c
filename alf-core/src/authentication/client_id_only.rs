//! The methods whose token request only names the client: `none` (RFC 7591 §2), `tls_client_auth` and
//! `self_signed_tls_client_auth` (RFC 8705 §2).

use async_trait::async_trait;

use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication,
};
use super::fingerprint::CredentialsFingerprint;

/// `none`: the token request only names its client.
///
/// For servers that identify the client in another way: by its network, or by a proxy in front of
/// them.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoClientAuthentication;

/// `tls_client_auth`: the certificate of the TLS connection authenticates the client. A certificate
/// authority has issued it
/// ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
///
/// **The HTTP library's own client must hold the certificate and its key**, which alf cannot check:
/// with an adapter, its `ClientCertificate` makes the
/// [`token_http_client`](crate::ClientBuilder::token_http_client). The tokens of such a server are
/// often bound to the certificate (RFC 8705 §3): calls must then use connections with the same
/// certificate, so it belongs into [`http_client`](crate::ClientBuilder::http_client) too.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TlsClientAuth;

/// `self_signed_tls_client_auth`: the certificate of the TLS connection authenticates the client. The
/// client made it itself and registered it with the authorization server
/// ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).
///
/// The certificate belongs where that of [`TlsClientAuth`] does.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SelfSignedTlsClientAuth;

macro_rules! only_names_the_client {
    ($type:ident, $method:literal) => {
        impl $type {
            /// Returns the method, which has no settings.
            pub const fn new() -> Self {
                Self
            }
        }

        #[async_trait]
        impl ClientAuthentication for $type {
            async fn authenticate(
                &self,
                context: &AuthenticationContext<'_>,
                request: &mut TokenRequest,
            ) -> Result<CredentialsFingerprint, AuthenticationError> {
                // RFC 8705 §2 requires it: it tells the server which certificate to expect.
                request.parameter("client_id", context.client_id());
                Ok(CredentialsFingerprint::unchanging())
            }

            fn method(&self) -> Option<&str> {
                Some($method)
            }
        }
    };
}

only_names_the_client!(NoClientAuthentication, "none");
only_names_the_client!(TlsClientAuth, "tls_client_auth");
only_names_the_client!(SelfSignedTlsClientAuth, "self_signed_tls_client_auth");

#[cfg(test)]
mod tests;
