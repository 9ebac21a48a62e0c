//! Reads how a client identifies itself: forms and Basic credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// Returns the parameters of an `application/x-www-form-urlencoded` text, in order, duplicates included.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    let parameters = form_urlencoded::parse(text.as_bytes());
    parameters.into_owned().collect()
}

/// Returns the id and the secret of an `Authorization: Basic` value, not percent-decoded.
pub(super) fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// Returns the percent-decoded text. Bytes that are then not UTF-8 are replaced; a `%` that is not
/// followed by two digits stays.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_is_decoded_in_order() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            parameters("scope=a+b%20c&resource=1&resource=2&flag&x=%C3%A9%"),
            [
                pair("scope", "a b c"),
                pair("resource", "1"),
                pair("resource", "2"),
                pair("flag", ""),
                pair("x", "\u{e9}%"),
            ]
        );
        assert_eq!(parameters(""), []);
    }

    #[test]
    fn basic_credentials_are_split_at_the_first_colon() {
        let sent = format!("bAsIc {}", STANDARD.encode("id:a:b"));
        assert_eq!(basic(&sent), Some(("id".to_owned(), "a:b".to_owned())));
        assert_eq!(basic("Basic ???"), None);
        assert_eq!(basic("Bearer aWQ6YQ=="), None);
    }
}
