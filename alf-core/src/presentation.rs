//! How a token is presented to a resource server: `Authorization: Bearer …` (RFC 6750 §2.1). Anyone who
//! has the token can use it.

use http::HeaderValue;

use crate::secret::sensitive_header;

/// Returns the value of the `Authorization` header for a token, marked sensitive, or `None` if a token
/// of that type cannot be presented in this way (RFC 6749 §7.1).
pub(crate) fn credentials(token_type: &str, access_token: &str) -> Option<HeaderValue> {
    if !token_type.eq_ignore_ascii_case("bearer") {
        return None;
    }
    sensitive_header(["Bearer ", access_token].concat())
}
