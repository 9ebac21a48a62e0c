//! How a token is shown to a resource server: one way a file.

mod bearer;

pub(crate) use bearer::Bearer;

use http::HeaderValue;
use http::header::HeaderName;

use crate::Token;

/// Shows a token to a resource server.
///
/// Not public yet: a way that proves possession (`DPoP`, RFC 9449) needs more than Bearer does,
/// and this trait will grow what it needs before strangers implement it.
pub(crate) trait Presentation: Send + Sync + 'static {
    /// The header value for a token, marked sensitive; `None` where a token of that type cannot be
    /// presented in this way (RFC 6749 §7.1).
    fn credentials(&self, token_type: &str, access_token: &str) -> Option<HeaderValue>;

    /// The header to set on a request.
    fn present<'a>(&self, token: &'a Token) -> (HeaderName, &'a HeaderValue);
}
