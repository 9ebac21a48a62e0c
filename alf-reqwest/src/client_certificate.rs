//! The certificate by which the client authenticates, put on reqwest's clients.

use std::path::Path;

use alf_core::{CertificateAndKey, CertificatePem, ConfigError};
use reqwest::{ClientBuilder, Identity};

use crate::HttpClient;
use crate::http_client::{ClientSettings, Library, Panicked, Purpose, try_to_build};

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It makes the two reqwest clients that show it: one for token requests, where the authorization
/// server knows the client by it, and one for calls, where tokens are bound to it (RFC 8705 §3) or
/// the API wants to see it. If only the authorization server wants it, leave `http_client` out:
/// then no API sees it.
///
/// The certificate's PEM holds those of its chain after it. The key is in PKCS#8
/// (`BEGIN PRIVATE KEY`), not encrypted; rustls takes PKCS#1 and SEC1 too. What else stands in a
/// file does no harm, and both may be one file.
///
/// The files are read by the methods that can fail, on the caller's thread, and what was read stays:
/// a certificate that is renewed needs new clients.
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
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .token_http_client(certificate.token_http_client()?)
///     .http_client(certificate.http_client()?)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_reqwest::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificate(CertificateAndKey);

impl ClientCertificate {
    /// The file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self(CertificateAndKey::from_files(certificate, key))
    }

    /// The certificate and its key, both in PEM, by value.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self(CertificateAndKey::from_pem(certificate, key))
    }

    /// A client for [`http_client`](crate::ClientBuilder::http_client), with the settings of alf's
    /// own.
    ///
    /// Except one: as every client that is given, it sends what goes to loopback through the proxy
    /// of the environment too, where plain `http` is allowed without asking (see
    /// [`Client::builder`](crate::Client::builder)). If that matters, use
    /// [`put_on`](Self::put_on), and `no_proxy()`.
    ///
    /// # Errors
    ///
    /// Those of [`put_on`](Self::put_on); and where reqwest does not take the certificate, or the
    /// key is that of another one.
    pub fn http_client(&self) -> Result<HttpClient, ConfigError> {
        Ok(HttpClient::guarded(self.build(Purpose::Calls)?))
    }

    /// A client for [`token_http_client`](crate::ClientBuilder::token_http_client), with the
    /// settings of alf's own: it follows no redirects, and keeps no connections. For loopback, the
    /// same is true as for [`http_client`](Self::http_client).
    ///
    /// # Errors
    ///
    /// Those of [`http_client`](Self::http_client).
    pub fn token_http_client(&self) -> Result<HttpClient, ConfigError> {
        Ok(HttpClient::without_redirects(self.build(Purpose::Tokens)?))
    }

    /// Puts it on a client of your own in the making, in place of an
    /// [`identity`](ClientBuilder::identity) that was there. Mind
    /// [its redirects](crate::UncheckedRedirects).
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or does not hold what it should: the error names it. That the key
    /// is that of another certificate, reqwest finds when it builds the client.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use alf_reqwest::reqwest::{self, redirect::Policy};
    /// use alf_reqwest::{ClientCertificate, guard_redirects};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let http_client = certificate
    ///     .put_on(reqwest::Client::builder())?
    ///     .timeout(Duration::from_secs(5))
    ///     .redirect(guard_redirects(Policy::default()))
    ///     .build()?;
    /// # let _ = http_client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_on(&self, builder: ClientBuilder) -> Result<ClientBuilder, ConfigError> {
        Ok(builder.identity(self.identity()?))
    }

    pub(crate) fn identity(&self) -> Result<Identity, ConfigError> {
        identity(&self.0.read()?).map_err(|error| self.0.refused(error))
    }

    /// A client with alf's settings, async or blocking.
    pub(crate) fn build<C: Library>(&self, purpose: Purpose) -> Result<C, ConfigError> {
        let builder = ClientSettings::of(purpose).builder::<reqwest::Client>();
        match try_to_build(self.put_on(builder)?.into()) {
            Ok(built) => built.map_err(|error| self.0.refused(error)),
            Err(Panicked) => Err(ConfigError::new(
                "client_certificate",
                "reqwest panicked when it built a client with it: with the feature \
                 rustls-no-provider, install a rustls CryptoProvider first",
            )),
        }
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
