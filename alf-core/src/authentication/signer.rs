//! Who signs: a key of alf's own, or one that never leaves its KMS or HSM.

use std::sync::Arc;

use async_trait::async_trait;

use super::AuthenticationError;

/// Signs what the client must prove to have the private key for: an assertion of
/// [`PrivateKeyJwt`](crate::PrivateKeyJwt).
///
/// With the feature `jwt` alf signs with keys in PEM by itself (`PrivateKey`). A signer of your own
/// is for a key that stays in a KMS, an HSM or an agent, and for algorithms that alf does not have.
///
/// # To implementors
///
/// A signer is one key: its algorithm and its id stay the same. [`sign`](Self::sign) is called once
/// for every attempt, on the acquisition's task, and within its time-outs (`attempt_timeout`,
/// `acquire_timeout`): it may wait for a network, and must not block. A panic ends the acquisition.
///
/// # Examples
///
/// ```
/// use alf_core::{AuthenticationError, Client, PrivateKeyJwt, Signer};
/// # struct Kms;
/// # struct Throttled;
/// # impl Kms { async fn sign_es256(&self, _key: &str, _message: &[u8]) -> Result<Vec<u8>, Throttled> { Ok(vec![0; 64]) } }
///
/// struct KmsKey {
///     kms: Kms,
///     arn: String,
/// }
///
/// #[async_trait::async_trait]
/// impl Signer for KmsKey {
///     fn algorithm(&self) -> &str {
///         "ES256"
///     }
///
///     fn key_id(&self) -> Option<&str> {
///         Some("key-of-2026")
///     }
///
///     async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
///         // Most give ES256 signatures in DER: those are turned into the 64 bytes `r || s`.
///         let signature = self.kms.sign_es256(&self.arn, message).await;
///         signature.map_err(|_| AuthenticationError::transient("the KMS did not sign"))
///     }
/// }
///
/// # let (kms, arn) = (Kms, "arn:…".to_owned());
/// # let client =
/// Client::builder("https://auth.example.com/token")
///     .client_authentication("client-id", PrivateKeyJwt::with_signer(KmsKey { kms, arn }));
/// ```
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// The `alg` of its signatures, as the IANA registry spells it: `RS256`, `ES256`, …
    /// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)). Never `none`.
    fn algorithm(&self) -> &str;

    /// The `kid` by which the authorization server knows the key
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). `None` sends none:
    /// the server then tries every key of the client that it knows.
    fn key_id(&self) -> Option<&str>;

    /// The signature of `message`, which is signed as it is: the algorithm's hash is part of
    /// signing.
    ///
    /// It has the form that JWS has for the algorithm: for ECDSA the two numbers `r || s`, each of
    /// the length of the curve's order, big-endian, and not DER
    /// ([RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4)). A wrong form is found
    /// by the authorization server alone, which refuses the client.
    ///
    /// # Errors
    ///
    /// [Transient](AuthenticationError::transient) where it may pass, and is tried again within the
    /// acquisition (the KMS is throttled, or not there);
    /// [permanent](AuthenticationError::permanent) where someone has to mend something. Neither it
    /// nor what lies beneath it may show anything of the key.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError>;
}

/// One signer, shared.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Signer + ?Sized> Signer for Arc<S> {
    fn algorithm(&self) -> &str {
        (**self).algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        (**self).key_id()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        (**self).sign(message).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Signer + ?Sized> Signer for Box<S> {
    fn algorithm(&self) -> &str {
        (**self).algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        (**self).key_id()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        (**self).sign(message).await
    }
}
