//! `private_key_jwt`: an assertion that the client's private key signs (OIDC Core §9).

use std::fmt;

use async_trait::async_trait;

use crate::ConfigError;
use crate::error::Activity;
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication,
};
use super::fingerprint::CredentialsFingerprint;
use super::jwt::{AssertionSettings, assertion_setters};
use super::signer::Signer;

#[cfg(feature = "jwt")]
use super::credential::Credential;
#[cfg(feature = "jwt")]
use super::key_pair::{KeyPair, SigningAlgorithm};
#[cfg(feature = "jwt")]
use super::thumbprint;

/// `private_key_jwt`: an assertion that the client's private key signs. The authorization server has only
/// the public key, so nothing secret can be stolen from it
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523),
/// [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
///
/// Each attempt has its own assertion with a new `jti`. The assertion is valid for 120 s (`exp`). `iss` and
/// `sub` are the client's id.
///
/// The key is in PEM (`new`, which needs the feature `jwt`), or stays in a KMS or an HSM
/// ([`with_signer`](Self::with_signer)).
///
/// # Examples
///
#[cfg_attr(feature = "jwt", doc = "```")]
#[cfg_attr(not(feature = "jwt"), doc = "```ignore")]
/// use alf_core::{Client, Credential, PrivateKeyJwt, SigningAlgorithm};
///
/// let key = Credential::file("/run/secrets/rsa.pem");
/// # let client =
/// Client::builder("https://auth.example.com/token").client_authentication(
///     "client-id",
///     PrivateKeyJwt::new(key)
///         .algorithm(SigningAlgorithm::Ps256)
///         .key_id("key-of-2026"),
/// );
/// ```
pub struct PrivateKeyJwt {
    key: SigningKey,
    settings: AssertionSettings,
    #[cfg(feature = "jwt")]
    key_settings: KeySettings,
}

enum SigningKey {
    #[cfg(feature = "jwt")]
    Pem(Credential),
    Signer(Box<dyn Signer>),
}

#[cfg(feature = "jwt")]
#[derive(Debug, Default)]
struct KeySettings {
    algorithm: Option<SigningAlgorithm>,
    thumbprint_as_key_id: bool,
    certificate: Option<Credential>,
}

impl PrivateKeyJwt {
    /// Uses this private key in PEM: a value, a file, or a callback.
    ///
    /// Needs the feature `jwt`.
    ///
    /// The format is PKCS#8 (`BEGIN PRIVATE KEY`), SEC1 (`BEGIN EC PRIVATE KEY`) or PKCS#1
    /// (`BEGIN RSA PRIVATE KEY`), without encryption. The key is RSA of 2048 to 8192 bits, EC on P-256 or
    /// P-384, or Ed25519. Other parts of the text (a certificate, `EC PARAMETERS`) are ignored. A second
    /// private key is an error.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn new(key: impl Into<Credential>) -> Self {
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
    /// use `thumbprint_as_key_id`.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.settings.key_id = Some(key_id.into());
        self
    }

    /// Sets the algorithm of a key in PEM. Default: RS256 for RSA, ES256 for P-256, ES384 for P-384, and
    /// `EdDSA` for Ed25519. `build()` returns an error if the key is a value that cannot sign with it, or if
    /// the key is a [`Signer`], which has its own algorithm. If the key of a file or a callback cannot sign
    /// with it, each attempt fails.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.key_settings.algorithm = Some(algorithm);
        self
    }

    /// Sets the `kid` to the SHA-256 thumbprint of the public key, in base64url
    /// ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)). Many tools register keys with this id. It
    /// changes with the key. If [`key_id`](Self::key_id) is set too, that id is sent. With a [`Signer`], which
    /// has its own id, it is an error of `build()`.
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn thumbprint_as_key_id(mut self) -> Self {
        self.key_settings.thumbprint_as_key_id = true;
        self
    }

    /// Adds the thumbprint of the client's certificate, which is in PEM, to the header of the assertion, as
    /// `x5t#S256` ([RFC 7515 §4.1.8](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8)). It is for servers
    /// that identify the key by its certificate, such as Microsoft Entra ID. If the PEM has several
    /// certificates, alf uses the first. Default: none.
    ///
    /// The file may be that of the key, and the callback may be a clone of that of the key: alf then reads both
    /// at once. alf reads the certificate whenever it reads the key, so both can be replaced without a restart
    /// (B3).
    ///
    /// Needs the feature `jwt`.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<Credential>) -> Self {
        self.key_settings.certificate = Some(certificate.into());
        self
    }

    fn with_key(key: SigningKey) -> Self {
        Self {
            key,
            settings: AssertionSettings::default(),
            #[cfg(feature = "jwt")]
            key_settings: KeySettings::default(),
        }
    }
}

#[cfg(feature = "jwt")]
impl KeySettings {
    /// Whether the key's source also has the certificate. It is read once: a rotation between two reads could mix
    /// two pairs.
    fn is_certificate_with_key(&self, key: &SigningKey) -> bool {
        match (key, &self.certificate) {
            (SigningKey::Pem(key), Some(certificate)) => key.has_same_source(certificate),
            (SigningKey::Pem(_) | SigningKey::Signer(_), _) => false,
        }
    }

    fn check(&self, key: &SigningKey) -> Result<(), ConfigError> {
        if let Some(certificate) = &self.certificate {
            certificate.check(CERTIFICATE, thumbprint::of_certificate)?;
        }
        match key {
            SigningKey::Pem(key) => key.check(PRIVATE_KEY, |pem| KeyPair::new(pem, self.algorithm)),
            SigningKey::Signer(_) if self.algorithm.is_some() || self.thumbprint_as_key_id => {
                let problem = "a signer has its own algorithm and key id; remove algorithm and \
                               thumbprint_as_key_id";
                Err(ConfigError::new("client_authentication", problem))
            }
            SigningKey::Signer(_) => Ok(()),
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
        let (mut thumbprint, mut fingerprint) =
            (None::<String>, CredentialsFingerprint::unchanging());
        #[cfg(feature = "jwt")]
        let is_with_key = self.key_settings.is_certificate_with_key(&self.key);
        #[cfg(feature = "jwt")]
        if let Some(certificate) = self
            .key_settings
            .certificate
            .as_ref()
            .filter(|_| !is_with_key)
        {
            let parse = thumbprint::of_certificate;
            let certificate = certificate.read(context, CERTIFICATE, parse).await?;
            (thumbprint, fingerprint) = (Some(certificate.parsed), certificate.fingerprint);
        }
        match &self.key {
            #[cfg(feature = "jwt")]
            SigningKey::Pem(key) => {
                let parse = |pem: &str| {
                    let pair = KeyPair::new(pem, self.key_settings.algorithm)?;
                    let certificate = is_with_key.then(|| thumbprint::of_certificate(pem));
                    Ok((pair, certificate.transpose()?))
                };
                let key = key.read(context, PRIVATE_KEY, parse).await?;
                let (pair, with_key) = key.parsed;
                let thumbprint = thumbprint.or(with_key);
                let key_id = if self.key_settings.thumbprint_as_key_id {
                    pair.thumbprint()
                } else {
                    None
                };
                let message = self.settings.message(
                    context,
                    pair.algorithm.name(),
                    key_id.as_deref(),
                    thumbprint.as_deref(),
                )?;
                let signature = pair.sign(message.as_bytes())?;
                self.settings
                    .add_signed(request, context, &message, signature);
                Ok(CredentialsFingerprint::of(&(key.fingerprint, fingerprint)))
            }
            SigningKey::Signer(signer) => {
                let message = self.settings.message(
                    context,
                    signer.algorithm(),
                    signer.key_id(),
                    thumbprint.as_deref(),
                )?;
                context.activity.set(Activity::Signature);
                let signature = signer.sign(message.as_bytes()).await?;
                self.settings
                    .add_signed(request, context, &message, signature);
                Ok(fingerprint)
            }
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.settings.check()?;
        #[cfg(feature = "jwt")]
        self.key_settings.check(&self.key)?;
        Ok(())
    }

    fn method(&self) -> Option<&str> {
        Some("private_key_jwt")
    }
}

/// Without the key (X1).
impl fmt::Debug for PrivateKeyJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKeyJwt")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "jwt")]
const PRIVATE_KEY: &str = "private_key";
#[cfg(feature = "jwt")]
const CERTIFICATE: &str = "certificate";

#[cfg(test)]
mod tests;
