//! The certificate by which the client authenticates, for surf's back ends.

use std::path::Path;

use alf_core::{CertificateAndKey, ConfigError};

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It is for a back end: make a surf client of that, and set the client as
/// [`token_http_client`](crate::ClientBuilder::token_http_client): the authorization server recognizes the client by the
/// certificate. If tokens are bound to it (RFC 8705 §3), or an API asks for it, set the client as
/// [`http_client`](crate::ClientBuilder::http_client) too.
///
/// The certificate's PEM contains the certificate and then its chain. The key is in PKCS#8 (`BEGIN PRIVATE KEY`), not encrypted.
///
/// Each method reads the files on the caller's thread. If the key belongs to another certificate, each connection fails. With
/// h1, build a new client if the certificate is replaced later. curl reads the files for every new connection (seen with curl
/// 8.22): they must stay where they are, and new connections use a certificate that has been replaced.
///
/// Available with TLS: with the feature `curl-client` or `h1-client`.
#[derive(Clone, Debug)]
pub struct ClientCertificate(CertificateAndKey);

impl ClientCertificate {
    /// Uses the file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self(CertificateAndKey::from_files(certificate, key))
    }

    /// Uses the certificate and its key, both in PEM, by value. Needs the feature `h1-client`: curl takes
    /// them from files alone.
    #[cfg(feature = "h1-client")]
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self(CertificateAndKey::from_pem(certificate, key))
    }

    /// Returns the certificate and its key for the TLS of an [`H1Client`](crate::H1Client). Needs the feature `h1-client`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if its content is wrong. The error names the file.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alf_surf::async_native_tls::TlsConnector;
    /// use alf_surf::{Client, ClientCertificate, H1Client, surf};
    ///
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let tls = TlsConnector::new().identity(certificate.identity()?);
    /// let http_client = surf::Client::with_http_client(H1Client::new().tls(tls));
    /// let client = Client::builder("https://mtls.auth.example.com/token")
    ///     .tls_client_auth("client-id")
    ///     .token_http_client(http_client.clone())
    ///     .http_client(http_client)
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), alf_surf::ConfigError>(())
    /// ```
    #[cfg(feature = "h1-client")]
    pub fn identity(&self) -> Result<async_native_tls::Identity, ConfigError> {
        let pem = self.0.read()?;
        let (certificate, key) = (pem.certificate().as_bytes(), pem.key().as_bytes());
        async_native_tls::Identity::from_pkcs8(certificate, key)
            .map_err(|error| self.0.refused(error))
    }

    /// Returns the certificate and its key for an isahc client, which goes into a [`CurlClient`](crate::CurlClient). Needs the
    /// feature `curl-client`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, if its content is wrong, or if curl cannot read its lines. The error names the file. Also if
    /// the certificate is given by value.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alf_surf::isahc::{HttpClient, config::Configurable};
    /// use alf_surf::{ClientCertificate, CurlClient, surf};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let curl = HttpClient::builder()
    ///     .ssl_client_certificate(certificate.for_curl()?)
    ///     .build()?;
    /// let http_client = surf::Client::with_http_client(CurlClient::from_isahc(curl));
    /// # let _ = http_client;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "curl-client")]
    pub fn for_curl(&self) -> Result<isahc::config::ClientCertificate, ConfigError> {
        use isahc::config::{ClientCertificate, PrivateKey};

        let Some((certificate, key)) = self.0.files() else {
            return Err(ConfigError::new(
                "client_certificate",
                "curl takes it from files alone; use ClientCertificate::from_files",
            ));
        };
        // curl's own errors come late, and name no file.
        self.0.check_files()?;
        let key = PrivateKey::pem_file(key, None);
        Ok(ClientCertificate::pem_file(certificate, key))
    }
}
