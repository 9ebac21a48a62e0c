//! The client's certificate and its key (RFC 8705 §2), for the TLS of an HTTP library.

use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::{SecretText, ShownPath};

use super::client_authentication::Problem;
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
    /// - A file cannot be read, is not a regular file (or a link to one), or is larger than 64 KiB.
    /// - The PEM is damaged.
    /// - The PEM contains no certificate.
    /// - The PEM does not contain exactly one private key, or the key is encrypted.
    ///
    /// This does not check that the key belongs to the certificate. The HTTP library does.
    pub fn read(&self) -> Result<CertificatePem, ConfigError> {
        let certificate = self
            .certificate
            .parsed(CERTIFICATE, pem::certificate_lines)?;
        let key = self.key.parsed(KEY, pem::private_key_lines)?;
        Ok(CertificatePem {
            text: Zeroizing::new([certificate.as_str(), &key].concat()),
            certificate_length: certificate.len(),
        })
    }

    /// Checks the certificate and the key for a library that reads the [`files`](Self::files) itself, line by
    /// line.
    ///
    /// [`read`](Self::read) finds BEGIN and END anywhere in a line. curl does not, and it reports the problem
    /// only when it connects, without the name of the file.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](Self::read). Also if a BEGIN or an END is not on its own line, or if
    /// there is an empty line, or nothing, between BEGIN and END.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        self.read()?;
        self.certificate
            .parsed(CERTIFICATE, |text| pem::check_lines(text, pem::CERTIFICATE))?;
        self.key
            .parsed(KEY, |text| pem::check_lines(text, pem::PRIVATE_KEY))
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
        let hint = self.hint_about_format();
        let problem = match self.files() {
            Some((certificate, key)) => format!(
                "{}: it cannot be used with the private key in {}{hint}",
                ShownPath(certificate),
                ShownPath(key)
            ),
            None => format!("it cannot be used with the private key{hint}"),
        };
        ConfigError::new(CERTIFICATE, problem).because(by)
    }

    /// Some libraries accept only PKCS#8.
    fn hint_about_format(&self) -> String {
        let label = |pem: &str| Ok(pem::private_key(pem)?.label.to_owned());
        match self.key.parsed(KEY, label) {
            Ok(label) if label != pem::PKCS8 => format!(
                ", which is BEGIN {label}; if the library accepts only PKCS#8, export it as PKCS#8 \
                 (openssl pkey -in key.pem -out pkcs8.pem)"
            ),
            Ok(_) | Err(_) => String::new(),
        }
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
#[derive(Clone)]
enum PemSource {
    Value(SecretText),
    File(PathBuf),
}

/// Shows where it comes from, but no part of it (X1).
impl fmt::Debug for PemSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("by value"),
            Self::File(path) => write!(f, "from {}", ShownPath(path)),
        }
    }
}

impl PemSource {
    /// Parses the PEM, which errors call `name`.
    fn parsed<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, ConfigError> {
        match self {
            Self::Value(pem) => {
                parse(pem.expose()).map_err(|problem| ConfigError::new(name, problem))
            }
            Self::File(path) if path.as_os_str().is_empty() => {
                Err(ConfigError::new(name, "the path of its file is empty"))
            }
            Self::File(path) => {
                let shown = ShownPath(path);
                let cannot_read = |error| {
                    let problem = format!("it cannot be read from {shown}");
                    ConfigError::new(name, problem).because(error)
                };
                let unusable =
                    |problem: Problem| ConfigError::new(name, format!("{shown}: {problem}"));
                // Opening a pipe would wait until someone writes into it.
                if !fs::metadata(path).map_err(cannot_read)?.is_file() {
                    return Err(unusable("it is not a regular file".into()));
                }
                let pem = file::read_blocking(path).map_err(cannot_read)?;
                parse(&pem).map_err(unusable)
            }
        }
    }
}

const CERTIFICATE: &str = "client_certificate";
const KEY: &str = "client_certificate_key";

#[cfg(test)]
mod tests;
