//! The client's certificate and its key (RFC 8705 §2), for the HTTP library that shows them.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::SecretText;

use super::{file, pem};

/// A client certificate and its private key, in PEM: by value, or the files that hold them.
///
/// For who writes an adapter: what its `ClientCertificate` is made of. It finds what is wrong with a
/// file before the HTTP library does, whose errors seldom name one.
///
/// # Examples
///
/// ```
/// use alf_core::{CertificateAndKey, ConfigError};
///
/// # #[derive(Debug)] struct Identity;
/// # impl Identity {
/// #     fn from_pem(_: &str, _: &str) -> Result<Self, std::fmt::Error> { Ok(Self) }
/// # }
/// fn identity(certificate: &CertificateAndKey) -> Result<Identity, ConfigError> {
///     let pem = certificate.read()?;
///     let identity = Identity::from_pem(pem.certificate(), pem.key()); // the HTTP library's
///     identity.map_err(|error| certificate.refused(error))
/// }
///
/// let missing = CertificateAndKey::from_files("/nowhere/client.pem", "/nowhere/client.key");
/// let error = identity(&missing).unwrap_err();
/// assert_eq!(error.setting(), "client_certificate");
/// assert!(error.to_string().contains("/nowhere/client.pem"));
/// ```
#[derive(Clone, Debug)]
pub struct CertificateAndKey {
    certificate: Place,
    key: Place,
}

/// What a [`CertificateAndKey`] was found to hold. It does not print, and is wiped when it is
/// dropped.
pub struct CertificatePem {
    /// The certificates, and then the key.
    text: Zeroizing<String>,
    certificate_length: usize,
}

impl CertificateAndKey {
    /// The file of the certificate, with those of its chain after it, and the file of its key. They
    /// may be one.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            certificate: Place::File(certificate.as_ref().to_owned()),
            key: Place::File(key.as_ref().to_owned()),
        }
    }

    /// The certificate, with those of its chain after it, and its key.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            certificate: Place::Value(SecretText::from(certificate.into())),
            key: Place::Value(SecretText::from(key.into())),
        }
    }

    /// Reads both, on the caller's thread.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, is no regular one (a link to one is), or is larger than 64 KiB;
    /// where no certificate is in the one, or not one private key in the other; where the key is
    /// encrypted, and where the PEM is damaged. What is in a PEM, and whether the key is that of the
    /// certificate, the HTTP library must say.
    pub fn read(&self) -> Result<CertificatePem, ConfigError> {
        let (certificate, key) = self.texts()?;
        self.parse(&certificate, &key)
    }

    /// Reads both, for a library that will read the [`files`](Self::files) itself, line by line.
    ///
    /// [`read`](Self::read) finds BEGIN and END wherever they stand. curl does not, and says so only
    /// when it connects, without a name.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read); and where a BEGIN or an END does not stand in a line of its
    /// own, a byte order mark stands before it, or an empty line between.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        let (certificate, key) = self.texts()?;
        self.parse(&certificate, &key)?;
        pem::check_lines(&certificate, pem::CERTIFICATE)
            .map_err(|problem| self.certificate.unusable(CERTIFICATE, problem))?;
        pem::check_lines(&key, pem::PRIVATE_KEY).map_err(|problem| self.key.unusable(KEY, problem))
    }

    /// The files of the certificate and of its key, for a library that reads them itself. Look at
    /// them with [`check_files`](Self::check_files) first.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        match (&self.certificate, &self.key) {
            (Place::File(certificate), Place::File(key)) => Some((certificate, key)),
            (Place::Value(_) | Place::File(_), _) => None,
        }
    }

    /// That the HTTP library does not take what was read: an error that names the files, over the
    /// library's own. Nothing of the key may be in that.
    pub fn refused(&self, by: impl StdError + Send + Sync + 'static) -> ConfigError {
        let key = match &self.key {
            Place::Value(_) => String::new(),
            Place::File(path) => format!(" in {}", path.display()),
        };
        let hint = self.other_format().unwrap_or_default();
        let problem = format!("it cannot be used with the private key{key}{hint}");
        self.certificate.unusable(CERTIFICATE, problem).because(by)
    }

    /// What helps where the key is in a format that not every library takes.
    fn other_format(&self) -> Option<String> {
        let text = self.key.read(KEY, pem::KEY_IS_NO_TEXT).ok()?;
        match pem::private_key(&text).ok()? {
            (pem::Format::Pkcs8, _) => None,
            (pem::Format::Sec1 | pem::Format::Pkcs1, key) => Some(format!(
                "; that is BEGIN {}: where the library takes PKCS#8 alone, export it as PKCS#8 \
                 (openssl pkey -in key.pem -out pkcs8.pem)",
                key.label()
            )),
        }
    }

    fn texts(&self) -> Result<(Zeroizing<String>, Zeroizing<String>), ConfigError> {
        let certificate = self
            .certificate
            .read(CERTIFICATE, pem::CERTIFICATE_IS_NO_TEXT)?;
        Ok((certificate, self.key.read(KEY, pem::KEY_IS_NO_TEXT)?))
    }

    fn parse(&self, certificate: &str, key: &str) -> Result<CertificatePem, ConfigError> {
        // It never grows, and so leaves no copies behind.
        let room = certificate.len().saturating_add(key.len());
        let mut text = Zeroizing::new(String::with_capacity(room.saturating_mul(2)));
        write_certificates(certificate, &mut text)
            .map_err(|problem| self.certificate.unusable(CERTIFICATE, problem))?;
        let certificate_length = text.len();
        write_key(key, &mut text).map_err(|problem| self.key.unusable(KEY, problem))?;
        Ok(CertificatePem {
            text,
            certificate_length,
        })
    }
}

impl CertificatePem {
    /// The certificate, and those of its chain after it, in PEM.
    pub fn certificate(&self) -> &str {
        self.text.get(..self.certificate_length).unwrap_or_default()
    }

    /// The private key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`), SEC1 (`BEGIN EC PRIVATE KEY`) or PKCS#1
    /// (`BEGIN RSA PRIVATE KEY`), not encrypted.
    pub fn key(&self) -> &str {
        self.text.get(self.certificate_length..).unwrap_or_default()
    }

    /// The certificates, and the key after them.
    pub fn certificate_and_key(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for CertificatePem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificatePem").finish_non_exhaustive()
    }
}

/// A PEM text, or where it is.
#[derive(Clone)]
enum Place {
    Value(SecretText),
    File(PathBuf),
}

impl Place {
    /// `name` is what errors call it.
    fn read(
        &self,
        name: &'static str,
        no_text: &'static str,
    ) -> Result<Zeroizing<String>, ConfigError> {
        let path = match self {
            Self::Value(text) => return Ok(Zeroizing::new(text.expose().to_owned())),
            Self::File(path) => path,
        };
        if path.as_os_str().is_empty() {
            return Err(ConfigError::new(name, "the path of its file is empty"));
        }
        let unread = |error| {
            let problem = format!("it cannot be read from {}", path.display());
            ConfigError::new(name, problem).because(error)
        };
        // X5: whoever opens a pipe waits for somebody to write into it.
        if !std::fs::metadata(path).map_err(unread)?.is_file() {
            return Err(self.unusable(name, "it is no regular file"));
        }
        let bytes = file::read_blocking(path).map_err(unread)?;
        if bytes.len() > file::LONGEST {
            return Err(self.unusable(name, file::TOO_LARGE));
        }
        let text = text_of(&bytes);
        if !text.contains(pem::BEGIN) && !is_text(&bytes) {
            return Err(self.unusable(name, no_text));
        }
        Ok(text)
    }

    /// What was read cannot be used: which it was, where it came from, and why.
    fn unusable(&self, name: &'static str, problem: impl Into<Cow<'static, str>>) -> ConfigError {
        let problem = problem.into();
        match self {
            Self::Value(_) => ConfigError::new(name, problem),
            Self::File(path) => ConfigError::new(name, format!("{}: {problem}", path.display())),
        }
    }
}

/// Where it comes from, and nothing of what it is (X1).
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("by value"),
            Self::File(path) => write!(f, "from {}", path.display()),
        }
    }
}

/// Around the blocks, what openssl writes of a name may be in any charset.
fn text_of(bytes: &[u8]) -> Zeroizing<String> {
    // It never grows, and so leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('?');
        }
    }
    text
}

/// DER and UTF-16 may be UTF-8 too, but for what no text has.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0)
}

fn write_certificates(pem: &str, text: &mut String) -> Result<(), &'static str> {
    let (own, chain) = pem::certificates(pem)?;
    own.write(text)?;
    chain
        .iter()
        .try_for_each(|certificate| certificate.write(text))
}

fn write_key(pem: &str, text: &mut String) -> Result<(), &'static str> {
    let (_, key) = pem::private_key(pem)?;
    key.write(text)
}

const CERTIFICATE: &str = "client_certificate";
const KEY: &str = "client_certificate_key";

#[cfg(test)]
mod tests;
