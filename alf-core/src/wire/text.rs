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
            if is_escaped {
                // Otherwise the backslash in front would make another text of the escape.
                json.push(b"\\");
            }
            json.push(format!("\\u{:04x}", u32::from(c)).as_bytes());
        } else {
            json.push(b" ");
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    }
    json
}

/// An escape at the start of a text, if it is one: its character, and its length.
pub(super) type Escape = fn(&str) -> Option<(char, usize)>;

/// Returns `text` with the characters that its escapes stand for.
pub(super) fn unescaped(text: &str, escape: Escape) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut remainder = text;
    while let Some(first) = remainder.chars().next() {
        let (c, length) = escape(remainder).unwrap_or_else(|| (first, first.len_utf8()));
        unescaped.push(c);
        remainder = remainder.get(length..).unwrap_or_default();
    }
    unescaped
}

/// In a string of JSON (RFC 8259 §7).
pub(super) fn json_escape(text: &str) -> Option<(char, usize)> {
    let escaped = text.strip_prefix('\\')?;
    let first = escaped.chars().next()?;
    if first != 'u' {
        return Some((first, 1 + first.len_utf8()));
    }
    let code = u32::from_str_radix(escaped.get(1..5)?, 16).ok()?;
    Some((char::from_u32(code)?, 6))
}

/// In HTML and XML.
pub(super) fn html_escape(text: &str) -> Option<(char, usize)> {
    let name = text.strip_prefix('&')?;
    let end = name
        .bytes()
        .take(LONGEST_NAME)
        .position(|byte| byte == b';')?;
    let c = match name.get(..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((c, end + 2))
}

/// `#x10ffff;`
const LONGEST_NAME: usize = 9;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
