//! Keys of every kind sign as the RFCs require, and errors explain what is wrong with others.

use crate::{ClientAuthentication as _, Credential, PrivateKeyJwt};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::super::jwt::tests::{decoded, parts};
use super::super::tests::{TemporaryFile, sent};
use super::super::thumbprint::of_certificate;
use super::*;

mod broken;

// openssl made most of these keys for the tests. `rsa_pkcs1.pem` and `rsa_pkcs8.pem` are the key of
// RFC 7515 A.2; `ed25519.pem` is that of RFC 8037 A.1.
pub(crate) const RSA: &str = include_str!("testdata/rsa_pkcs8.pem");
pub(crate) const P256: &str = include_str!("testdata/p256_pkcs8.pem");
pub(crate) const P384: &str = include_str!("testdata/p384_pkcs8.pem");
pub(crate) const CERTIFICATE: &str = include_str!("testdata/certificate.pem");
pub(crate) const THUMBPRINT: &str = "zo2x7ktB7r2lGYK4ZlHtWw1QO1fabpvz-vBUhHJWIs8";
const RSA_PKCS1: &str = include_str!("testdata/rsa_pkcs1.pem");
const P256_SEC1: &str = include_str!("testdata/p256_sec1.pem");
/// With `EC PARAMETERS` before it.
const P384_SEC1: &str = include_str!("testdata/p384_sec1.pem");
const ED25519_PEM: &str = include_str!("testdata/ed25519.pem");

const MESSAGE: &[u8] = b"header.claims";

/// The pair of [`P256`].
pub(crate) fn p256() -> EcdsaKeyPair {
    let der = pem::private_key(P256).unwrap().der().unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap()
}

fn key(pem: &str, algorithm: Option<SigningAlgorithm>) -> Result<KeyPair, String> {
    KeyPair::new(pem, algorithm).map_err(Problem::into_owned)
}

fn sign(pem: &str, message: &[u8]) -> Vec<u8> {
    key(pem, None).unwrap().sign(message).unwrap()
}

#[test]
fn t2_an_rsa_signature_is_that_of_rfc_7515_a_2() {
    let message = "eyJhbGciOiJSUzI1NiJ9.\
                   eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
                     AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
                     BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                     0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
                     hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
                     p0igcN_IoypGlUPQGe77Rw";
    for pem in [RSA, RSA_PKCS1] {
        assert_eq!(sign(pem, message.as_bytes()), decoded(signature));
    }
}

#[test]
fn t2_an_ed25519_signature_is_that_of_rfc_8037_a_4() {
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B\
                     hVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(sign(ED25519_PEM, message.as_bytes()), decoded(signature));
}

#[test]
fn t2_every_kind_of_key_signs_by_its_usual_algorithm_and_by_the_one_that_is_set() {
    let der = |pem: &str| pem::private_key(pem).unwrap().der().unwrap();
    let rsa = |pem: &str| {
        let der = der(pem);
        let pair = rsa::KeyPair::from_pkcs8(&der).or_else(|_| rsa::KeyPair::from_der(&der));
        pair.unwrap().public_key().as_ref().to_vec()
    };
    let ec = |pem: &str, algorithm| {
        let pair = EcdsaKeyPair::from_private_key_der(algorithm, &der(pem)).unwrap();
        pair.public_key().as_ref().to_vec()
    };
    let p256 = |pem: &str| ec(pem, &ECDSA_P256_SHA256_FIXED_SIGNING);
    let p384 = |pem: &str| ec(pem, &ECDSA_P384_SHA384_FIXED_SIGNING);
    let ed25519 = |pem: &str| {
        let pair = Ed25519KeyPair::from_pkcs8(&der(pem)).unwrap();
        pair.public_key().as_ref().to_vec()
    };
    let (pkcs1, pss): (&dyn VerificationAlgorithm, &dyn VerificationAlgorithm) =
        (&RSA_PKCS1_2048_8192_SHA256, &RSA_PSS_2048_8192_SHA256);
    let (es256, es384, eddsa): (
        &'static dyn VerificationAlgorithm,
        &'static dyn VerificationAlgorithm,
        &'static dyn VerificationAlgorithm,
    ) = (&ECDSA_P256_SHA256_FIXED, &ECDSA_P384_SHA384_FIXED, &ED25519);
    for (pem, set, alg, public_key, verifier) in [
        (RSA, None, "RS256", rsa(RSA), pkcs1),
        (
            RSA_PKCS1,
            Some(SigningAlgorithm::Rs256),
            "RS256",
            rsa(RSA_PKCS1),
            pkcs1,
        ),
        (RSA, Some(SigningAlgorithm::Ps256), "PS256", rsa(RSA), pss),
        (P256, None, "ES256", p256(P256), es256),
        (
            P256_SEC1,
            Some(SigningAlgorithm::Es256),
            "ES256",
            p256(P256_SEC1),
            es256,
        ),
        (P384, None, "ES384", p384(P384), es384),
        (
            P384_SEC1,
            Some(SigningAlgorithm::Es384),
            "ES384",
            p384(P384_SEC1),
            es384,
        ),
        (ED25519_PEM, None, "EdDSA", ed25519(ED25519_PEM), eddsa),
        (
            ED25519_PEM,
            Some(SigningAlgorithm::EdDsa),
            "EdDSA",
            ed25519(ED25519_PEM),
            eddsa,
        ),
        (
            ED25519_PEM,
            Some(SigningAlgorithm::Ed25519),
            "Ed25519",
            ed25519(ED25519_PEM),
            eddsa,
        ),
    ] {
        let key = key(pem, set).unwrap();
        assert_eq!(key.algorithm.name(), alg);
        let signature = key.sign(MESSAGE).unwrap();
        UnparsedPublicKey::new(verifier, public_key)
            .verify(MESSAGE, &signature)
            .unwrap_or_else(|_| panic!("{alg}"));
    }
}

#[test]
fn t2_an_algorithm_that_does_not_fit_the_key_is_an_error() {
    for (pem, algorithm, shown) in [
        (
            RSA,
            SigningAlgorithm::Es256,
            "an RSA key, which cannot sign with ES256",
        ),
        (
            P256,
            SigningAlgorithm::Es384,
            "P-256, which cannot sign with ES384",
        ),
        (
            P384,
            SigningAlgorithm::Rs256,
            "P-384, which cannot sign with RS256",
        ),
        (
            ED25519_PEM,
            SigningAlgorithm::Ps256,
            "Ed25519 key, which cannot sign with PS256",
        ),
    ] {
        let method = PrivateKeyJwt::new(pem).algorithm(algorithm);
        let error = method.check().unwrap_err();
        assert_eq!(error.setting(), "private_key");
        assert!(error.to_string().contains(shown), "{error}");
    }
}

#[test]
fn t2_a_pem_is_read_with_any_line_breaks_and_any_text_around_it() {
    for pem in [
        P256.replace('\n', "\r\n"),
        P256.replace('\n', " "),
        format!("\u{feff}\r\n\r\n{P256}\n\n"),
        format!("Bag Attributes\n  friendlyName: me\n{P256}"),
        format!("{P256}{CERTIFICATE}{CERTIFICATE}"),
        format!("{CERTIFICATE}{P256}"),
        format!("{}{P256}", include_str!("testdata/public.pem")),
    ] {
        let file = TemporaryFile::new(pem.as_bytes());
        for key in [
            Credential::file(file.path()),
            Credential::from(pem.as_str()),
        ] {
            let sent = sent(&PrivateKeyJwt::new(key), "me");
            let (header, ..) = parts(&sent.parameter("client_assertion"));
            assert_eq!(header["alg"], "ES256", "{pem}");
        }
    }
}

#[test]
fn t2_the_thumbprint_of_a_certificate_is_its_sha_256() {
    assert_eq!(of_certificate(CERTIFICATE).unwrap(), THUMBPRINT);
    assert!(of_certificate(P256).unwrap_err().contains("no certificate"));
    assert!(of_certificate("-----BEGIN CERTIFICATE-----").is_err());
}

#[test]
fn t2_the_thumbprint_of_a_key_is_that_of_rfc_7638() {
    for (pem, thumbprint) in [
        // RFC 8037 A.3; another implementation computed the others.
        (ED25519_PEM, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        (RSA, "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8"),
        (RSA_PKCS1, "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8"),
        (P256, "0q26uAHZoimugxGUC-xYbcxBOBSAIJ_FIAjQElhVkEk"),
        (P384, "5hoRaYX2mOL4XjSzXHQb6VJyQvo_dItLDgLRCS2LbSw"),
    ] {
        let method = PrivateKeyJwt::new(pem).thumbprint_as_key_id();
        let (header, ..) = parts(&sent(&method, "me").parameter("client_assertion"));
        assert_eq!(header["kid"], thumbprint);
    }
}
