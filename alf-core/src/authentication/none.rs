//! `none`: a client that has nothing to prove itself by (RFC 7591 §2).

use async_trait::async_trait;

use crate::wire::token_request::TokenRequest;

use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
};

/// No client authentication: the request only names its client.
///
/// For servers that know the client otherwise: by its network, by a proxy in front of them, or by
/// the certificate of its TLS connection.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoClientAuthentication;

impl NoClientAuthentication {
    /// The method; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl ClientAuthentication for NoClientAuthentication {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        request.parameter("client_id", context.client_id());
        Ok(CredentialsFingerprint::unchanging())
    }

    fn method(&self) -> Option<&str> {
        Some("none")
    }
}
