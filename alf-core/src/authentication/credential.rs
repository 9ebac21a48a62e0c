//! A credential by value, from a file, or from a callback.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::error::Activity;
use crate::secret::{SecretText, ShownPath};

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, Problem, SecretError,
};
use super::file;
use super::fingerprint::CredentialsFingerprint;

/// A secret, a private key, an assertion, or a certificate: a value, a file, or a callback.
///
/// alf reads a file, or calls a callback, for each attempt, and once more after a permanent refusal. You
/// can rotate a credential without a restart (B3).
///
/// # Examples
///
/// ```
/// use alf_core::{Client, Credential};
///
/// # let endpoint = "https://auth.example.com/token";
/// Client::builder(endpoint).client_secret("client-id", "a secret by value");
/// Client::builder(endpoint).client_secret("client-id", Credential::file("/run/secrets/client"));
/// Client::builder(endpoint).client_secret(
///     "client-id",
///     Credential::from_fn(|| async {
///         // Do not return the error of `var`: it shows the value if the value is not UTF-8.
///         std::env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set, or not UTF-8")
///     }),
/// );
/// ```
#[derive(Clone)]
pub struct Credential(Source);

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

#[derive(Clone)]
enum Source {
    Value(SecretText),
    File(PathBuf),
    Callback(Callback),
}

type Callback = Arc<dyn Fn() -> ReadFuture + Send + Sync>;
type ReadFuture = Pin<Box<dyn Future<Output = Result<Zeroizing<String>, SecretError>> + Send>>;

impl Credential {
    /// Uses this value. It is checked when the client is built.
    pub fn value(text: impl Into<String>) -> Self {
        Self(Source::Value(SecretText::from(text.into())))
    }

    /// Reads the credential from a file that contains only the credential, in UTF-8. (A PEM file may contain
    /// more than the key or the certificate.)
    ///
    /// A byte order mark at the start and one line break at the end are not part of a secret. With the
    /// feature `tokio`, in a tokio runtime, the file is read on a thread for blocking work. Otherwise it is
    /// read on the thread of the acquisition.
    ///
    /// It is a permanent failure if the file cannot be opened (it is missing, is a directory, or access is
    /// denied), is larger than 64 KiB, or does not contain such a credential. alf then backs off, and reads
    /// the file again in the next acquisition. Other errors are transient, and the acquisition tries again.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Source::File(path.as_ref().to_owned()))
    }

    /// Calls a callback that returns the credential, for example from a secret manager.
    ///
    /// If the callback fails, the acquisition tries again. Users see its error in logs and in the sources of
    /// a [`TokenError`](crate::TokenError). Neither the error nor its sources may show any part of the
    /// credential. (The error of [`std::env::var`] may show it.)
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self(Source::Callback(Arc::new(move || {
            let text = read();
            Box::pin(async move {
                match text.await {
                    Ok(text) => Ok(Zeroizing::new(text.into())),
                    Err(error) => Err(error.into()),
                }
            })
        })))
    }

    /// Reads the credential, which errors call `name`. `parse` returns the problem of a text that cannot be
    /// used.
    pub(super) async fn read<T>(
        &self,
        context: &AuthenticationContext<'_>,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem> + Send,
    ) -> Result<ReadCredential<T>, AuthenticationError> {
        let text = match &self.0 {
            Source::Value(text) => Zeroizing::new(text.expose().to_owned()),
            Source::File(path) => {
                context.activity.set(Activity::Credential(name));
                let text = file::read(path).await;
                let text = text.map_err(|error| cannot_read(name, path, error))?;
                Zeroizing::new(without_marks(&text).to_owned())
            }
            Source::Callback(read) => {
                context.activity.set(Activity::Credential(name));
                read().await.map_err(|error| {
                    let problem = format!("the callback for {name} failed");
                    AuthenticationError::transient(problem).because(error)
                })?
            }
        };
        let parsed = parse(&text).map_err(|problem| {
            AuthenticationError::permanent(match &self.0 {
                Source::Value(_) => format!("{name}: {problem}"),
                Source::File(path) => format!("{name} in {}: {problem}", ShownPath(path)),
                Source::Callback(_) => {
                    format!("the callback for {name} returned an unusable value: {problem}")
                }
            })
        })?;
        let fingerprint = match &self.0 {
            Source::Value(text) => CredentialsFingerprint::unchanging_of(text.expose()),
            Source::File(_) | Source::Callback(_) => CredentialsFingerprint::of(text.as_str()),
        };
        Ok(ReadCredential {
            text,
            parsed,
            fingerprint,
        })
    }

    /// Whether both are the same file, or clones of the same callback.
    #[cfg(feature = "jwt")]
    pub(super) fn has_same_source(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::File(path), Source::File(other)) => path == other,
            (Source::Callback(read), Source::Callback(other)) => Arc::ptr_eq(read, other),
            (Source::Value(_) | Source::File(_) | Source::Callback(_), _) => false,
        }
    }

    /// Checks what is known when the client is built: a value, and that a path is not empty.
    pub(super) fn check<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<(), ConfigError> {
        let checked = match &self.0 {
            Source::Value(text) => parse(text.expose()).map(drop),
            Source::File(path) if path.as_os_str().is_empty() => {
                Err("the path of its file is empty".into())
            }
            Source::File(_) | Source::Callback(_) => Ok(()),
        };
        checked.map_err(|problem| ConfigError::new(name, problem))
    }
}

impl<T: Into<String>> From<T> for Credential {
    /// Uses the text as a [`value`](Self::value).
    fn from(text: T) -> Self {
        Self::value(text)
    }
}

/// Shows where the credential comes from, but no part of it (X1).
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Value(_) => f.write_str("by value"),
            Source::File(path) => write!(f, "from {}", ShownPath(path)),
            Source::Callback(_) => f.write_str("from a callback"),
        }
    }
}

/// B1: a file that cannot be opened or used needs someone to repair it. Other errors may pass.
fn cannot_read(name: &str, path: &Path, error: io::Error) -> AuthenticationError {
    let problem = format!("{name} cannot be read from {}", ShownPath(path));
    let is_permanent = matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::FileTooLarge
    );
    let cannot_read = if is_permanent {
        AuthenticationError::permanent(problem)
    } else {
        AuthenticationError::transient(problem)
    };
    cannot_read.because(error)
}

/// Editors put a byte order mark before a text, and `echo` one line break after it. More than one line break is an
/// error.
fn without_marks(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests;
