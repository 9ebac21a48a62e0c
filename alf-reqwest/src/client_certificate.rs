//! The certificate by which the client authenticates, for reqwest's clients.

use std::path::Path;

use alf_core::{CertificateAndKey, CertificatePem, ConfigError};
use reqwest::Identity;

use crate::http_client::try_to_build;

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It makes reqwest's [`Identity`]. Set that with [`configure_http`](crate::ClientBuilder::configure_http): the authorization
/// server then recognizes the client by it, and an API gets it too, if tokens are bound to it (RFC 8705 §3) or if the API asks for
/// it. If no API should see it, set a [`token_http_client`](crate::ClientBuilder::token_http_client) that has it.
///
/// The certificate's PEM contains the certificate and then its chain. The key is in PKCS#8 (`BEGIN PRIVATE KEY`), not encrypted;
/// rustls takes PKCS#1 and SEC1 too. Other text in a file does no harm, and both may be one file.
///
/// Available with reqwest's TLS: with one of the features `rustls`, `rustls-no-provider`, `native-tls` and
/// `native-tls-no-alpn`. With rustls and native-tls both, it is for native-tls, which reqwest then
/// takes by default; so enable native-tls here too, where your own `Cargo.toml` enables reqwest's.
///
/// # Examples
///
/// ```no_run
/// use alf_reqwest::{Client, ClientCertificate};
///
/// let certificate = ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// let identity = certificate.identity()?;
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .configure_http(move |http| http.identity(identity.clone()))
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_reqwest::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificate(CertificateAndKey);

impl ClientCertificate {
    /// Uses the file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self(CertificateAndKey::from_files(certificate, key))
    }

    /// Uses the certificate and its key, both in PEM, by value.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self(CertificateAndKey::from_pem(certificate, key))
    }

    /// Returns the certificate and its key for reqwest's builders, also for the blocking one.
    ///
    /// It reads the files on the caller's thread. If the certificate is replaced later, build a new client.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, if its content is wrong, or if the key belongs to another certificate. The error names the
    /// file.
    pub fn identity(&self) -> Result<Identity, ConfigError> {
        let identity = identity(&self.0.read()?).map_err(|error| self.0.refused(error))?;
        // reqwest finds a key of another certificate when it builds a client.
        let builder = reqwest::Client::builder().identity(identity.clone());
        if let Ok(Err(error)) = try_to_build::<reqwest::Client>(builder) {
            return Err(self.0.refused(error));
        }
        Ok(identity)
    }
}

/// For the TLS that reqwest takes by default.
#[cfg(any(feature = "native-tls", feature = "native-tls-no-alpn"))]
fn identity(pem: &CertificatePem) -> Result<Identity, reqwest::Error> {
    Identity::from_pkcs8_pem(pem.certificate().as_bytes(), pem.key().as_bytes())
}

#[cfg(not(any(feature = "native-tls", feature = "native-tls-no-alpn")))]
fn identity(pem: &CertificatePem) -> Result<Identity, reqwest::Error> {
    Identity::from_pem(pem.certificate_and_key().as_bytes())
}
