//! Memory with a secret is wiped when it is dropped (X1).

use std::fmt;
use std::ops::Deref;
use std::path::Path;

use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use zeroize::{Zeroize, Zeroizing};

/// A growing buffer whose memory is wiped, also the memory that it no longer uses.
#[derive(Default)]
pub(crate) struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// Like `Vec::extend_from_slice`, but wipes the old memory when it grows.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let needed = self.0.len().saturating_add(piece.len());
        if self.0.capacity() < needed {
            let mut larger = Vec::with_capacity(needed.saturating_mul(2));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(piece);
    }

    /// The bytes. Their memory is wiped with the last copy.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self.0)
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "store")]
impl std::io::Write for SecretBytes {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.push(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A text that does not print, and whose memory is wiped.
#[derive(Clone, Default)]
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Reads the environment variable of this name. An error is the end of the text of a [`ConfigError`](crate::ConfigError).
    #[cfg(any(feature = "config", feature = "store"))]
    pub(crate) fn of_variable(name: &str) -> Result<Self, String> {
        // Without std's error, which shows a value that is not UTF-8 (X1).
        std::env::var(name).map(Self::from).map_err(|_| {
            let subject = if is_surely_a_name(name) {
                format!("the environment variable {name}")
            } else {
                "its environment variable".to_owned()
            };
            format!("{subject} is not set, or is not UTF-8")
        })
    }

    /// Each use is a place to check for leaks.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// X1: a user may have written the secret in place of the name of its variable. A secret in hexadecimal or in base32 has
/// no `_`, and one in base64 is not all in capital letters. After a prefix with a `_`, a random part is longer.
#[cfg(any(feature = "config", feature = "store"))]
fn is_surely_a_name(text: &str) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(is_of_a_name)
        && text.contains('_')
        && text.split('_').all(|word| word.len() <= 14)
}

/// The path of a file with a secret, for texts. X1: a user may have written the secret in place of its path, so a path is shown
/// only if it is surely one.
pub(crate) struct ShownPath<'a>(pub(crate) &'a Path);

impl ShownPath<'_> {
    pub(crate) fn is_hidden(&self) -> bool {
        let Some(text) = self.0.to_str() else {
            return false;
        };
        let has_extension = self.0.extension().is_some_and(|name| name.len() <= 5);
        let is_of_a_file = self.0.is_absolute() || text.starts_with('.') || has_extension;
        // A PEM text, or base64.
        text.contains(['\n', '\r'])
            || text.contains("-----")
            || text.ends_with('=')
            || !is_of_a_file
    }
}

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_hidden() {
            f.write_str("a path that is not shown, because it may be the secret itself")
        } else {
            write!(f, "{}", self.0.display())
        }
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// A header value that prints as `Sensitive` and whose memory is wiped with its last copy.
///
/// `None` if a byte cannot be in a header.
pub(crate) fn sensitive_header(value: String) -> Option<HeaderValue> {
    let bytes = Bytes::from_owner(Zeroizing::new(value.into_bytes()));
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns the same header value with a reference count of its own: threads that clone the two do not compete for one
/// cache line. They share the memory with the secret.
pub(crate) fn counted_apart(value: &HeaderValue) -> HeaderValue {
    let bytes = Bytes::from_owner(value.clone());
    let counted = HeaderValue::from_maybe_shared(bytes).map(|mut counted| {
        counted.set_sensitive(value.is_sensitive());
        counted
    });
    // Not an error: the bytes are those of a header value.
    counted.unwrap_or_else(|_| value.clone())
}

/// Returns `text` percent-encoded. No copies of it are left in memory.
pub(crate) fn percent_encoded(text: &str, set: &'static AsciiSet) -> Zeroizing<String> {
    // A byte becomes three at most, so it never grows.
    let mut encoded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    encoded.extend(utf8_percent_encode(text, set));
    encoded
}

/// Wipes bytes, unless there is another copy, whose owner wipes them.
pub(crate) fn wipe(bytes: Bytes) {
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.as_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_a_path_is_shown_only_if_it_is_surely_one() {
        for path in [
            "/run/secrets/client",
            "./client",
            "../secrets/client",
            "key.pem",
            "secrets/client.txt",
            "",
        ] {
            let shown = ShownPath(Path::new(path)).to_string();
            assert_eq!(shown == path, !path.is_empty(), "{path}");
        }
        for secret in [
            "s3cr3t",
            "hunter2hunter2",
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n",
            "/9j4AAQSkZJRgABAQEAYABgAAD2wBDAAgGBgcGBQ=",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl",
            "a/b+c0123456789",
        ] {
            let shown = ShownPath(Path::new(secret)).to_string();
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
