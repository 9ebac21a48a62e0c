//! How a token is presented to a resource server: `Authorization: Bearer …` (RFC 6750 §2.1), unless the user has set
//! another header or scheme. Anyone who has the token can use it.

use http::{HeaderName, HeaderValue};

use crate::secret::sensitive_header;

/// The header and the scheme under which tokens are presented.
#[derive(Clone, Debug)]
pub(crate) struct Presentation {
    pub(crate) header: HeaderName,
    /// What the user has set. If it is empty, the header has the token alone.
    pub(crate) scheme: Option<String>,
}

impl Presentation {
    /// Returns the value of the header for a token, marked sensitive, or `None` if a token of that type cannot be presented
    /// in this way (RFC 6749 §7.1).
    pub(crate) fn credentials(&self, token_type: &str, access_token: &str) -> Option<HeaderValue> {
        let scheme = match self.scheme.as_deref() {
            // T6: how a token is presented does not depend on its type if the user has said it.
            Some(scheme) => scheme,
            None if is_bearer(token_type) => BEARER,
            None => return None,
        };
        if scheme.is_empty() {
            return sensitive_header(access_token.to_owned());
        }
        sensitive_header([scheme, " ", access_token].concat())
    }
}

/// T6: servers write `bearer `, `BearerToken`, or nothing.
fn is_bearer(token_type: &str) -> bool {
    let token_type = token_type.trim();
    let start = token_type.get(..BEARER.len());
    token_type.is_empty() || start.is_some_and(|start| start.eq_ignore_ascii_case(BEARER))
}

const BEARER: &str = "Bearer";
