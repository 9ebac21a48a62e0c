//! Text that is nearly what it should be. Only an access token must be exact (T4).

use crate::secret::SecretBytes;

/// Returns the characters of a text in UTF-8. A byte that is not UTF-8 is read as Latin-1.
pub(super) fn chars(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let latin_1 = chunk.invalid().iter().copied().map(char::from);
        chunk.valid().chars().chain(latin_1)
    })
}

/// Returns `body` as JSON in UTF-8, without a byte order mark. A control character in a string is
/// escaped, and one between the values becomes a space.
pub(super) fn json(body: &[u8]) -> SecretBytes {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let mut json = SecretBytes::with_capacity(body.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for c in chars(body) {
        if !c.is_ascii_control() {
            json.push(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else if in_string {
            json.push(format!("\\u{:04x}", u32::from(c)).as_bytes());
        } else {
            json.push(b" ");
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    }
    json
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
