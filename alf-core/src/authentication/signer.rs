//! Signs assertions: with a key of alf's own, or with one that stays in a KMS or an HSM.

use std::sync::Arc;

use async_trait::async_trait;

use super::client_authentication::AuthenticationError;

/// Signs the assertions of [`PrivateKeyJwt`](crate::PrivateKeyJwt).
///
/// With the feature `jwt`, alf signs with keys in PEM. Implement this trait for a key that
/// stays in a KMS, an HSM or an agent, or for an algorithm that alf does not have.
///
/// # To implementors
///
/// Use the crate `async-trait`: write `#[async_trait]` over the `impl`, and `sign` as an `async fn`, as in
/// the example. This page shows the signature that the macro generates.
///
/// A signer has one key: its algorithm and its key id do not change. alf calls [`sign`](Self::sign) once
/// for each attempt. The time that it takes counts towards `attempt_timeout`. It may wait for the
/// network, but must not block the thread.
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
    /// Returns the `alg` of the signatures, as in the IANA registry: `RS256`, `ES256`, …
    /// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)). Never `none`.
    fn algorithm(&self) -> &str;

    /// Returns the `kid`, which is the id of the key at the authorization server
    /// ([RFC 7515 §4.1.4](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4)). With `None`, the assertion
    /// has no `kid`, and the server tries all keys that are registered for the client.
    fn key_id(&self) -> Option<&str>;

    /// Returns the signature of `message`. The message is not hashed: hashing is part of the algorithm.
    ///
    /// The signature has the form that JWS requires. For ECDSA, these are the numbers `r || s`, each
    /// big-endian and as long as the order of the curve. DER is wrong
    /// ([RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4)). alf does not check the
    /// signature.
    ///
    /// # Errors
    ///
    /// A [transient](AuthenticationError::transient) error if it may pass, for example if the KMS limits the
    /// rate of requests. Otherwise a [permanent](AuthenticationError::permanent) error. The error must not
    /// show any part of the key.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError>;
}

/// Forwards to the signer that the `Arc` refers to.
#[async_trait]
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
