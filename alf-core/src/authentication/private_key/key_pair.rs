//! A key that signs by aws-lc-rs.

use std::borrow::Cow;

use async_trait::async_trait;
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
};

use crate::{AuthenticationError, Signer};

use super::pem::Format;
use super::{SigningAlgorithm, jwk, thumbprint};

/// A private key with the algorithm by which it signs.
pub(in super::super) struct KeyPair {
    pair: Pair,
    algorithm: SigningAlgorithm,
    key_id: Option<String>,
}

enum Pair {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl KeyPair {
    /// The key of `der`, to sign by `wanted`, or as it is usual for its kind.
    pub(super) fn new(
        format: Format,
        der: &[u8],
        wanted: Option<SigningAlgorithm>,
    ) -> Result<Self, Cow<'static, str>> {
        let pair = Pair::new(format, der)?;
        let (kind, algorithms) = pair.kind();
        let algorithm = match (wanted, algorithms.first()) {
            (Some(wanted), _) if algorithms.contains(&wanted) => wanted,
            (None, Some(usual)) => *usual,
            (wanted, _) => {
                let wanted = wanted.map_or("nothing", SigningAlgorithm::name);
                return Err(format!("it is {kind}, which does not sign by {wanted}").into());
            }
        };
        Ok(Self {
            pair,
            algorithm,
            key_id: None,
        })
    }

    /// The same, with the thumbprint of its public key as its id (RFC 7638).
    pub(super) fn named_by_thumbprint(mut self) -> Result<Self, &'static str> {
        let jwk = self.pair.public_jwk().ok_or("it has no public key")?;
        self.key_id = Some(thumbprint::of_jwk(&jwk));
        Ok(self)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match self.algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
                    SigningAlgorithm::Rs256
                    | SigningAlgorithm::Es256
                    | SigningAlgorithm::Es384
                    | SigningAlgorithm::EdDsa
                    | SigningAlgorithm::Ed25519 => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                Ok(pair.sign(&random, message)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

#[async_trait]
impl Signer for KeyPair {
    fn algorithm(&self) -> &str {
        self.algorithm.name()
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        self.signature(message).map_err(|Unspecified| {
            AuthenticationError::permanent("private_key: aws-lc-rs could not sign with it")
        })
    }
}

impl Pair {
    fn new(format: Format, der: &[u8]) -> Result<Self, &'static str> {
        match format {
            Format::Pkcs8 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                .map(Self::P256)
                .or_else(|_| {
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).map(Self::P384)
                })
                .or_else(|_| Ed25519KeyPair::from_pkcs8(der).map(Self::Ed25519))
                .or_else(|_| rsa::KeyPair::from_pkcs8(der).map(Self::Rsa))
                .map_err(|KeyRejected { .. }| why(der)),
            Format::Sec1 => {
                EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map(Self::P256)
                    .or_else(|_| {
                        EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der)
                            .map(Self::P384)
                    })
                    .map_err(|_| EC)
            }
            Format::Pkcs1 => rsa::KeyPair::from_der(der).map(Self::Rsa).map_err(|_| RSA),
        }
    }

    fn public_jwk(&self) -> Option<String> {
        match self {
            Self::Rsa(pair) => jwk::rsa(pair.public_key().as_ref()),
            Self::P256(pair) => jwk::ec("P-256", pair.public_key().as_ref()),
            Self::P384(pair) => jwk::ec("P-384", pair.public_key().as_ref()),
            Self::Ed25519(pair) => Some(jwk::ed25519(pair.public_key().as_ref())),
        }
    }

    /// What it is, and by what it signs, the usual first.
    fn kind(&self) -> (&'static str, &'static [SigningAlgorithm]) {
        match self {
            Self::Rsa(_) => (
                "an RSA key",
                &[SigningAlgorithm::Rs256, SigningAlgorithm::Ps256],
            ),
            Self::P256(_) => ("an EC key on P-256", &[SigningAlgorithm::Es256]),
            Self::P384(_) => ("an EC key on P-384", &[SigningAlgorithm::Es384]),
            Self::Ed25519(_) => (
                "an Ed25519 key",
                &[SigningAlgorithm::EdDsa, SigningAlgorithm::Ed25519],
            ),
        }
    }
}

/// Why no kind took a PKCS#8 key: its algorithm is named near its beginning.
fn why(der: &[u8]) -> &'static str {
    let names = |oid: &[u8]| der.windows(oid.len()).take(32).any(|window| window == oid);
    if names(EC_PUBLIC_KEY) {
        EC
    } else if names(RSA_ENCRYPTION) {
        RSA
    } else {
        "it is damaged, or of a kind that is not supported; use RSA, EC on P-256 or P-384, or Ed25519"
    }
}

const EC: &str = "it is an EC key that is damaged, or not on P-256 or P-384";
const RSA: &str = "it is an RSA key that is damaged, or not of 2048 to 8192 bits";

/// 1.2.840.10045.2.1, in DER.
const EC_PUBLIC_KEY: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.113549.1.1.1, in DER.
const RSA_ENCRYPTION: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
