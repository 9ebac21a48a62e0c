//! `private_key_jwt`: an assertion that the client's private key signs (OIDC Core §9).

use std::fmt;
#[cfg(feature = "jwt")]
use std::path::Path;

use async_trait::async_trait;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication,
};
use super::fingerprint::CredentialsFingerprint;
use super::jwt::{AssertionSettings, assertion_setters};
use super::signer::Signer;

#[cfg(feature = "jwt")]
use super::credential::{Credential, CredentialKind};
#[cfg(feature = "jwt")]
use super::private_key::{ParsedKey, PrivateKey};
#[cfg(feature = "jwt")]
use super::{pem, thumbprint};

/// `private_key_jwt`: an assertion that the client's private key signs. The authorization server has only
/// the public key, so nothing secret can be stolen from it
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Each attempt has its own assertion with a new `jti`. The assertion is valid for 120 s (`exp`). `iss` and
/// `sub` are the client's id.
///
/// The key is in PEM (`PrivateKey`, which needs the feature `jwt`), or stays in a KMS or an HSM
/// ([`with_signer`](Self::with_signer)).
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
    key: SigningKey,
    #[cfg(feature = "jwt")]
    certificate: Option<Credential>,
    settings: AssertionSettings,
}

enum SigningKey {
    #[cfg(feature = "jwt")]
    Pem(PrivateKey),
    Signer(Box<dyn Signer>),
}

impl PrivateKeyJwt {
    /// Uses this private key in PEM: a value, a file, or a callback.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn new(key: impl Into<PrivateKey>) -> Self {
        Self::with_key(SigningKey::Pem(key.into()))
    }

    /// Uses your own signer, for a key that does not leave its KMS or HSM.
    pub fn with_signer(signer: impl Signer) -> Self {
        Self::with_key(SigningKey::Signer(Box::new(signer)))
    }

    /// Sets the `kid`, which is the id of the key at the authorization server
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). Default: the key id of the
    /// [`Signer`], if it has one. Without a `kid`, the server tries all keys that are registered for the
    /// client.
    ///
    /// This id stays the same if the key changes. If you replace the key in its file, do not set the id, or
    /// use `PrivateKey::thumbprint_as_key_id`.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.settings.key_id = Some(key_id.into());
        self
    }

    /// Adds the thumbprint of the client's certificate to the header of the assertion, as `x5t#S256`
    /// ([RFC 7515 §4.1.8](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8)). It is for servers that
    /// identify the key by its certificate, such as Microsoft Entra ID. If the PEM has several certificates,
    /// alf uses the first. Default: the certificate in the PEM of the key, if
    /// [`PrivateKey::with_certificate`] is set; otherwise none.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn certificate(mut self, pem: impl AsRef<str>) -> Self {
        self.certificate = Some(Credential::value(&CERTIFICATE, pem.as_ref().to_owned()));
        self
    }

    /// Reads the client's certificate from a PEM file, and adds its thumbprint like
    /// [`certificate`](Self::certificate).
    ///
    /// Needs the feature `jwt`.
    ///
    /// alf reads this file whenever it reads the key, so both can be replaced without a restart (B3). To
    /// replace them in one step, put both in one file: see [`PrivateKey::with_certificate`]. For errors of
    /// reading the file, see [`ClientSecret::file`](crate::ClientSecret::file).
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn certificate_file(mut self, path: impl AsRef<Path>) -> Self {
        self.certificate = Some(Credential::file(&CERTIFICATE, path.as_ref()));
        self
    }

    fn with_key(key: SigningKey) -> Self {
        Self {
            key,
            #[cfg(feature = "jwt")]
            certificate: None,
            settings: AssertionSettings::default(),
        }
    }
}

assertion_setters!(PrivateKeyJwt);

#[async_trait]
impl ClientAuthentication for PrivateKeyJwt {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        #[cfg_attr(
            not(feature = "jwt"),
            expect(unused_mut, reason = "no certificate without the feature jwt")
        )]
        let (mut thumbprint, mut fingerprint) = (None, CredentialsFingerprint::unchanging());
        #[cfg(feature = "jwt")]
        if let Some(certificate) = &self.certificate {
            context.awaits(certificate.awaited());
            let certificate = certificate.read(thumbprint::of_certificate).await?;
            (thumbprint, fingerprint) = (Some(certificate.parsed), certificate.fingerprint);
        }
        match &self.key {
            #[cfg(feature = "jwt")]
            SigningKey::Pem(key) => {
                context.awaits(key.awaited());
                let key = key.read().await?;
                let ParsedKey { pair, certificate } = key.parsed;
                self.settings
                    .add_signed(request, context, &pair, thumbprint.or(certificate))
                    .await?;
                Ok(CredentialsFingerprint::of(&(key.fingerprint, fingerprint)))
            }
            SigningKey::Signer(signer) => {
                self.settings
                    .add_signed(request, context, signer.as_ref(), thumbprint)
                    .await?;
                Ok(fingerprint)
            }
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.settings.check()?;
        #[cfg(feature = "jwt")]
        if let Some(certificate) = &self.certificate {
            certificate.check(thumbprint::of_certificate)?;
        }
        match &self.key {
            #[cfg(feature = "jwt")]
            SigningKey::Pem(key) => key.check(),
            SigningKey::Signer(_) => Ok(()),
        }
    }

    fn method(&self) -> Option<&str> {
        Some("private_key_jwt")
    }
}

/// Shows where the key comes from, but no part of it (X1).
impl fmt::Debug for PrivateKeyJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PrivateKeyJwt");
        match &self.key {
            #[cfg(feature = "jwt")]
            SigningKey::Pem(key) => shown.field("key", key),
            SigningKey::Signer(signer) => shown.field("signer", &signer.algorithm()),
        };
        shown
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "jwt")]
const CERTIFICATE: CredentialKind = CredentialKind {
    name: "certificate",
    not_text: pem::CERTIFICATE_IS_NOT_TEXT,
    in_file: str::trim,
};

#[cfg(test)]
mod tests;
