//! `private_key_jwt`: an assertion that is signed by the client's private key (OIDC Core §9).

use std::fmt;
#[cfg(feature = "jwt")]
use std::path::Path;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

#[cfg(feature = "jwt")]
use super::certificate::CertificateSource;
use super::jwt::{AssertionSettings, Header, JWT_BEARER, add_assertion, signed};
#[cfg(feature = "jwt")]
use super::private_key::{KeyReader, PrivateKey};
use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
    Signer,
};

/// `private_key_jwt`: an assertion that is signed by the client's private key, so that the
/// authorization server holds nothing that could be stolen from it
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Every attempt has an assertion of its own: a fresh `jti`, and an end (`exp`) 60 s ahead of the
/// wall clock. `iss` and `sub` are the client's id; `aud` is the issuer where it is
/// [known](crate::ClientBuilder::issuer), else the token endpoint.
///
/// The key is given in PEM (`PrivateKey`, with the feature `jwt`), or stays where it is, in a KMS or
/// an HSM ([`with_signer`](Self::with_signer)).
///
/// # Examples
///
#[cfg_attr(feature = "jwt", doc = "```")]
#[cfg_attr(not(feature = "jwt"), doc = "```ignore")]
/// use alf_core::{Client, PrivateKey, PrivateKeyJwt};
///
/// let key = PrivateKey::file("/run/secrets/key.pem");
/// # let client =
/// Client::builder("https://auth.example.com/token")
///     .client_authentication("client-id", PrivateKeyJwt::new(key).key_id("key-of-2026"));
/// ```
pub struct PrivateKeyJwt {
    signer: SignerSource,
    key_id: Option<String>,
    #[cfg(feature = "jwt")]
    certificate: Option<CertificateSource>,
    settings: AssertionSettings,
}

enum SignerSource {
    #[cfg(feature = "jwt")]
    Key(KeyReader),
    Given(Box<dyn Signer>),
}

impl PrivateKeyJwt {
    /// With a private key in PEM, by value, from a file, or from a callback.
    #[cfg(feature = "jwt")]
    pub fn new(key: impl Into<PrivateKey>) -> Self {
        Self::with(SignerSource::Key(key.into().into_reader()))
    }

    /// With a signer of your own: for a key that does not leave its KMS or HSM.
    pub fn with_signer(signer: impl Signer) -> Self {
        Self::with(SignerSource::Given(Box::new(signer)))
    }

    /// The `kid` by which the authorization server knows the key
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). Default: that of
    /// the [`Signer`], else none: the server tries every key of the client that it knows.
    ///
    /// It does not change with the key. Where the key's file is replaced by another key, leave it
    /// out, or use `PrivateKey::thumbprint_as_key_id`.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The client's certificate in PEM, whose thumbprint then stands in the assertion's header as
    /// `x5t#S256` ([RFC 7515 §4.1.8](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8)): for
    /// servers that know the key by its certificate, as Microsoft Entra ID does. Of several in the
    /// text it is the first. Default: that beside the key
    /// ([`PrivateKey::with_certificate`]), else none.
    #[cfg(feature = "jwt")]
    #[must_use]
    pub fn certificate(mut self, pem: impl AsRef<str>) -> Self {
        self.certificate = Some(CertificateSource::value(pem.as_ref()));
        self
    }

    /// A file that holds the client's certificate in PEM: as [`certificate`](Self::certificate), but
    /// that it is read anew where the key is, so that key and certificate can be replaced in two
    /// files (B3). In one file they change together: see [`PrivateKey::with_certificate`].
    ///
    /// What [`PrivateKey::file`] says of a file holds for it, too.
    #[cfg(feature = "jwt")]
    #[must_use]
    pub fn certificate_file(mut self, path: impl AsRef<Path>) -> Self {
        self.certificate = Some(CertificateSource::file(path.as_ref()));
        self
    }

    /// The `aud` of the assertion. Default: the [`issuer`](crate::ClientBuilder::issuer) where it is
    /// known, else the token endpoint, as it was written.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = Some(audience.into());
        self
    }

    /// The `typ` of the assertion's header: `client-authentication+jwt`, for a server that asks for
    /// it. Default: none.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.settings.typ = Some(typ.into());
        self
    }

    fn with(signer: SignerSource) -> Self {
        Self {
            signer,
            key_id: None,
            #[cfg(feature = "jwt")]
            certificate: None,
            settings: AssertionSettings::default(),
        }
    }

    /// Of the certificate that is not beside the key.
    #[cfg_attr(
        not(feature = "jwt"),
        expect(clippy::unused_async, reason = "there is none")
    )]
    async fn thumbprint(&self) -> Result<Option<String>, AuthenticationError> {
        #[cfg(feature = "jwt")]
        if let Some(certificate) = &self.certificate {
            return Ok(Some(certificate.thumbprint().await?));
        }
        Ok(None)
    }

    async fn assertion(
        &self,
        signer: &dyn Signer,
        thumbprint: Option<&str>,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<(), AuthenticationError> {
        let header = Header {
            algorithm: signer.algorithm(),
            key_id: self.key_id.as_deref().or_else(|| signer.key_id()),
            thumbprint,
        };
        let message = self.settings.message(header, context)?;
        let signature = Zeroizing::new(signer.sign(message.as_bytes()).await?);
        request.parameter("client_id", context.client_id());
        add_assertion(request, JWT_BEARER, &signed(&message, &signature));
        Ok(())
    }
}

#[async_trait]
impl ClientAuthentication for PrivateKeyJwt {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        match &self.signer {
            #[cfg(feature = "jwt")]
            SignerSource::Key(reader) => {
                let read = reader.read().await?;
                let thumbprint = self.thumbprint().await?;
                let fingerprint = CredentialsFingerprint::of(&(read.pem.as_str(), &thumbprint));
                let thumbprint = thumbprint.or(read.thumbprint);
                self.assertion(&read.key, thumbprint.as_deref(), context, request)
                    .await?;
                Ok(fingerprint)
            }
            SignerSource::Given(signer) => {
                let thumbprint = self.thumbprint().await?;
                self.assertion(signer, thumbprint.as_deref(), context, request)
                    .await?;
                Ok(CredentialsFingerprint::of(&thumbprint))
            }
        }
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        let Ok(thumbprint) = self.thumbprint().await else {
            return false;
        };
        match &self.signer {
            #[cfg(feature = "jwt")]
            SignerSource::Key(reader) => match reader.read().await {
                Ok(read) => !since.matches(&(read.pem.as_str(), &thumbprint)),
                Err(_) => false,
            },
            SignerSource::Given(_) => thumbprint.is_some() && !since.matches(&thumbprint),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.settings.check()?;
        if self.key_id.as_ref().is_some_and(String::is_empty) {
            let problem = "the key_id of its assertion is empty";
            return Err(ConfigError::new("client_authentication", problem));
        }
        #[cfg(feature = "jwt")]
        if let Some(certificate) = &self.certificate {
            certificate.check()?;
        }
        match &self.signer {
            #[cfg(feature = "jwt")]
            SignerSource::Key(reader) => reader.check(),
            SignerSource::Given(_) => Ok(()),
        }
    }

    fn method(&self) -> Option<&str> {
        Some("private_key_jwt")
    }
}

/// Where the key comes from, and nothing of it (X1).
impl fmt::Debug for PrivateKeyJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PrivateKeyJwt");
        match &self.signer {
            #[cfg(feature = "jwt")]
            SignerSource::Key(reader) => shown.field("key", reader),
            SignerSource::Given(signer) => shown.field("signer", &signer.algorithm()),
        };
        shown
            .field("key_id", &self.key_id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
