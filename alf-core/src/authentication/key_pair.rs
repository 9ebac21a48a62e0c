//! A private key that signs with aws-lc-rs.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
};

use super::client_authentication::{AuthenticationError, Problem};
use super::{pem, thumbprint};

/// A private key, and its algorithm.
pub(super) struct KeyPair {
    key: PrivateKey,
    pub(super) algorithm: SigningAlgorithm,
}

enum PrivateKey {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The algorithm of the signatures of a [`PrivateKeyJwt`](crate::PrivateKeyJwt) with a key in PEM
/// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
///
/// Needs the feature `jwt`.
///
/// With the feature `config`, it implements `serde::Deserialize`: serde reads its name, such as `RS256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "config",
    derive(serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, `RS256`.
    Rs256,
    /// RSASSA-PSS with SHA-256, `PS256`.
    Ps256,
    /// ECDSA on P-256 with SHA-256, `ES256`.
    Es256,
    /// ECDSA on P-384 with SHA-384, `ES384`.
    Es384,
    /// Ed25519 under its widely known name, `EdDSA`
    /// ([RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
    #[cfg_attr(feature = "config", serde(rename = "EdDSA"))]
    EdDsa,
    /// Ed25519 under its newer name, `Ed25519`. The signatures are the same
    /// ([RFC 9864 §2.2](https://www.rfc-editor.org/rfc/rfc9864#section-2.2)).
    #[cfg_attr(feature = "config", serde(rename = "Ed25519"))]
    Ed25519,
}

impl KeyPair {
    /// Reads a private key. It signs by `wanted`, or by the usual algorithm for its kind.
    pub(super) fn new(pem: &str, wanted: Option<SigningAlgorithm>) -> Result<Self, Problem> {
        let pem = pem::private_key(pem)?;
        let key = PrivateKey::new(pem.label, &pem.der()?).ok_or(UNSUPPORTED)?;
        let (kind, usual, other) = key.kind();
        let algorithm = wanted.unwrap_or(usual);
        if algorithm != usual && Some(algorithm) != other {
            let algorithm = algorithm.name();
            return Err(format!("it is {kind}, which cannot sign with {algorithm}").into());
        }
        Ok(Self { key, algorithm })
    }

    /// Returns the thumbprint of the public key (RFC 7638).
    pub(super) fn thumbprint(&self) -> Option<String> {
        match &self.key {
            PrivateKey::Rsa(pair) => Some(thumbprint::of_rsa_key(pair.public_key())),
            PrivateKey::P256(pair) => thumbprint::of_ec_key("P-256", pair.public_key().as_ref()),
            PrivateKey::P384(pair) => thumbprint::of_ec_key("P-384", pair.public_key().as_ref()),
            PrivateKey::Ed25519(pair) => {
                Some(thumbprint::of_ed25519_key(pair.public_key().as_ref()))
            }
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        self.signature(message).map_err(|Unspecified| {
            AuthenticationError::permanent("private_key: aws-lc-rs could not sign with it")
        })
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.key {
            PrivateKey::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding =
                    if self.algorithm == SigningAlgorithm::Ps256 {
                        &RSA_PSS_SHA256
                    } else {
                        &RSA_PKCS1_SHA256
                    };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
            PrivateKey::P256(pair) | PrivateKey::P384(pair) => {
                Ok(pair.sign(&random, message)?.as_ref().to_vec())
            }
            PrivateKey::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

impl SigningAlgorithm {
    /// Returns the `alg` of the algorithm, as in the IANA registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl PrivateKey {
    fn new(label: &str, der: &[u8]) -> Option<Self> {
        match label {
            pem::SEC1 => Self::ec(der),
            pem::PKCS1 => Some(Self::Rsa(rsa::KeyPair::from_der(der).ok()?)),
            _ => Self::ec(der)
                .or_else(|| Some(Self::Ed25519(Ed25519KeyPair::from_pkcs8(der).ok()?)))
                .or_else(|| Some(Self::Rsa(rsa::KeyPair::from_pkcs8(der).ok()?))),
        }
    }

    fn ec(der: &[u8]) -> Option<Self> {
        let on_curve = |curve| EcdsaKeyPair::from_private_key_der(curve, der).ok();
        on_curve(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map(Self::P256)
            .or_else(|| on_curve(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Self::P384))
    }

    /// Returns what the key is called in errors, its usual algorithm, and its other one.
    fn kind(&self) -> (&'static str, SigningAlgorithm, Option<SigningAlgorithm>) {
        use SigningAlgorithm::{Ed25519, EdDsa, Es256, Es384, Ps256, Rs256};
        match self {
            Self::Rsa(_) => ("an RSA key", Rs256, Some(Ps256)),
            Self::P256(_) => ("an EC key on P-256", Es256, None),
            Self::P384(_) => ("an EC key on P-384", Es384, None),
            Self::Ed25519(_) => ("an Ed25519 key", EdDsa, Some(Ed25519)),
        }
    }
}

const UNSUPPORTED: &str = "it is damaged or not supported; use RSA of 2048 to 8192 bits, EC on P-256 or P-384, or Ed25519";

#[cfg(test)]
pub(super) mod tests;
