//! DER (ITU-T X.690), as far as a certificate needs it: everything is bytes in a tagged envelope.

/// A value of this tag that consists of these parts.
pub(super) fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut value = vec![tag];
    // §8.1.3: one byte up to 127, else the number of bytes that follow.
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        value.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(zeros..).unwrap_or_default();
        value.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
        value.extend_from_slice(bytes);
    }
    for part in parts {
        value.extend_from_slice(part);
    }
    value
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, parts)
}

pub(super) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x31, parts)
}

/// The object identifier whose encoding this is.
pub(super) fn oid(encoded: &[u8]) -> Vec<u8> {
    tagged(0x06, &[encoded])
}

/// A number that is not negative: its first byte is below 128.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    tagged(0x02, &[bytes])
}

pub(super) fn boolean_true() -> Vec<u8> {
    tagged(0x01, &[&[0xff]])
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, &[bytes])
}

/// Bits, of which the last `unused` ones of the last byte are none.
pub(super) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[unused], bytes])
}

pub(super) fn text(text: &str) -> Vec<u8> {
    tagged(0x0c, &[text.as_bytes()])
}

/// `YYYYMMDDHHMMSSZ`, which is without its century until 2049 (RFC 5280 §4.1.2.5).
pub(super) fn time(text: &str) -> Vec<u8> {
    match text.get(2..) {
        Some(short) if text < "2050" => tagged(0x17, &[short.as_bytes()]),
        _ => tagged(0x18, &[text.as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(tagged(4, &[&[7; 127]])[..3], [4, 127, 7]);
        assert_eq!(tagged(4, &[&[7; 128]])[..4], [4, 0x81, 128, 7]);
        assert_eq!(tagged(4, &[&[7; 200], &[7; 100]])[..5], [4, 0x82, 1, 44, 7]);
    }
}
