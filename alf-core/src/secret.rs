//! Memory that holds a secret is wiped when it is dropped (X1).

use bytes::Bytes;
use http::HeaderValue;
use zeroize::{Zeroize, Zeroizing};

/// A header value that prints as `Sensitive` and whose memory is wiped with its last copy.
///
/// `None` where a byte is not fit for a header.
pub(crate) fn sensitive_header(value: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped_bytes(value.into_bytes())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes whose memory is wiped with their last copy.
pub(crate) fn wiped_bytes(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes))
}

/// Wipes bytes that nobody else holds; those that somebody does are theirs to wipe.
pub(crate) fn wipe(bytes: Bytes) {
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.as_mut().zeroize();
    }
}
