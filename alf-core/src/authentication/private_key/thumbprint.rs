//! By what keys and certificates are known: their SHA-256, in base64url.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::pem;

/// That of the first certificate in `pem` (RFC 7515 §4.1.8).
pub(in super::super) fn of_certificate(pem: &str) -> Result<String, &'static str> {
    Ok(of(&pem::certificate(pem)?))
}

/// That of a public key in its canonical JWK (RFC 7638 §3).
pub(super) fn of_jwk(jwk: &str) -> String {
    of(jwk.as_bytes())
}

fn of(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}
