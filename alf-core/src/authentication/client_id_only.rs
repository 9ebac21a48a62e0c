//! The methods whose token request only names the client: `none` (RFC 7591 §2), `tls_client_auth` and
//! `self_signed_tls_client_auth` (RFC 8705 §2).

use async_trait::async_trait;

use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication,
};
use super::fingerprint::CredentialsFingerprint;

/// The server identifies the client by its connection, or does not authenticate it.
pub(crate) struct ClientIdOnly {
    /// The registered name of the method.
    pub(crate) method: &'static str,
}

#[async_trait]
impl ClientAuthentication for ClientIdOnly {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        // RFC 8705 §2 requires it: it tells the server which certificate to expect.
        request.parameter("client_id", context.client_id());
        Ok(CredentialsFingerprint::unchanging_of(""))
    }

    fn method(&self) -> Option<&str> {
        Some(self.method)
    }
}

#[cfg(test)]
mod tests;
