//! `Authorization: Bearer …` (RFC 6750 §2.1).

use http::HeaderValue;
use http::header::{AUTHORIZATION, HeaderName};

use crate::Token;
use crate::secret::sensitive_header;

use super::Presentation;

/// The token itself, in the `Authorization` header: anyone who has it can use it.
pub(crate) struct Bearer;

impl Presentation for Bearer {
    fn credentials(&self, token_type: &str, access_token: &str) -> Option<HeaderValue> {
        if !token_type.eq_ignore_ascii_case("bearer") {
            return None;
        }
        sensitive_header(["Bearer ", access_token].concat())
    }

    fn present<'a>(&self, token: &'a Token) -> (HeaderName, &'a HeaderValue) {
        (AUTHORIZATION, token.header_value())
    }
}
