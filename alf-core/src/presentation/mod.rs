//! How a token is presented to a resource server: one way in each file.

mod bearer;

pub(crate) use bearer::Bearer;

use http::HeaderValue;
use http::header::HeaderName;

use crate::Token;

/// Presents a token to a resource server.
///
/// Not public yet: `DPoP` (RFC 9449), which proves possession of a key, will need more methods.
pub(crate) trait Presentation: Send + Sync + 'static {
    /// Returns the header value for a token, marked sensitive, or `None` if a token of that type cannot
    /// be presented in this way (RFC 6749 §7.1).
    fn credentials(&self, token_type: &str, access_token: &str) -> Option<HeaderValue>;

    /// Returns the header to set on a request.
    fn present<'a>(&self, token: &'a Token) -> (HeaderName, &'a HeaderValue);
}
