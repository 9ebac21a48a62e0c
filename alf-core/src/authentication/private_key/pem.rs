//! A key, and the certificate beside it, as DER.

use zeroize::Zeroizing;

use super::super::pem;

pub(super) use super::super::pem::{Format, KEY_IS_NO_TEXT};

/// The one private key in a PEM text.
pub(super) fn private_key(pem: &str) -> Result<(Format, Zeroizing<Vec<u8>>), &'static str> {
    let (format, key) = pem::private_key(pem)?;
    Ok((format, key.der()?))
}

/// The first certificate in it: where there is a chain, the client's own.
pub(super) fn certificate(pem: &str) -> Result<Vec<u8>, &'static str> {
    let (own, _) = pem::certificates(pem)?;
    Ok(own.der()?.to_vec())
}
