//! Where a client secret comes from: a value, a file, a callback.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::ConfigError;

use super::{AuthenticationError, Reload};

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
///     ClientSecret::from_fn(|| async { std::env::var("CLIENT_SECRET") }),
/// );
/// ```
pub struct ClientSecret(Source);

enum Source {
    Value(SecretString),
    File(PathBuf),
    Callback(Callback),
}

/// What a callback that reads a secret may fail with. It must not show the secret.
pub type SecretError = Box<dyn StdError + Send + Sync>;

type Callback = Arc<dyn Fn() -> SecretFuture + Send + Sync>;
type SecretFuture = Pin<Box<dyn Future<Output = Result<SecretString, SecretError>> + Send>>;

impl ClientSecret {
    /// A secret by value.
    pub fn value(secret: impl Into<String>) -> Self {
        Self(Source::Value(SecretString::from(secret.into())))
    }

    /// A file that holds the secret and nothing else, as UTF-8.
    ///
    /// One line break at its end, and a byte order mark at its beginning, are not part of the
    /// secret. It is read on a thread of its own, so that a slow disk blocks no runtime.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Source::File(path.as_ref().to_owned()))
    }

    /// A callback that gives the secret: from a secret manager, say.
    ///
    /// A failure is taken as one that may pass, and is tried again within the flight.
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self(Source::Callback(Arc::new(move || {
            let secret = read();
            Box::pin(async move {
                match secret.await {
                    Ok(secret) => Ok(SecretString::from(secret.into())),
                    Err(error) => Err(error.into()),
                }
            })
        })))
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

impl From<SecretString> for ClientSecret {
    fn from(secret: SecretString) -> Self {
        Self(Source::Value(secret))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Value(_) => f.write_str("ClientSecret(by value)"),
            Source::File(path) => write!(f, "ClientSecret(from {})", path.display()),
            Source::Callback(_) => f.write_str("ClientSecret(from a callback)"),
        }
    }
}

/// Reads a secret, and remembers what it read last, to tell whether it has changed.
#[derive(Debug)]
pub(super) struct Reader {
    secret: ClientSecret,
    last: Mutex<Option<SecretString>>,
}

impl Reader {
    pub(super) fn new(secret: ClientSecret) -> Self {
        Self {
            secret,
            last: Mutex::new(None),
        }
    }

    /// The secret as it is now.
    pub(super) async fn read(&self) -> Result<Zeroizing<String>, AuthenticationError> {
        let secret = self.fetch().await?;
        let exposed = Zeroizing::new(secret.expose_secret().to_owned());
        self.remember(secret);
        Ok(exposed)
    }

    /// Whether the secret is another than the one that was read last.
    pub(super) async fn reload(&self) -> Reload {
        if matches!(self.secret.0, Source::Value(_)) {
            return Reload::Unchanged;
        }
        let Ok(secret) = self.fetch().await else {
            return Reload::Unchanged;
        };
        if self.is_last(&secret) {
            Reload::Unchanged
        } else {
            Reload::Changed
        }
    }

    /// A secret by value is known when the client is built.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match &self.secret.0 {
            Source::Value(secret) => problem(secret.expose_secret()).map_or(Ok(()), |problem| {
                Err(ConfigError::new("client_secret", problem))
            }),
            Source::File(path) if path.as_os_str().is_empty() => Err(ConfigError::new(
                "client_secret",
                "the path of its file is empty",
            )),
            Source::File(_) | Source::Callback(_) => Ok(()),
        }
    }

    async fn fetch(&self) -> Result<SecretString, AuthenticationError> {
        match &self.secret.0 {
            Source::Value(secret) => Ok(secret.clone()),
            Source::File(path) => read_file(path).await,
            Source::Callback(read) => {
                let secret = read().await.map_err(|error| {
                    AuthenticationError::transient("the callback for client_secret failed")
                        .because(error)
                })?;
                match problem(secret.expose_secret()) {
                    None => Ok(secret),
                    Some(problem) => Err(AuthenticationError::permanent(format!(
                        "the callback for client_secret gave one that cannot be used: {problem}"
                    ))),
                }
            }
        }
    }

    fn remember(&self, secret: SecretString) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    fn is_last(&self, secret: &SecretString) -> bool {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|last| last.expose_secret() == secret.expose_secret())
    }
}

/// Reads on a thread of its own: a file on a disk that does not answer blocks no runtime, and the
/// flight's deadline ends the waiting for it.
async fn read_file(path: &Path) -> Result<SecretString, AuthenticationError> {
    let (tell, told) = oneshot::channel();
    let file = path.to_owned();
    let begun = std::thread::Builder::new()
        .name("alf-secret-file".to_owned())
        .spawn(move || {
            // Whoever waited may be gone.
            let _ = tell.send(std::fs::read(file).map(Zeroizing::new));
        });
    let unreadable = |error: std::io::Error| {
        let problem = format!("client_secret cannot be read from {}", path.display());
        AuthenticationError::transient(problem).because(error)
    };
    begun.map_err(unreadable)?;
    let bytes = match told.await {
        Ok(read) => read.map_err(unreadable)?,
        Err(oneshot::Canceled) => return Err(unreadable(std::io::ErrorKind::Interrupted.into())),
    };
    secret_of_file(&bytes).map_err(|problem| {
        AuthenticationError::permanent(format!("client_secret in {}: {problem}", path.display()))
    })
}

fn secret_of_file(bytes: &[u8]) -> Result<SecretString, &'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let secret = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    match problem(secret) {
        None => Ok(SecretString::from(secret)),
        Some(problem) => Err(problem),
    }
}

/// Why this cannot be meant as a secret.
fn problem(secret: &str) -> Option<&'static str> {
    if secret.is_empty() {
        Some("it is empty")
    } else if secret.contains(['\r', '\n']) {
        Some("it has a line break, which no server would see as meant; remove it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
