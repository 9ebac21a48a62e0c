//! A private key in PEM.

use std::future::Future;
use std::path::Path;

use crate::ConfigError;
use crate::error::Awaited;

use super::client_authentication::{AuthenticationError, SecretError};
use super::credential::{Credential, CredentialKind, Problem, ReadCredential};
use super::key_pair::{KeyPair, SigningAlgorithm};
use super::{pem, thumbprint};

/// A private key in PEM: a value, a file, or a callback.
///
/// Needs the feature `jwt`.
///
/// The format is PKCS#8 (`BEGIN PRIVATE KEY`), SEC1 (`BEGIN EC PRIVATE KEY`) or PKCS#1
/// (`BEGIN RSA PRIVATE KEY`), without encryption. The key is RSA of 2048 to 8192 bits, EC on P-256 or
/// P-384, or Ed25519. Other parts of the text (a certificate, `EC PARAMETERS`) are ignored. A second
/// private key is an error.
///
/// alf reads a file, or calls a callback, for each attempt, and once more after a permanent refusal. You
/// can rotate a key without a restart (B3).
///
/// # Examples
///
/// ```
/// use alf_core::{Client, PrivateKey, SigningAlgorithm};
///
/// # let endpoint = "https://auth.example.com/token";
/// Client::builder(endpoint).private_key_jwt("client-id", PrivateKey::file("/run/secrets/key.pem"));
/// let rsa = PrivateKey::file("/run/secrets/rsa.pem").algorithm(SigningAlgorithm::Ps256);
/// Client::builder(endpoint).private_key_jwt("client-id", rsa);
/// ```
#[derive(Debug)]
pub struct PrivateKey {
    pem: Credential,
    algorithm: Option<SigningAlgorithm>,
    thumbprint_as_key_id: bool,
    with_certificate: bool,
}

pub(super) struct ParsedKey {
    pub(super) pair: KeyPair,
    /// The thumbprint of the certificate in the same PEM, if that is read.
    pub(super) certificate: Option<String>,
}

impl PrivateKey {
    /// Uses this PEM text as the key. It is checked when the client is built.
    pub fn value(pem: impl Into<String>) -> Self {
        Self::new(Credential::value(&PRIVATE_KEY, pem.into()))
    }

    /// Reads the key from a PEM file.
    ///
    /// For errors of reading the file, see [`ClientSecret::file`](crate::ClientSecret::file).
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(Credential::file(&PRIVATE_KEY, path.as_ref()))
    }

    /// Calls a callback that returns the key in PEM, for example from a secret manager.
    ///
    /// For errors of the callback, see [`ClientSecret::from_fn`](crate::ClientSecret::from_fn).
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self::new(Credential::from_fn(&PRIVATE_KEY, read))
    }

    /// Sets the algorithm. Default: RS256 for RSA, ES256 for P-256, ES384 for P-384, and `EdDSA` for
    /// Ed25519.
    ///
    /// If the algorithm does not fit the key, `build()` returns an error if the key is a value. If the key
    /// is from a file or a callback, each attempt fails.
    #[must_use]
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Sets the `kid` to the SHA-256 thumbprint of the public key, in base64url
    /// ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)). Many tools register keys with this id. It
    /// changes with the key. Default: [`PrivateKeyJwt::key_id`](crate::PrivateKeyJwt::key_id), if set.
    #[must_use]
    pub fn thumbprint_as_key_id(mut self) -> Self {
        self.thumbprint_as_key_id = true;
        self
    }

    /// Reads the client's certificate from the same PEM, so that it changes with the key. It is used like
    /// that of [`PrivateKeyJwt::certificate`](crate::PrivateKeyJwt::certificate). Default: a certificate in
    /// the PEM is ignored.
    #[must_use]
    pub fn with_certificate(mut self) -> Self {
        self.with_certificate = true;
        self
    }

    pub(super) fn awaited(&self) -> Awaited {
        self.pem.awaited()
    }

    pub(super) async fn read(&self) -> Result<ReadCredential<ParsedKey>, AuthenticationError> {
        self.pem.read(|pem| self.parse(pem)).await
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.pem.check(|pem| self.parse(pem))
    }

    fn new(pem: Credential) -> Self {
        Self {
            pem,
            algorithm: None,
            thumbprint_as_key_id: false,
            with_certificate: false,
        }
    }

    fn parse(&self, pem: &str) -> Result<ParsedKey, Problem> {
        let key = pem::private_key(pem)?;
        let certificate = if self.with_certificate {
            Some(thumbprint::of_certificate(pem)?)
        } else {
            None
        };
        let mut pair = KeyPair::new(&key, self.algorithm)?;
        if self.thumbprint_as_key_id {
            pair = pair.identified_by_thumbprint()?;
        }
        Ok(ParsedKey { pair, certificate })
    }
}

impl From<&str> for PrivateKey {
    fn from(pem: &str) -> Self {
        Self::value(pem)
    }
}

impl From<&String> for PrivateKey {
    fn from(pem: &String) -> Self {
        Self::value(pem)
    }
}

impl From<String> for PrivateKey {
    fn from(pem: String) -> Self {
        Self::value(pem)
    }
}

const PRIVATE_KEY: CredentialKind = CredentialKind {
    name: "private_key",
    not_text: pem::KEY_IS_NOT_TEXT,
    in_file: str::trim,
};

#[cfg(test)]
pub(super) mod tests;
