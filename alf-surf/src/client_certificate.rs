//! The certificate by which the client authenticates, put on surf's clients.

use std::path::Path;

use alf_core::{CertificateAndKey, ConfigError};
use http_client::Config;

use crate::back_end;

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It makes the two surf clients that show it: one for token requests, where the authorization
/// server knows the client by it, and one for calls, where tokens are bound to it (RFC 8705 §3) or
/// the API wants to see it. If only the authorization server wants it, leave `http_client` out:
/// then no API sees it. They are on the back end that alf takes by itself: curl, and where the
/// feature `curl-client` is not on, h1.
///
/// The certificate's PEM holds those of its chain after it. The key is in PKCS#8
/// (`BEGIN PRIVATE KEY`), not encrypted.
///
/// The files are looked at by the methods that can fail, on the caller's thread. That the key is
/// that of another certificate is an error of each connection. With h1 what was read stays: a
/// certificate that is renewed needs new clients. curl reads the files for every new connection
/// (seen with curl 8.22): they must stay where they are, and a certificate that is renewed is shown
/// by the connections that are made after that.
///
/// Available with TLS: with the feature `curl-client` or `h1-client`.
///
/// # Examples
///
/// ```no_run
/// use alf_surf::{Client, ClientCertificate};
///
/// let certificate = ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .token_http_client(certificate.token_http_client()?)
///     .http_client(certificate.http_client()?)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_surf::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificate(CertificateAndKey);

impl ClientCertificate {
    /// The file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self(CertificateAndKey::from_files(certificate, key))
    }

    /// The certificate and its key, both in PEM, by value. Needs the feature `h1-client`: curl takes
    /// them from files alone.
    #[cfg(feature = "h1-client")]
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self(CertificateAndKey::from_pem(certificate, key))
    }

    /// A client for [`http_client`](crate::ClientBuilder::http_client), with the settings of alf's
    /// own.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or does not hold what it should: the error names it. Where the
    /// back end does not take the certificate, or is curl, and the certificate is given by value or in
    /// lines that curl does not read.
    pub fn http_client(&self) -> Result<surf::Client, ConfigError> {
        self.client(&back_end::calls())
    }

    /// A client for [`token_http_client`](crate::ClientBuilder::token_http_client), with the
    /// settings of alf's own: it keeps no connections.
    ///
    /// # Errors
    ///
    /// Those of [`http_client`](Self::http_client).
    pub fn token_http_client(&self) -> Result<surf::Client, ConfigError> {
        self.client(&back_end::tokens())
    }

    /// Puts it on the TLS of an [`H1Client`](crate::H1Client) of your own, in place of an `identity`
    /// that was there. Needs the feature `h1-client`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or does not hold what it should: the error names it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use alf_surf::async_native_tls::TlsConnector;
    /// use alf_surf::{ClientCertificate, H1Client, surf};
    ///
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let h1 = H1Client::new()
    ///     .timeout(Some(Duration::from_secs(5)))
    ///     .tls(certificate.put_on_tls(TlsConnector::new())?);
    /// let http_client = surf::Client::with_http_client(h1);
    /// # let _ = http_client;
    /// # Ok::<(), alf_surf::ConfigError>(())
    /// ```
    #[cfg(feature = "h1-client")]
    pub fn put_on_tls(
        &self,
        tls: async_native_tls::TlsConnector,
    ) -> Result<async_native_tls::TlsConnector, ConfigError> {
        let pem = self.0.read()?;
        let (certificate, key) = (pem.certificate().as_bytes(), pem.key().as_bytes());
        match async_native_tls::Identity::from_pkcs8(certificate, key) {
            Ok(identity) => Ok(tls.identity(identity)),
            Err(error) => Err(self.0.refused(error)),
        }
    }

    /// Puts it on an isahc client of your own in the making, which goes into a
    /// [`CurlClient`](crate::CurlClient), in place of a certificate that was there. Needs the feature
    /// `curl-client`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, does not hold what it should, or holds it in lines that curl does
    /// not read: the error names it. If the certificate is given by value.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use alf_surf::isahc::{HttpClient, config::Configurable};
    /// use alf_surf::{ClientCertificate, CurlClient, surf};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let curl = certificate
    ///     .put_on_curl(HttpClient::builder())?
    ///     .timeout(Duration::from_secs(5))
    ///     .build()?;
    /// let http_client = surf::Client::with_http_client(CurlClient::from_isahc(curl));
    /// # let _ = http_client;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "curl-client")]
    pub fn put_on_curl(
        &self,
        builder: isahc::HttpClientBuilder,
    ) -> Result<isahc::HttpClientBuilder, ConfigError> {
        use isahc::config::Configurable;

        Ok(builder.ssl_client_certificate(self.of_isahc()?))
    }

    #[cfg(feature = "curl-client")]
    fn client(&self, config: &Config) -> Result<surf::Client, ConfigError> {
        match crate::CurlClient::own(config.clone(), Some(self.of_isahc()?)) {
            Ok(client) => Ok(surf::Client::with_http_client(client)),
            Err(error) => Err(self.0.refused(error)),
        }
    }

    #[cfg(not(feature = "curl-client"))]
    fn client(&self, config: &Config) -> Result<surf::Client, ConfigError> {
        let tls = self.put_on_tls(async_native_tls::TlsConnector::new())?;
        let client = crate::H1Client::new().timeout(config.timeout).tls(tls);
        Ok(surf::Client::with_http_client(client))
    }

    #[cfg(feature = "curl-client")]
    fn of_isahc(&self) -> Result<isahc::config::ClientCertificate, ConfigError> {
        use isahc::config::{ClientCertificate, PrivateKey};

        let Some((certificate, key)) = self.0.files() else {
            return Err(ConfigError::new(
                "client_certificate",
                "curl takes it from files alone; use ClientCertificate::from_files, or give it to \
                 an H1Client with put_on_tls",
            ));
        };
        // curl's own errors come late, and name no file.
        self.0.check_files()?;
        let key = PrivateKey::pem_file(key, None);
        Ok(ClientCertificate::pem_file(certificate, key))
    }
}
