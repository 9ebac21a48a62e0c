//! The certificate by which the client authenticates, put on isahc's clients.

use std::path::{Path, PathBuf};

use alf_core::{CertificateAndKey, ConfigError};
use isahc::HttpClient;
use isahc::config::Configurable;
use isahc::tls::{Identity, PrivateKey, TlsConfig, TlsConfigBuilder};

use crate::http_client::{Panicked, Purpose, try_to_build};

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It makes the two isahc clients that show it: one for token requests, where the authorization
/// server knows the client by it, and one for calls, where tokens are bound to it (RFC 8705 §3) or
/// the API wants to see it. If only the authorization server wants it, leave `http_client` out:
/// then no API sees it.
///
/// The certificate's file is PEM, with those of its chain after it. The key is PEM, not encrypted. They
/// are files and no values: with rustls, isahc 2.0.2 leaves a certificate that is given by value
/// out, without a word.
///
/// The files are looked at by the methods that can fail, on the caller's thread. What they do not
/// find, that the key is that of another certificate, say, is an error of each connection. curl reads
/// the files for every new connection (seen with curl 8.22): they must stay where they are, and a
/// certificate that is renewed is shown by the connections that are made after that.
///
/// Available with the feature `rustls-tls`. If isahc's `native-tls` is turned on in its place, in your
/// own `Cargo.toml`, put isahc's [`Identity`] on a [`TlsConfig`] yourself.
///
/// # Examples
///
/// ```no_run
/// use alf_isahc::{Client, ClientCertificate};
///
/// let certificate = ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .token_http_client(certificate.token_http_client()?)
///     .http_client(certificate.http_client()?)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_isahc::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl ClientCertificate {
    /// The file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            certificate: certificate.as_ref().to_owned(),
            key: key.as_ref().to_owned(),
        }
    }

    /// A client for [`http_client`](crate::ClientBuilder::http_client), with the settings of alf's
    /// own.
    ///
    /// Except one: as every client that is given, it sends what goes to loopback through the proxy
    /// of the environment too, where plain `http` is allowed without asking (see
    /// [`Client::builder`](crate::Client::builder)). If that matters, use
    /// [`put_on`](Self::put_on), and `proxy(None)`.
    ///
    /// # Errors
    ///
    /// Those of [`put_on`](Self::put_on); and where isahc cannot build a client.
    pub fn http_client(&self) -> Result<HttpClient, ConfigError> {
        self.build(Purpose::Calls)
    }

    /// A client for [`token_http_client`](crate::ClientBuilder::token_http_client), with the
    /// settings of alf's own: it keeps no connections. For loopback, the
    /// same is true as for [`http_client`](Self::http_client).
    ///
    /// # Errors
    ///
    /// Those of [`http_client`](Self::http_client).
    pub fn token_http_client(&self) -> Result<HttpClient, ConfigError> {
        self.build(Purpose::Tokens)
    }

    /// Puts it on the TLS of a client of your own in the making, in place of an
    /// [`identity`](TlsConfigBuilder::identity) that was there.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, does not hold what it should, or holds it in lines that curl does
    /// not read: the error names it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use alf_isahc::ClientCertificate;
    /// use alf_isahc::isahc::tls::TlsConfig;
    /// use alf_isahc::isahc::{HttpClient, config::Configurable};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = ClientCertificate::from_files("client.pem", "client.key");
    /// let http_client = HttpClient::builder()
    ///     .timeout(Duration::from_secs(5))
    ///     .tls_config(certificate.put_on(TlsConfig::builder())?.build())
    ///     .build()?;
    /// # let _ = http_client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_on(&self, builder: TlsConfigBuilder) -> Result<TlsConfigBuilder, ConfigError> {
        // curl's own errors come late, and name no file.
        self.files().check_files()?;
        let key = PrivateKey::from_pem_file(&self.key, None);
        Ok(builder.identity(Identity::from_pem_file(&self.certificate, Some(key))))
    }

    fn build(&self, purpose: Purpose) -> Result<HttpClient, ConfigError> {
        let tls = self.put_on(TlsConfig::builder())?.build();
        let builder = purpose.finish(HttpClient::builder());
        match try_to_build(builder.tls_config(tls)) {
            Ok(built) => built.map_err(|error| self.files().refused(error)),
            Err(Panicked) => Err(ConfigError::new(
                "client_certificate",
                "isahc panicked when it built a client with it; without the feature static-curl, \
                 look at the system's libcurl",
            )),
        }
    }

    fn files(&self) -> CertificateAndKey {
        CertificateAndKey::from_files(&self.certificate, &self.key)
    }
}
