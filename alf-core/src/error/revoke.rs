//! The error of a token that could not be revoked.

use super::TokenError;

/// A token could not be revoked at the authorization server. After [`Failed`](Self::Failed), alf does not use the token any
/// more. After [`NoEndpoint`](Self::NoEndpoint), alf still uses it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The revocation endpoint is not known. The metadata of the issuer has no `revocation_endpoint`, or has not been read
    /// yet, or the client was built without [`discover`](crate::ClientBuilder::discover).
    #[error("no revocation endpoint is known; set revocation_endpoint on the builder")]
    NoEndpoint,
    /// The request failed, or the server refused it. It is not sent again.
    #[error("the token was not revoked: {0}")]
    Failed(#[source] TokenError),
}
