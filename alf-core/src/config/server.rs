//! The authorization server as the user named it: by its token endpoint, or by its issuer (RFC 8414).

use std::sync::Arc;

use http::Uri;

pub(crate) enum Server {
    Endpoint(Arc<TokenEndpoint>),
    Issuer(Issuer),
}

/// Where token requests go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenEndpoint {
    pub(crate) uri: Uri,
    /// As it was written: an [`Uri`] has a `/` if there is no path.
    pub(crate) written: String,
    pub(crate) issuer: Option<String>,
    /// Where the issuer's metadata says that tokens are revoked (RFC 7009).
    pub(crate) revocation: Option<Uri>,
}

/// An issuer, whose metadata names the token endpoint.
pub(crate) struct Issuer {
    pub(crate) name: String,
    /// Where its metadata may be, in this order.
    pub(crate) documents: Vec<Uri>,
}

impl Issuer {
    /// Whether its endpoints must be https too (T10).
    pub(crate) fn is_https(&self) -> bool {
        let is_https = |uri: &Uri| uri.scheme_str() == Some("https");
        self.name.starts_with("https:") || self.documents.iter().any(is_https)
    }
}
