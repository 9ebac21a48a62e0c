//! A public key as a JWK, in the canonical form of RFC 7638 §3.2: the members that it must have, in
//! the order of their names, without white space.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Of a point on a curve in its uncompressed form, `04 || x || y` (RFC 7518 §6.2.1).
pub(super) fn ec(curve: &str, point: &[u8]) -> Option<String> {
    let coordinates = point.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    let (x, y) = (encoded(x), encoded(y));
    Some(format!(
        r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#
    ))
}

/// Of 32 bytes (RFC 8037 §2).
pub(super) fn ed25519(public_key: &[u8]) -> String {
    let x = encoded(public_key);
    format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
}

/// Of a PKCS#1 `RSAPublicKey` in DER (RFC 8017 A.1.1, RFC 7518 §6.3.1).
pub(super) fn rsa(public_key: &[u8]) -> Option<String> {
    let (sequence, _) = element(SEQUENCE, public_key)?;
    let (modulus, rest) = element(INTEGER, sequence)?;
    let (exponent, _) = element(INTEGER, rest)?;
    let (n, e) = (encoded(unsigned(modulus)), encoded(unsigned(exponent)));
    Some(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#))
}

/// The contents of the DER element of that tag with which `der` begins, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = length.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        (length, rest)
    };
    rest.split_at_checked(length)
}

/// DER puts a zero before a number whose first bit is set.
fn unsigned(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x5_a_public_key_that_is_cut_off_is_none() {
        for der in [
            &b""[..],
            b"\x30",
            b"\x30\x03\x02\x01",
            b"\x30\x85\xff\xff\xff\xff\xff",
            b"\x30\x89\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x30\x03\x02\x01\x05",
            b"\x02\x01\x05",
        ] {
            assert_eq!(rsa(der), None, "{der:x?}");
        }
        assert_eq!(ec("P-256", b"\x02\x01"), None, "compressed");
        assert_eq!(ec("P-256", b""), None);
    }
}
