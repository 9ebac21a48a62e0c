//! The certificate by which the client authenticates, for isahc's clients.

use std::path::{Path, PathBuf};

use alf_core::{CertificateAndKey, ConfigError};
use isahc::tls::{Identity, PrivateKey};

/// A client certificate and its private key, for `tls_client_auth` and
/// `self_signed_tls_client_auth` ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).
///
/// It makes isahc's [`Identity`]. Set that with [`configure_http`](crate::ClientBuilder::configure_http): the authorization
/// server then recognizes the client by it, and an API gets it too, if tokens are bound to it (RFC 8705 §3) or if the API asks for
/// it. If no API should see it, set a [`token_http_client`](crate::ClientBuilder::token_http_client) that has it.
///
/// The certificate's file is PEM: the certificate, and then its chain. The key is PEM, not encrypted. Both are files, because with
/// rustls, isahc 2.0.2 silently ignores a certificate that is given by value.
///
/// curl reads the files for every new connection (seen with curl 8.22). So they must stay where they are, and new connections
/// use a certificate that has been replaced. If the key belongs to another certificate, each connection fails.
///
/// Available with the feature `rustls-tls`. If your own `Cargo.toml` enables isahc's `native-tls` instead, use isahc's
/// [`Identity`] directly.
///
/// # Examples
///
/// ```no_run
/// use alf_isahc::isahc::config::Configurable;
/// use alf_isahc::isahc::tls::TlsConfig;
/// use alf_isahc::{Client, ClientCertificate};
///
/// let certificate = ClientCertificate::from_files("/run/secrets/client.pem", "/run/secrets/client.key");
/// let tls = TlsConfig::builder().identity(certificate.identity()?).build();
/// let client = Client::builder("https://mtls.auth.example.com/token")
///     .tls_client_auth("client-id")
///     .configure_http(move |http| http.tls_config(tls.clone()))
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
    /// Uses the file of the certificate and the file of its key, both in PEM.
    pub fn from_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        Self {
            certificate: certificate.as_ref().to_owned(),
            key: key.as_ref().to_owned(),
        }
    }

    /// Returns the certificate and its key for isahc's TLS settings. It checks the files on the caller's thread.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, if its content is wrong, or if curl cannot read its lines. The error names the file.
    pub fn identity(&self) -> Result<Identity, ConfigError> {
        // curl's own errors come late, and name no file.
        CertificateAndKey::from_files(&self.certificate, &self.key).check_files()?;
        let key = PrivateKey::from_pem_file(&self.key, None);
        Ok(Identity::from_pem_file(&self.certificate, Some(key)))
    }
}
