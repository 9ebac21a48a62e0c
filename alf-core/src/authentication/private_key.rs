//! A private key in PEM: where it comes from, and how it signs.

mod jwk;
mod key_pair;
mod pem;
mod thumbprint;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::path::Path;

use zeroize::Zeroizing;

use crate::ConfigError;

use super::source::{Reader, Sort, Source};
use super::{AuthenticationError, SecretError};

pub(super) use key_pair::KeyPair;
pub(super) use thumbprint::of_certificate;

/// A private key in PEM: by value, or where to read it.
///
/// It may be in PKCS#8 (`BEGIN PRIVATE KEY`), SEC1 (`BEGIN EC PRIVATE KEY`) or PKCS#1
/// (`BEGIN RSA PRIVATE KEY`), not encrypted, and RSA of 2048 to 8192 bits, EC on P-256 or P-384, or
/// Ed25519. What else stands in the text (a certificate, `EC PARAMETERS`) does no harm; a second
/// private key is an error.
///
/// A file or a callback is read for every attempt, and once more where the authorization server
/// refuses: rotating a key needs no restart (B3).
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
pub struct PrivateKey {
    source: Source,
    settings: KeySettings,
}

#[derive(Clone, Copy, Debug)]
struct KeySettings {
    algorithm: Option<SigningAlgorithm>,
    key_id: KeyId,
    certificate: Certificate,
}

/// Whether the key says its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyId {
    None,
    Thumbprint,
}

/// Whether the certificate beside the key is read, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certificate {
    NotRead,
    Read,
}

/// How a [`PrivateKey`] signs
/// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "config",
    derive(serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, `RS256`.
    Rs256,
    /// RSASSA-PSS with SHA-256, `PS256`.
    Ps256,
    /// ECDSA on P-256 with SHA-256, `ES256`.
    Es256,
    /// ECDSA on P-384 with SHA-384, `ES384`.
    Es384,
    /// Ed25519 under the name that is widely known, `EdDSA`
    /// ([RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
    #[cfg_attr(feature = "config", serde(rename = "EdDSA"))]
    EdDsa,
    /// The same signatures under their newer name, `Ed25519`
    /// ([RFC 9864 §2.2](https://www.rfc-editor.org/rfc/rfc9864#section-2.2)).
    #[cfg_attr(feature = "config", serde(rename = "Ed25519"))]
    Ed25519,
}

impl PrivateKey {
    /// A key by value: the PEM text. What is wrong with it is found when the client is built.
    pub fn value(pem: impl Into<String>) -> Self {
        Self::new(Source::value(pem.into()))
    }

    /// A file that holds the key in PEM.
    ///
    /// It is read as that of [`ClientSecret::file`](crate::ClientSecret::file) is. A file that cannot
    /// be opened, is larger than 64 KiB, or holds no such key is a permanent failure: alf rests, and
    /// reads it again with the next acquisition. Every other error of reading it may pass, and is tried
    /// again within the acquisition.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(Source::file(path.as_ref()))
    }

    /// A callback that gives the key in PEM: from a secret manager, say.
    ///
    /// A failure is taken as one that may pass, and is tried again within the acquisition. Users get
    /// and log its error, in the chain of a [`TokenError`](crate::TokenError): neither it nor what
    /// lies beneath it may show anything of the key.
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self::new(Source::from_fn(read))
    }

    /// How it signs. Default: as the key says (ES256 for P-256, ES384 for P-384, `EdDSA` for
    /// Ed25519), and RS256 for RSA.
    ///
    /// One that does not fit the key is an error: of building the client where the key is given by
    /// value, else of each attempt.
    #[must_use]
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.settings.algorithm = Some(algorithm);
        self
    }

    /// The `kid` is the thumbprint of the public key, SHA-256 in base64url
    /// ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)): for servers to which the key was
    /// registered under that id, as many tools do. It changes with the key where the key's file is
    /// replaced. Default: no `kid`, unless
    /// [`PrivateKeyJwt::key_id`](crate::PrivateKeyJwt::key_id) sets one.
    #[must_use]
    pub fn thumbprint_as_key_id(mut self) -> Self {
        self.settings.key_id = KeyId::Thumbprint;
        self
    }

    /// The same PEM holds the client's certificate, whose thumbprint then stands in the assertion's
    /// header: as [`PrivateKeyJwt::certificate`](crate::PrivateKeyJwt::certificate), but that it
    /// changes with the key where their file is replaced. Of several it is the first. Default: a
    /// certificate in it is not looked at.
    #[must_use]
    pub fn with_certificate(mut self) -> Self {
        self.settings.certificate = Certificate::Read;
        self
    }

    pub(super) fn into_reader(self) -> KeyReader {
        KeyReader {
            pem: Reader::new(self.source, &PRIVATE_KEY),
            settings: self.settings,
        }
    }

    fn new(source: Source) -> Self {
        let settings = KeySettings {
            algorithm: None,
            key_id: KeyId::None,
            certificate: Certificate::NotRead,
        };
        Self { source, settings }
    }
}

impl SigningAlgorithm {
    /// Its `alg`, as the IANA registry spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl From<&str> for PrivateKey {
    fn from(pem: &str) -> Self {
        Self::value(pem)
    }
}

impl From<String> for PrivateKey {
    fn from(pem: String) -> Self {
        Self::value(pem)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.source)
    }
}

/// Reads the key anew, each time that it signs.
#[derive(Debug)]
pub(super) struct KeyReader {
    pem: Reader,
    settings: KeySettings,
}

/// What was read.
pub(super) struct Read {
    pub(super) pem: Zeroizing<String>,
    pub(super) key: KeyPair,
    /// That of the certificate beside it, where that is read.
    pub(super) thumbprint: Option<String>,
}

impl KeyReader {
    pub(super) async fn read(&self) -> Result<Read, AuthenticationError> {
        let pem = self.pem.read().await?;
        match self.parse(&pem) {
            Ok((key, thumbprint)) => Ok(Read {
                pem,
                key,
                thumbprint,
            }),
            Err(problem) => Err(self.pem.unusable(problem)),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.pem.check(|pem| self.parse(pem).err())
    }

    fn parse(&self, pem: &str) -> Result<(KeyPair, Option<String>), Cow<'static, str>> {
        let (format, der) = pem::private_key(pem)?;
        let thumbprint = match self.settings.certificate {
            Certificate::NotRead => None,
            Certificate::Read => Some(of_certificate(pem)?),
        };
        let key = KeyPair::new(format, &der, self.settings.algorithm)?;
        let key = match self.settings.key_id {
            KeyId::None => key,
            KeyId::Thumbprint => key.named_by_thumbprint()?,
        };
        Ok((key, thumbprint))
    }
}

const PRIVATE_KEY: Sort = Sort {
    name: "private_key",
    not_text: pem::KEY_IS_NO_TEXT,
    in_file: str::trim,
    // A file that is just being written is no other key yet.
    problem: |pem| pem::private_key(pem).err().map(Into::into),
};

#[cfg(test)]
pub(super) mod tests;
