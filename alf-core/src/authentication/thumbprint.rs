//! SHA-256 thumbprints of certificates and keys, in base64url.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa;

use super::client_authentication::Problem;
use super::jwt::base64url;
use super::pem;

/// Returns the thumbprint of the first certificate in `pem` (RFC 7515 §4.1.8): the client's own, if
/// there is a chain.
pub(super) fn of_certificate(pem: &str) -> Result<String, Problem> {
    let (own, _) = pem::certificates(pem)?;
    Ok(thumbprint(&own.der()?))
}

/// Returns the thumbprint of an elliptic curve's point in the form `04 || x || y` (RFC 7518 §6.2.1).
pub(super) fn of_ec_key(curve: &str, point: &[u8]) -> Option<String> {
    let coordinates = point.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    let (x, y) = (base64url(x), base64url(y));
    Some(of_jwk(&format!(
        r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#
    )))
}

/// Returns the thumbprint of the 32 bytes of an Ed25519 key (RFC 8037 §2).
pub(super) fn of_ed25519_key(public_key: &[u8]) -> String {
    let x = base64url(public_key);
    of_jwk(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))
}

/// Returns the thumbprint of an RSA key (RFC 7518 §6.3.1).
pub(super) fn of_rsa_key(public_key: &rsa::PublicKey) -> String {
    let n = base64url(public_key.modulus().big_endian_without_leading_zero());
    let e = base64url(public_key.exponent().big_endian_without_leading_zero());
    of_jwk(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#))
}

/// Returns the thumbprint of a JWK in its canonical form (RFC 7638 §3): the required members, ordered
/// by name, without white space.
fn of_jwk(jwk: &str) -> String {
    thumbprint(jwk.as_bytes())
}

fn thumbprint(bytes: &[u8]) -> String {
    base64url(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests;
