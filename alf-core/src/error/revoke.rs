//! The error of a token that could not be revoked.

use super::TokenError;

/// A token could not be revoked at the authorization server. alf does not use it any more.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// It is not known where to revoke tokens: the metadata of the issuer names no `revocation_endpoint`, or the client was
    /// built without an issuer.
    #[error("no revocation endpoint is known; set revocation_endpoint on the builder")]
    NoEndpoint,
    /// The request failed, or was refused. It is not sent again.
    #[error("the token was not revoked")]
    Failed(#[source] TokenError),
}
