//! The client's certificate and its key (RFC 8705 §2), for the TLS of an HTTP library.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::SecretText;

use super::{file, pem};

/// A client certificate and its private key, in PEM: values, or files.
///
/// Adapters use it for their `ClientCertificate`. It finds problems before the HTTP library does, and its
/// errors name the file. The errors of HTTP libraries often do not.
///
/// # Examples
///
/// ```
/// use alf_core::{CertificateAndKey, ConfigError};
///
/// # struct Identity;
/// # impl Identity {
/// #     fn from_pem(_: &str, _: &str) -> Result<Self, std::fmt::Error> { Ok(Self) }
/// # }
/// fn identity(certificate: &CertificateAndKey) -> Result<Identity, ConfigError> {
///     let pem = certificate.read()?;
///     let identity = Identity::from_pem(pem.certificate(), pem.key()); // the HTTP library's
///     identity.map_err(|error| certificate.refused(error))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateAndKey {
    certificate: PemSource,
    key: PemSource,
}

/// The certificates and the key of a [`CertificateAndKey`]. Its `Debug` shows nothing of them, and its
/// memory is wiped when it is dropped.
pub struct CertificatePem {
    /// The certificates, and then the key.
    text: Zeroizing<String>,
    certificate_length: usize,
}

impl CertificateAndKey {
    /// Uses the file of the certificate and its chain, and the file of its key. It may be the same file.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            certificate: PemSource::File(certificate.as_ref().to_owned()),
            key: PemSource::File(key.as_ref().to_owned()),
        }
    }

    /// Uses the PEM text of the certificate and its chain, and the PEM text of its key.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            certificate: PemSource::Value(SecretText::from(certificate.into())),
            key: PemSource::Value(SecretText::from(key.into())),
        }
    }

    /// Reads both, on the caller's thread.
    ///
    /// # Errors
    ///
    /// - A file cannot be read, or is larger than 64 KiB.
    /// - The PEM is damaged.
    /// - The PEM contains no certificate.
    /// - The PEM does not contain exactly one private key, or the key is encrypted.
    ///
    /// This does not check that the key belongs to the certificate. The HTTP library does.
    pub fn read(&self) -> Result<CertificatePem, ConfigError> {
        let (certificate, key) = self.texts()?;
        self.parse(&certificate, &key)
    }

    /// Checks the certificate and the key for a library that reads the [`files`](Self::files) itself, line by
    /// line.
    ///
    /// [`read`](Self::read) finds BEGIN and END anywhere in a line. curl does not, and it reports the problem
    /// only when it connects, without the name of the file.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](Self::read). Also if a BEGIN or an END is not on its own line.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        let (certificate, key) = self.texts()?;
        self.parse(&certificate, &key)?;
        pem::check_lines(&certificate)
            .map_err(|problem| self.certificate.unusable(CERTIFICATE, problem))?;
        pem::check_lines(&key).map_err(|problem| self.key.unusable(KEY, problem))
    }

    /// Returns the files of the certificate and of its key, for a library that reads them itself. `None` if
    /// one of them is a value. Call [`check_files`](Self::check_files) first.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        match (&self.certificate, &self.key) {
            (PemSource::File(certificate), PemSource::File(key)) => Some((certificate, key)),
            (PemSource::Value(_) | PemSource::File(_), _) => None,
        }
    }

    /// Returns the error for a certificate and a key that the HTTP library does not accept. It names the
    /// files. Its source is the library's error, which must not show any part of the key.
    pub fn refused(&self, by: impl StdError + Send + Sync + 'static) -> ConfigError {
        let key = match &self.key {
            PemSource::Value(_) => String::new(),
            PemSource::File(path) => format!(" in {}", path.display()),
        };
        let problem = format!("it cannot be used with the private key{key}");
        self.certificate.unusable(CERTIFICATE, problem).because(by)
    }

    fn texts(&self) -> Result<(Zeroizing<String>, Zeroizing<String>), ConfigError> {
        Ok((self.certificate.read(CERTIFICATE)?, self.key.read(KEY)?))
    }

    fn parse(&self, certificate: &str, key: &str) -> Result<CertificatePem, ConfigError> {
        // It never grows, and so leaves no copies behind.
        let length = certificate.len().saturating_add(key.len());
        let mut text = Zeroizing::new(String::with_capacity(length.saturating_mul(2)));
        pem::write_certificates(certificate, &mut text)
            .map_err(|problem| self.certificate.unusable(CERTIFICATE, problem))?;
        let certificate_length = text.len();
        pem::write_private_key(key, &mut text)
            .map_err(|problem| self.key.unusable(KEY, problem))?;
        Ok(CertificatePem {
            text,
            certificate_length,
        })
    }
}

impl CertificatePem {
    /// Returns the certificate and its chain, in PEM.
    pub fn certificate(&self) -> &str {
        self.text.get(..self.certificate_length).unwrap_or_default()
    }

    /// Returns the private key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`), SEC1 (`BEGIN EC PRIVATE KEY`) or PKCS#1
    /// (`BEGIN RSA PRIVATE KEY`), without encryption.
    pub fn key(&self) -> &str {
        self.text.get(self.certificate_length..).unwrap_or_default()
    }

    /// Returns the certificates, and the key after them.
    pub fn certificate_and_key(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for CertificatePem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificatePem").finish_non_exhaustive()
    }
}

/// A PEM text, or its file.
#[derive(Clone, Debug)]
enum PemSource {
    Value(SecretText),
    File(PathBuf),
}

impl PemSource {
    /// `name` is what errors call it.
    fn read(&self, name: &'static str) -> Result<Zeroizing<String>, ConfigError> {
        match self {
            Self::Value(text) => Ok(Zeroizing::new(text.expose().to_owned())),
            Self::File(path) => file::read_blocking(path).map_err(|error| {
                let problem = format!("it cannot be read from {}", path.display());
                ConfigError::new(name, problem).because(error)
            }),
        }
    }

    /// The error for a PEM that was read and cannot be used.
    fn unusable(&self, name: &'static str, problem: impl fmt::Display) -> ConfigError {
        match self {
            Self::Value(_) => ConfigError::new(name, problem.to_string()),
            Self::File(path) => ConfigError::new(name, format!("{}: {problem}", path.display())),
        }
    }
}

const CERTIFICATE: &str = "client_certificate";
const KEY: &str = "client_certificate_key";

#[cfg(test)]
mod tests;
