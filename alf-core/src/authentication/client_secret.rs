//! The client secret, `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use std::future::Future;
use std::path::Path;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::{percent_encoded, sensitive_header};
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, SecretError,
};
use super::credential::{Credential, CredentialKind, Problem};
use super::fingerprint::CredentialsFingerprint;

/// A client secret: a value, a file, or a callback.
///
/// alf reads a file, or calls a callback, for each attempt, and once more after a permanent refusal. You
/// can rotate a secret without a restart (B3).
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
///         // Do not return the error of `var`: it shows the value if the value is not UTF-8.
///         std::env::var("CLIENT_SECRET").map_err(|_| "CLIENT_SECRET is not set, or not UTF-8")
///     }),
/// );
/// ```
#[derive(Debug)]
pub struct ClientSecret(pub(super) Credential);

/// `client_secret_basic`: the id and the secret are in the `Authorization` header of the token request.
///
/// The RFC requires that both are form-encoded first, but many servers do not decode them. By default,
/// alf encodes only the characters that every server must receive encoded: `%`, `+`, space, control
/// characters, non-ASCII characters, and `:` in the id. Secrets without these characters, such as base64
/// without a `+`, work with both kinds of server.
#[derive(Debug)]
pub struct ClientSecretBasic {
    secret: Credential,
    raw: bool,
    with_client_id: bool,
}

/// `client_secret_post`: the id and the secret are in the body of the token request.
#[derive(Debug)]
pub struct ClientSecretPost {
    secret: Credential,
}

impl ClientSecret {
    /// Uses this value as the secret.
    pub fn value(secret: impl Into<String>) -> Self {
        Self(Credential::value(&CLIENT_SECRET, secret.into()))
    }

    /// Reads the secret from a file that contains only the secret, in UTF-8.
    ///
    /// A byte order mark at the start and one line break at the end are not part of the secret. With the
    /// feature `tokio`, in a tokio runtime, the file is read on a thread for blocking work. Otherwise it is
    /// read on the thread of the acquisition.
    ///
    /// It is a permanent failure if the file cannot be opened (it is missing, is a directory, or access is
    /// denied), is larger than 64 KiB, or does not contain a secret. alf then backs off, and reads the file
    /// again in the next acquisition. Other errors are transient, and the acquisition tries again.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Credential::file(&CLIENT_SECRET, path.as_ref()))
    }

    /// Calls a callback that returns the secret, for example from a secret manager.
    ///
    /// If the callback fails, the acquisition tries again. Users see its error in logs and in the sources of
    /// a [`TokenError`](crate::TokenError). Neither the error nor its sources may show any part of the
    /// secret. (The error of [`std::env::var`] may show it.)
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self(Credential::from_fn(&CLIENT_SECRET, read))
    }
}

impl From<&str> for ClientSecret {
    fn from(secret: &str) -> Self {
        Self::value(secret)
    }
}

impl From<&String> for ClientSecret {
    fn from(secret: &String) -> Self {
        Self::value(secret)
    }
}

impl From<String> for ClientSecret {
    fn from(secret: String) -> Self {
        Self::value(secret)
    }
}

impl ClientSecretBasic {
    /// Uses this secret: a value, a file, or a callback.
    pub fn new(secret: impl Into<ClientSecret>) -> Self {
        Self {
            secret: secret.into().0,
            raw: false,
            with_client_id: false,
        }
    }

    /// Sends the id and the secret without encoding. Use it if the server does not decode them and the
    /// secret contains a `%`, a `+` or a space.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Sends the client's id in the body too (`client_id`), for servers that look there for it. Default: it is in the
    /// header alone, since some servers refuse a request that names the client twice.
    #[must_use]
    pub fn with_client_id(mut self) -> Self {
        self.with_client_id = true;
        self
    }

    /// Leaves no copies behind.
    fn encoded(&self, text: &str, set: &'static AsciiSet) -> Zeroizing<String> {
        if self.raw {
            Zeroizing::new(text.to_owned())
        } else {
            percent_encoded(text, set)
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretBasic {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        context.awaits(self.secret.awaited());
        let secret = self.secret.read(check_secret).await?;
        let encoded_id = self.encoded(context.client_id(), IN_ID);
        let encoded_secret = self.encoded(&secret.text, IN_SECRET);
        request.mask(&secret.text);
        request.mask(&encoded_secret);
        if *encoded_id != context.client_id() || encoded_secret != secret.text {
            request.check_if_refused(ENCODING);
        }
        let pair = Zeroizing::new([encoded_id.as_str(), ":", &encoded_secret].concat());
        let credentials = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let value = sensitive_header(["Basic ", &credentials].concat()).ok_or_else(|| {
            AuthenticationError::permanent("the secret cannot be sent in a header")
        })?;
        request.authorization(value);
        if self.with_client_id {
            request.parameter("client_id", context.client_id());
        }
        Ok(secret.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(check_secret)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_basic")
    }
}

impl ClientSecretPost {
    /// Uses this secret: a value, a file, or a callback.
    pub fn new(secret: impl Into<ClientSecret>) -> Self {
        Self {
            secret: secret.into().0,
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretPost {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        context.awaits(self.secret.awaited());
        let secret = self.secret.read(check_secret).await?;
        request.parameter("client_id", context.client_id());
        request.secret_parameter("client_secret", &secret.text);
        Ok(secret.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(check_secret)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_post")
    }
}

/// T3: these, controls and non-ASCII, and nothing else.
const IN_SECRET: &AsciiSet = &CONTROLS.add(b'%').add(b'+').add(b' ');
const IN_ID: &AsciiSet = &IN_SECRET.add(b':');

const ENCODING: &str = "encoding changed the id or the secret: if the server does not decode them, use the `raw` switch of \
                        client_secret_basic";

const CLIENT_SECRET: CredentialKind = CredentialKind {
    name: "client_secret",
    not_text: "it is not UTF-8 text",
    in_file: without_line_break,
};

/// Editors and `echo` add one line break. More than one is an error.
fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

pub(super) fn check_secret(secret: &str) -> Result<(), Problem> {
    if secret.is_empty() {
        return Err("it is empty".into());
    }
    if secret.contains(['\r', '\n']) {
        let problem =
            "it contains a line break, which is probably not part of the secret; remove it";
        return Err(problem.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
