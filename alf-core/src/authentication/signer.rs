//! Signs assertions: with a key of alf's own, or with one that stays in a KMS or an HSM.

use std::sync::Arc;

use async_trait::async_trait;

use super::client_authentication::AuthenticationError;

/// Signs the assertions of [`PrivateKeyJwt`](crate::PrivateKeyJwt).
///
/// With the feature `jwt` alf signs with keys in PEM (`PrivateKey`). Your own signer is for a key that
/// stays in a KMS, an HSM or an agent, and for algorithms that alf does not have.
///
/// # To implementors
///
/// A signer is one key: its algorithm and its id do not change. [`sign`](Self::sign) is called once
/// for every attempt, within its timeout. It may wait for a network, and must not block.
///
/// # Examples
///
/// ```
/// use alf_core::{AuthenticationError, Client, PrivateKeyJwt, Signer};
/// # struct KmsKey;
/// # impl KmsKey { async fn sign_es256(&self, _: &[u8]) -> Result<Vec<u8>, ()> { Ok(vec![0; 64]) } }
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
///         // Most KMSs return ES256 signatures in DER: convert them to the 64 bytes `r || s` here.
///         let signature = self.sign_es256(message).await;
///         signature.map_err(|_| AuthenticationError::transient("the KMS did not sign"))
///     }
/// }
///
/// # let client =
/// Client::builder("https://auth.example.com/token")
///     .client_authentication("client-id", PrivateKeyJwt::with_signer(KmsKey));
/// ```
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// Returns the `alg` of the signatures, as the IANA registry spells it: `RS256`, `ES256`, …
    /// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)). Never `none`.
    fn algorithm(&self) -> &str;

    /// Returns the `kid` under which the authorization server knows the key
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). `None` sends none:
    /// the server then tries every key of the client that it knows.
    fn key_id(&self) -> Option<&str>;

    /// Returns the signature of `message`. It is not hashed yet: hashing is part of the algorithm.
    ///
    /// The signature has the form that JWS requires: for ECDSA the numbers `r || s`, each as long as
    /// the curve's order, big-endian, and not in DER
    /// ([RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4)). alf does not check it.
    ///
    /// # Errors
    ///
    /// [Transient](AuthenticationError::transient) if it may pass, for example if the KMS is throttled;
    /// else [permanent](AuthenticationError::permanent). It must not show anything of the key.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError>;
}

macro_rules! implement_for_pointers {
    ($($pointer:ident),*) => {$(
        /// The signer that the pointer refers to.
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<S: Signer + ?Sized> Signer for $pointer<S> {
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
    )*};
}

implement_for_pointers!(Arc, Box);
