//! The certificate by which the client authenticates, put on reqwest's blocking clients.

use std::path::Path;

use alf_core::ConfigError;
use reqwest::blocking;

use super::HttpClient;
use crate::http_client::Purpose;

/// As [`alf_reqwest::ClientCertificate`](crate::ClientCertificate), for `reqwest::blocking`.
///
/// # Examples
///
/// ```no_run
/// use alf_reqwest::blocking::{Client, ClientCertificate};
///
/// let certificate = ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .token_http_client(certificate.token_http_client()?)
///     .http_client(certificate.http_client()?)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_reqwest::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificate(crate::ClientCertificate);

impl ClientCertificate {
    /// The file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self(crate::ClientCertificate::from_files(certificate, key))
    }

    /// The certificate and its key, both in PEM, by value.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self(crate::ClientCertificate::from_pem(certificate, key))
    }

    /// A client for [`http_client`](super::ClientBuilder::http_client), with the settings of alf's
    /// own. For loopback, see [the async one](crate::ClientCertificate::http_client): the same is true of
    /// it too.
    ///
    /// # Errors
    ///
    /// Those of [`put_on`](Self::put_on); where reqwest does not take the certificate, or the key is
    /// that of another one.
    pub fn http_client(&self) -> Result<HttpClient, ConfigError> {
        Ok(HttpClient::guarded(self.0.build(Purpose::Calls)?))
    }

    /// A client for [`token_http_client`](super::ClientBuilder::token_http_client), with the
    /// settings of alf's own: it follows no redirects, and keeps no connections. Of loopback, the same is
    /// true of it.
    ///
    /// # Errors
    ///
    /// Those of [`http_client`](Self::http_client).
    pub fn token_http_client(&self) -> Result<HttpClient, ConfigError> {
        Ok(HttpClient::without_redirects(
            self.0.build(Purpose::Tokens)?,
        ))
    }

    /// Puts it on a client of your own in the making, in place of an
    /// [`identity`](blocking::ClientBuilder::identity) that was there. Mind
    /// [its redirects](crate::UncheckedRedirects).
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or does not hold what it should: the error names it. That the key
    /// is that of another certificate, reqwest finds when it builds the client.
    pub fn put_on(
        &self,
        builder: blocking::ClientBuilder,
    ) -> Result<blocking::ClientBuilder, ConfigError> {
        Ok(builder.identity(self.0.identity()?))
    }
}
