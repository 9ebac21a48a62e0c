//! The client's certificate, by whose thumbprint a server knows the key (RFC 7515 §4.1.8).

use std::path::Path;

use crate::ConfigError;

use super::AuthenticationError;
use super::pem;
use super::private_key::of_certificate;
use super::source::{Reader, Sort, Source};

/// A certificate that is not in the PEM of the key: by value, or where to read it.
pub(super) enum CertificateSource {
    /// Its thumbprint, or what is wrong with it.
    Value(Result<String, &'static str>),
    File(Reader),
}

impl CertificateSource {
    pub(super) fn value(pem: &str) -> Self {
        Self::Value(of_certificate(pem))
    }

    pub(super) fn file(path: &Path) -> Self {
        Self::File(Reader::new(Source::file(path), &CERTIFICATE))
    }

    /// The thumbprint of the certificate as it is now.
    pub(super) async fn thumbprint(&self) -> Result<String, AuthenticationError> {
        match self {
            Self::Value(Ok(thumbprint)) => Ok(thumbprint.clone()),
            Self::Value(Err(problem)) => {
                let name = CERTIFICATE.name;
                Err(AuthenticationError::permanent(format!("{name}: {problem}")))
            }
            Self::File(reader) => {
                let pem = reader.read().await?;
                of_certificate(&pem).map_err(|problem| reader.unusable(problem))
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::Value(Ok(_)) => Ok(()),
            Self::Value(Err(problem)) => Err(ConfigError::new(CERTIFICATE.name, *problem)),
            Self::File(reader) => reader.check(|_| None),
        }
    }
}

const CERTIFICATE: Sort = Sort {
    name: "certificate",
    not_text: pem::CERTIFICATE_IS_NO_TEXT,
    in_file: str::trim,
    // A file that is just being written is no other certificate yet.
    problem: |pem| of_certificate(pem).err().map(Into::into),
};
