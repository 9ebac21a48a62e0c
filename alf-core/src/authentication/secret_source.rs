//! Where a client secret comes from.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::Path;

use super::source::{Reader, Sort, Source};

/// A client secret: by value, or where to read it.
///
/// A file or a callback is read for every attempt, and once more where the authorization server
/// refuses: rotating a secret needs no restart (B3).
///
/// # Examples
///
/// ```
/// use alf_core::{Client, ClientSecret};
///
/// # let endpoint = "https://auth.example.com/token";
/// Client::builder(endpoint).client_secret("client-id", "a secret by value");
/// Client::builder(endpoint).client_secret("client-id", ClientSecret::file("/run/secrets/client"));
/// Client::builder(endpoint).client_secret(
///     "client-id",
///     ClientSecret::from_fn(|| async {
///         // Not its own error: that shows the value, where it is not UTF-8.
///         std::env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set, or not UTF-8")
///     }),
/// );
/// ```
pub struct ClientSecret(Source);

/// What a callback that reads a secret may fail with. Neither it nor what lies beneath it may show
/// anything of the secret.
pub type SecretError = Box<dyn StdError + Send + Sync>;

impl ClientSecret {
    /// A secret by value.
    pub fn value(secret: impl Into<String>) -> Self {
        Self(Source::value(secret.into()))
    }

    /// A file that holds the secret and nothing else, as UTF-8.
    ///
    /// One line break at its end, and a byte order mark at its beginning, are not part of the
    /// secret. On tokio it is read on a thread for blocking work, so that a slow disk does not block
    /// the runtime; otherwise on the thread of the acquisition.
    ///
    /// A file that cannot be opened (it is missing, a directory, or not permitted), is larger than
    /// 64 KiB, or holds no secret is a permanent failure: alf rests, and reads it again with the
    /// next acquisition. Every other error of reading it may pass, and is tried again within the acquisition.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Source::file(path.as_ref()))
    }

    /// A callback that gives the secret: from a secret manager, say.
    ///
    /// A failure is taken as one that may pass, and is tried again within the acquisition. Users get
    /// and log its error, in the chain of a [`TokenError`](crate::TokenError): neither it nor what
    /// lies beneath it may show anything of the secret. (The error of [`std::env::var`] does.)
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self(Source::from_fn(read))
    }

    pub(super) fn into_reader(self) -> Reader {
        Reader::new(self.0, &CLIENT_SECRET)
    }
}

impl From<&str> for ClientSecret {
    fn from(secret: &str) -> Self {
        Self::value(secret)
    }
}

impl From<String> for ClientSecret {
    fn from(secret: String) -> Self {
        Self::value(secret)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSecret({:?})", self.0)
    }
}

const CLIENT_SECRET: Sort = Sort {
    name: "client_secret",
    not_text: "it is no text in UTF-8",
    in_file: without_line_break,
    problem,
};

/// Editors and `echo` put one at the end; more than one was meant.
fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Why this cannot be meant as a secret.
fn problem(secret: &str) -> Option<Cow<'static, str>> {
    if secret.is_empty() {
        Some("it is empty".into())
    } else if secret.contains(['\r', '\n']) {
        Some("it has a line break, which no server would see as meant; remove it".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
