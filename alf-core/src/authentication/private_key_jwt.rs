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
use super::jwt::AssertionSettings;
use super::signer::Signer;

#[cfg(feature = "jwt")]
use super::credential::{Credential, CredentialKind};
#[cfg(feature = "jwt")]
use super::private_key::{ParsedKey, PrivateKey};
#[cfg(feature = "jwt")]
use super::{pem, thumbprint};

/// `private_key_jwt`: an assertion that the client's private key signs. The authorization server
/// holds nothing that could be stolen from it
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Every attempt has its own assertion, with a new `jti` and an expiry (`exp`) 60 s ahead of the wall
/// clock. `iss` and `sub` are the client's id.
///
/// The key is given in PEM (`PrivateKey`, with the feature `jwt`), or stays in a KMS or an HSM
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
    /// Uses a private key in PEM, by value, from a file, or from a callback.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn new(key: impl Into<PrivateKey>) -> Self {
        Self::with_key(SigningKey::Pem(key.into()))
    }

    /// Uses your own signer: for a key that does not leave its KMS or HSM.
    pub fn with_signer(signer: impl Signer) -> Self {
        Self::with_key(SigningKey::Signer(Box::new(signer)))
    }

    /// Sets the `kid` under which the authorization server knows the key
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). Default: that of
    /// the [`Signer`], else none: the server tries every key of the client that it knows.
    ///
    /// It does not change with the key. If the key's file may be replaced by another key, omit it or
    /// use `PrivateKey::thumbprint_as_key_id`.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.settings.key_id = Some(key_id.into());
        self
    }

    /// Adds the thumbprint of the client's certificate to the assertion's header, as `x5t#S256`
    /// ([RFC 7515 §4.1.8](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8)): for servers that
    /// identify the key by its certificate, as Microsoft Entra ID does. The first one counts if the
    /// PEM has several. Default: that in the PEM of the key ([`PrivateKey::with_certificate`]), else
    /// none.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn certificate(mut self, pem: impl AsRef<str>) -> Self {
        self.certificate = Some(Credential::value(&CERTIFICATE, pem.as_ref().to_owned()));
        self
    }

    /// Reads the client's certificate from a file in PEM, and adds its thumbprint as
    /// [`certificate`](Self::certificate) does.
    ///
    /// Needs the feature `jwt`.
    ///
    /// It is read with the key, so that both can be replaced (B3); in one file they change together:
    /// see [`PrivateKey::with_certificate`]. It is read, and fails, as that of
    /// [`ClientSecret::file`](crate::ClientSecret::file).
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn certificate_file(mut self, path: impl AsRef<Path>) -> Self {
        self.certificate = Some(Credential::file(&CERTIFICATE, path.as_ref()));
        self
    }

    /// Sets the `aud` of the assertion. Default:
    /// [`AuthenticationContext::audience`](crate::AuthenticationContext::audience).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = Some(audience.into());
        self
    }

    /// Sets the `typ` of the assertion's header, for servers that require
    /// `client-authentication+jwt`. Default: none.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.settings.typ = Some(typ.into());
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
            let certificate = certificate.read(thumbprint::of_certificate).await?;
            (thumbprint, fingerprint) = (Some(certificate.parsed), certificate.fingerprint);
        }
        match &self.key {
            #[cfg(feature = "jwt")]
            SigningKey::Pem(key) => {
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

/// Shows where the key comes from, and nothing of it (X1).
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
