//! Where a credential is read from: a value, a file, or a callback.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::SecretText;

use super::{AuthenticationError, CredentialsFingerprint, SecretError, file};

/// A value, or where to read it.
pub(super) enum Source {
    Value(SecretText),
    File(PathBuf),
    Callback(Callback),
}

/// What sort of credential is read.
pub(super) struct Sort {
    /// As errors call it.
    pub(super) name: &'static str,
    /// What is wrong with a file that is no text.
    pub(super) not_text: &'static str,
    /// What of the text of a file it is.
    pub(super) in_file: fn(&str) -> &str,
    /// Why a text cannot be meant as one, without a word of it.
    pub(super) problem: fn(&str) -> Option<Cow<'static, str>>,
}

type Callback = Arc<dyn Fn() -> SecretFuture + Send + Sync>;
type SecretFuture = Pin<Box<dyn Future<Output = Result<Zeroizing<String>, SecretError>> + Send>>;

impl Source {
    pub(super) fn value(text: String) -> Self {
        Self::Value(SecretText::from(text))
    }

    pub(super) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    pub(super) fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self::Callback(Arc::new(move || {
            let text = read();
            Box::pin(async move {
                match text.await {
                    Ok(text) => Ok(Zeroizing::new(text.into())),
                    Err(error) => Err(error.into()),
                }
            })
        }))
    }
}

/// Where it comes from, and nothing of what it is (X1).
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("by value"),
            Self::File(path) => write!(f, "from {}", path.display()),
            Self::Callback(_) => f.write_str("from a callback"),
        }
    }
}

/// Reads a credential.
pub(super) struct Reader {
    source: Source,
    sort: &'static Sort,
}

impl Reader {
    pub(super) fn new(source: Source, sort: &'static Sort) -> Self {
        Self { source, sort }
    }

    /// The credential as it is now.
    pub(super) async fn read(&self) -> Result<Zeroizing<String>, AuthenticationError> {
        let text = match &self.source {
            Source::Value(text) => Zeroizing::new(text.expose().to_owned()),
            Source::File(path) => {
                let bytes = file::read(path, self.sort.name).await?;
                let text = text_of(&bytes).ok_or_else(|| self.unusable(self.sort.not_text))?;
                Zeroizing::new((self.sort.in_file)(text).to_owned())
            }
            Source::Callback(read) => read().await.map_err(|error| {
                let name = self.sort.name;
                AuthenticationError::transient(format!("the callback for {name} failed"))
                    .because(error)
            })?,
        };
        match (self.sort.problem)(&text) {
            None => Ok(text),
            Some(problem) => Err(self.unusable(problem)),
        }
    }

    /// Whether the credential is another than that of `since`.
    pub(super) async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        if matches!(self.source, Source::Value(_)) {
            return false;
        }
        match self.read().await {
            Ok(text) => !since.matches(text.as_str()),
            Err(_) => false,
        }
    }

    /// A credential by value is known when the client is built. `further` looks for problems that
    /// the sort itself does not know.
    pub(super) fn check(
        &self,
        further: impl FnOnce(&str) -> Option<Cow<'static, str>>,
    ) -> Result<(), ConfigError> {
        let problem = match &self.source {
            Source::Value(text) => {
                let text = text.expose();
                (self.sort.problem)(text).or_else(|| further(text))
            }
            Source::File(path) if path.as_os_str().is_empty() => {
                Some("the path of its file is empty".into())
            }
            Source::File(_) | Source::Callback(_) => None,
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(ConfigError::new(self.sort.name, problem)),
        }
    }

    /// What was read cannot be used: which it was, where it came from, and why.
    pub(super) fn unusable(&self, problem: impl fmt::Display) -> AuthenticationError {
        let name = self.sort.name;
        AuthenticationError::permanent(match &self.source {
            Source::Value(_) => format!("{name}: {problem}"),
            Source::File(path) => format!("{name} in {}: {problem}", path.display()),
            Source::Callback(_) => {
                format!("the callback for {name} gave one that cannot be used: {problem}")
            }
        })
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// The text of a file: some editors put a byte order mark before it.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
pub(super) mod tests;
