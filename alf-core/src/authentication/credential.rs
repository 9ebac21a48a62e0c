//! A credential by value, from a file, or from a callback.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::error::Awaited;
use crate::secret::SecretText;

use super::client_authentication::{AuthenticationError, SecretError};
use super::file;
use super::fingerprint::CredentialsFingerprint;

/// A secret, a key, an assertion, or a certificate. It is read anew each time.
pub(super) struct Credential {
    kind: &'static CredentialKind,
    source: Source,
}

pub(super) struct CredentialKind {
    /// The name in errors.
    pub(super) name: &'static str,
    /// The error for a file that is not text.
    pub(super) not_text: &'static str,
    /// Returns the part of a file's text that is the credential.
    pub(super) in_file: fn(&str) -> &str,
}

/// A credential that was read, and what it was parsed to.
pub(super) struct ReadCredential<T> {
    pub(super) text: Zeroizing<String>,
    #[cfg_attr(
        not(feature = "jwt"),
        expect(dead_code, reason = "only keys and certificates are parsed")
    )]
    pub(super) parsed: T,
    pub(super) fingerprint: CredentialsFingerprint,
}

/// What is wrong with a credential, without quoting it.
pub(super) type Problem = Cow<'static, str>;

enum Source {
    Value(SecretText),
    File(PathBuf),
    Callback(Callback),
}

type Callback = Box<dyn Fn() -> ReadFuture + Send + Sync>;
type ReadFuture = Pin<Box<dyn Future<Output = Result<Zeroizing<String>, SecretError>> + Send>>;

impl Credential {
    pub(super) fn value(kind: &'static CredentialKind, text: String) -> Self {
        let source = Source::Value(SecretText::from(text));
        Self { kind, source }
    }

    pub(super) fn file(kind: &'static CredentialKind, path: &Path) -> Self {
        let source = Source::File(path.to_owned());
        Self { kind, source }
    }

    pub(super) fn from_fn<F, Fut, S, E>(kind: &'static CredentialKind, read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        let source = Source::Callback(Box::new(move || {
            let text = read();
            Box::pin(async move {
                match text.await {
                    Ok(text) => Ok(Zeroizing::new(text.into())),
                    Err(error) => Err(error.into()),
                }
            })
        }));
        Self { kind, source }
    }

    /// What a method awaits while it reads the credential.
    pub(super) fn awaited(&self) -> Awaited {
        match &self.source {
            Source::Value(_) => Awaited::Authentication,
            Source::File(_) | Source::Callback(_) => Awaited::Credential(self.kind.name),
        }
    }

    /// Reads the credential. `parse` returns the problem of a text that cannot be used.
    pub(super) async fn read<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Problem> + Send,
    ) -> Result<ReadCredential<T>, AuthenticationError> {
        let kind = self.kind;
        let text = match &self.source {
            Source::Value(text) => Zeroizing::new(text.expose().to_owned()),
            Source::File(path) => {
                let bytes = file::read(path, kind.name).await?;
                let text = text_of(&bytes).ok_or_else(|| self.unusable(kind.not_text))?;
                Zeroizing::new((kind.in_file)(text).to_owned())
            }
            Source::Callback(read) => read().await.map_err(|error| {
                let problem = format!("the callback for {} failed", kind.name);
                AuthenticationError::transient(problem).because(error)
            })?,
        };
        let parsed = parse(&text).map_err(|problem| self.unusable(problem))?;
        let fingerprint = match &self.source {
            Source::Value(_) => CredentialsFingerprint::unchanging(),
            Source::File(_) | Source::Callback(_) => CredentialsFingerprint::of(text.as_str()),
        };
        Ok(ReadCredential {
            text,
            parsed,
            fingerprint,
        })
    }

    /// Checks what is known when the client is built: a value, and that a path is not empty.
    pub(super) fn check<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<(), ConfigError> {
        let checked = match &self.source {
            Source::Value(text) => parse(text.expose()).map(drop),
            Source::File(path) if path.as_os_str().is_empty() => {
                Err("the path of its file is empty".into())
            }
            Source::File(_) | Source::Callback(_) => Ok(()),
        };
        checked.map_err(|problem| ConfigError::new(self.kind.name, problem))
    }

    /// The error for a credential that was read and cannot be used.
    fn unusable(&self, problem: impl fmt::Display) -> AuthenticationError {
        let name = self.kind.name;
        AuthenticationError::permanent(match &self.source {
            Source::Value(_) => format!("{name}: {problem}"),
            Source::File(path) => format!("{name} in {}: {problem}", path.display()),
            Source::Callback(_) => {
                format!("the callback for {name} returned an unusable value: {problem}")
            }
        })
    }
}

/// Shows where the credential comes from, but no part of it (X1).
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Value(_) => f.write_str("by value"),
            Source::File(path) => write!(f, "from {}", path.display()),
            Source::Callback(_) => f.write_str("from a callback"),
        }
    }
}

/// Returns the text of a file, without the byte order mark that some editors put before it.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).ok()
}
