//! Where a client secret comes from: a value, a file, a callback.

mod file;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::SecretText;

use super::{AuthenticationError, Reload};

use file::SecretFile;

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

enum Source {
    Value(SecretText),
    File(SecretFile),
    Callback(Callback),
}

/// What a callback that reads a secret may fail with. Neither it nor what lies beneath it may show
/// anything of the secret.
pub type SecretError = Box<dyn StdError + Send + Sync>;

type Callback = Arc<dyn Fn() -> SecretFuture + Send + Sync>;
type SecretFuture = Pin<Box<dyn Future<Output = Result<SecretText, SecretError>> + Send>>;

impl ClientSecret {
    /// A secret by value.
    pub fn value(secret: impl Into<String>) -> Self {
        Self(Source::Value(SecretText::from(secret.into())))
    }

    /// A file that holds the secret and nothing else, as UTF-8.
    ///
    /// One line break at its end, and a byte order mark at its beginning, are not part of the
    /// secret. It is read on a thread of its own, so that a slow disk blocks no runtime; while such
    /// a thread hangs, the file is not read by another.
    ///
    /// A file that cannot be opened (it is missing, or not permitted), is larger than 64 KiB, or
    /// holds no secret is a permanent failure: alf rests, and reads it again with the next flight.
    /// Every other error of reading it may pass, and is tried again within the flight.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Source::File(SecretFile::new(path.as_ref())))
    }

    /// A callback that gives the secret: from a secret manager, say.
    ///
    /// A failure is taken as one that may pass, and is tried again within the flight. Users get
    /// and log its error, in the chain of a [`TokenError`](crate::TokenError): neither it nor what
    /// lies beneath it may show anything of the secret. (The error of [`std::env::var`] does.)
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
                    Ok(secret) => Ok(SecretText::from(secret.into())),
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

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Value(_) => f.write_str("ClientSecret(by value)"),
            Source::File(file) => write!(f, "ClientSecret(from {})", file.path().display()),
            Source::Callback(_) => f.write_str("ClientSecret(from a callback)"),
        }
    }
}

/// Reads a secret, and remembers what it read last, to tell whether it has changed.
#[derive(Debug)]
pub(super) struct Reader {
    secret: ClientSecret,
    last: Mutex<Option<SecretText>>,
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
        let exposed = Zeroizing::new(secret.expose().to_owned());
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
            Source::Value(secret) => problem(secret.expose()).map_or(Ok(()), |problem| {
                Err(ConfigError::new("client_secret", problem))
            }),
            Source::File(file) if file.path().as_os_str().is_empty() => Err(ConfigError::new(
                "client_secret",
                "the path of its file is empty",
            )),
            Source::File(_) | Source::Callback(_) => Ok(()),
        }
    }

    async fn fetch(&self) -> Result<SecretText, AuthenticationError> {
        match &self.secret.0 {
            Source::Value(secret) => Ok(secret.clone()),
            Source::File(file) => file.read().await,
            Source::Callback(read) => {
                let secret = read().await.map_err(|error| {
                    AuthenticationError::transient("the callback for client_secret failed")
                        .because(error)
                })?;
                match problem(secret.expose()) {
                    None => Ok(secret),
                    Some(problem) => Err(AuthenticationError::permanent(format!(
                        "the callback for client_secret gave one that cannot be used: {problem}"
                    ))),
                }
            }
        }
    }

    fn remember(&self, secret: SecretText) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    fn is_last(&self, secret: &SecretText) -> bool {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|last| last.expose() == secret.expose())
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
