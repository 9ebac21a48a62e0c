//! The error of a token that could not be revoked.

use super::TokenError;

/// A token could not be revoked at the authorization server.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The revocation endpoint is not known, and the token is still used. The metadata of the issuer has no
    /// `revocation_endpoint` that can be used, or the client was built without
    /// [`discover`](crate::ClientBuilder::discover).
    #[error("no revocation endpoint is known; set revocation_endpoint on the builder")]
    NoEndpoint,
    /// The request failed, or the server refused it. It is not sent again, and alf does not use the token any more.
    #[error("the token was not revoked: {0}")]
    Failed(#[source] TokenError),
}
