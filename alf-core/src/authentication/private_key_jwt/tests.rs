//! `private_key_jwt` with keys in PEM, and with a user's own signer.

use super::super::jwt::JWT_BEARER;
use super::super::jwt::tests::parts;
use super::super::tests::{ENDPOINT, attempt, context, has_changed, sent};
use super::*;

/// A user's own signer, whose signature shows what it signed.
struct CustomSigner(Option<&'static str>);

#[async_trait]
impl Signer for CustomSigner {
    fn algorithm(&self) -> &'static str {
        "ES512"
    }

    fn key_id(&self) -> Option<&str> {
        self.0
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        Ok([b"signed ", message].concat())
    }
}

#[test]
fn t2_a_users_own_signer_signs_header_and_claims() {
    let request = sent(&PrivateKeyJwt::with_signer(CustomSigner(None)), "me");
    assert_eq!(request.parameter("client_id"), "me");
    assert_eq!(request.parameter("client_assertion_type"), JWT_BEARER);
    let assertion = request.parameter("client_assertion");
    let (header, claims, signature) = parts(&assertion);
    assert_eq!(header, serde_json::json!({"alg": "ES512"}));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&"me".into(), &"me".into())
    );
    let (message, _) = assertion.rsplit_once('.').unwrap();
    assert_eq!(signature, [b"signed ", message.as_bytes()].concat());
}

#[test]
fn t2_the_key_id_is_the_signers_unless_it_is_set() {
    let shared: std::sync::Arc<dyn Signer> = std::sync::Arc::new(CustomSigner(Some("its")));
    for (method, key_id) in [
        (PrivateKeyJwt::with_signer(CustomSigner(Some("its"))), "its"),
        (PrivateKeyJwt::with_signer(shared), "its"),
        (
            PrivateKeyJwt::with_signer(CustomSigner(None)).key_id("set"),
            "set",
        ),
        (
            PrivateKeyJwt::with_signer(CustomSigner(Some("its"))).key_id("set"),
            "set",
        ),
    ] {
        let (header, ..) = parts(&sent(&method, "me").parameter("client_assertion"));
        assert_eq!(header, serde_json::json!({"alg": "ES512", "kid": key_id}));
    }
}

#[test]
fn t2_audience_and_typ_are_settable() {
    let method = PrivateKeyJwt::with_signer(CustomSigner(None))
        .audience("https://as.example")
        .typ("client-authentication+jwt");
    let (header, claims, _) = parts(&sent(&method, "me").parameter("client_assertion"));
    assert_eq!(header["typ"], "client-authentication+jwt");
    assert_eq!(claims["aud"], "https://as.example");
    let method = || PrivateKeyJwt::with_signer(CustomSigner(None));
    for empty in [method().audience(""), method().typ(""), method().key_id("")] {
        assert_eq!(
            empty.check().unwrap_err().setting(),
            "client_authentication"
        );
    }
}

#[test]
fn b1_a_signer_decides_whether_its_failure_may_pass() {
    struct Failing(bool);

    #[async_trait]
    impl Signer for Failing {
        fn algorithm(&self) -> &'static str {
            "RS256"
        }

        fn key_id(&self) -> Option<&str> {
            None
        }

        async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
            Err(if self.0 {
                AuthenticationError::transient("throttled")
            } else {
                AuthenticationError::permanent("no such key")
            })
        }
    }

    let endpoint = http::Uri::from_static(ENDPOINT);
    for is_transient in [true, false] {
        let method = PrivateKeyJwt::with_signer(Failing(is_transient));
        let outcome = attempt(&method, &context(&endpoint, "me"));
        assert_eq!(outcome.err().unwrap().is_transient(), is_transient);
        assert!(!has_changed(&method, &CredentialsFingerprint::of("others")));
    }
}

#[cfg(feature = "jwt")]
mod with_a_key {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};

    use super::super::super::key_pair::tests::{CERTIFICATE, P256, P384, RSA, THUMBPRINT};
    use super::super::super::tests::Sent;
    use super::super::super::tests::TemporaryFile;
    use super::*;

    /// Not X.509, but its DER is not parsed.
    const OTHER_CERTIFICATE: &str =
        "-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n";
    const OTHER_THUMBPRINT: &str = "2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz_o";

    #[test]
    fn t2_the_key_signs_header_and_claims() {
        let assertion = sent(&PrivateKeyJwt::new(P256), "me").parameter("client_assertion");
        let (header, claims, signature) = parts(&assertion);
        assert_eq!(header, serde_json::json!({"alg": "ES256"}));
        assert_eq!(claims["aud"], ENDPOINT);
        let (message, _) = assertion.rsplit_once('.').unwrap();
        let pair = super::super::super::key_pair::tests::p256();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            .verify(message.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn t2_the_thumbprint_of_a_certificate_is_in_the_header() {
        let both = format!("{P256}{CERTIFICATE}");
        for method in [
            PrivateKeyJwt::new(P256).certificate(CERTIFICATE),
            PrivateKeyJwt::new(P256).certificate(both.as_str()),
            PrivateKeyJwt::new(both.as_str()).certificate(both.as_str()),
        ] {
            method.check().unwrap();
            let method = method.key_id("k1");
            let (header, ..) = parts(&sent(&method, "me").parameter("client_assertion"));
            assert_eq!(
                header,
                serde_json::json!({"alg": "ES256", "kid": "k1", "x5t#S256": THUMBPRINT})
            );
        }
    }

    #[test]
    fn b3_a_certificate_in_a_file_is_read_for_every_attempt_and_once_more_after_a_refusal() {
        let file = TemporaryFile::new(format!("\n{CERTIFICATE}").as_bytes());
        for method in [
            PrivateKeyJwt::new(P256).certificate(Credential::file(file.path())),
            PrivateKeyJwt::with_signer(CustomSigner(None))
                .certificate(Credential::file(file.path())),
        ] {
            file.write(CERTIFICATE.as_bytes());
            method.check().unwrap();
            let thumbprint = |sent: &Sent| {
                let assertion = sent.parameter("client_assertion");
                parts(&assertion).0["x5t#S256"].clone()
            };
            let old = sent(&method, "me");
            assert_eq!(thumbprint(&old), THUMBPRINT);
            assert!(!has_changed(&method, &old.fingerprint));
            file.write(&CERTIFICATE.as_bytes()[..100]);
            assert!(
                !has_changed(&method, &old.fingerprint),
                "half of a certificate"
            );
            file.write(OTHER_CERTIFICATE.as_bytes());
            assert!(has_changed(&method, &old.fingerprint));
            let new = sent(&method, "me");
            assert_eq!(thumbprint(&new), OTHER_THUMBPRINT);
            assert!(!has_changed(&method, &new.fingerprint));
            assert!(
                has_changed(&method, &old.fingerprint),
                "another acquisition must notice it too"
            );
        }
    }

    #[test]
    fn b3_a_key_and_its_certificate_from_one_source_are_read_once() {
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reads);
        let both = Credential::from_fn(move || {
            let rotated = counted.fetch_add(1, Ordering::Relaxed) % 2 == 1;
            let pair = if rotated {
                [P384, OTHER_CERTIFICATE]
            } else {
                [P256, CERTIFICATE]
            };
            async move { Ok::<_, std::io::Error>(pair.concat()) }
        });
        let method = PrivateKeyJwt::new(both.clone()).certificate(both);
        for (read, algorithm, thumbprint) in [
            (1, "ES256", THUMBPRINT),
            (2, "ES384", OTHER_THUMBPRINT),
            (3, "ES256", THUMBPRINT),
        ] {
            let (header, ..) = parts(&sent(&method, "me").parameter("client_assertion"));
            assert_eq!(
                header,
                serde_json::json!({"alg": algorithm, "x5t#S256": thumbprint})
            );
            assert_eq!(reads.load(Ordering::Relaxed), read);
        }
        let file = TemporaryFile::new([P256, CERTIFICATE].concat().as_bytes());
        let both = || Credential::file(file.path());
        let method = PrivateKeyJwt::new(both()).certificate(both());
        let (header, ..) = parts(&sent(&method, "me").parameter("client_assertion"));
        assert_eq!(header["x5t#S256"], THUMBPRINT);
        file.write(P256.as_bytes());
        let endpoint = http::Uri::from_static(ENDPOINT);
        let error = attempt(&method, &context(&endpoint, "me")).err().unwrap();
        assert!(error.to_string().contains("no certificate"), "{error}");
    }

    #[test]
    fn b3_a_file_that_does_not_hold_a_certificate_is_a_permanent_failure_that_names_it() {
        let endpoint = http::Uri::from_static(ENDPOINT);
        let file = TemporaryFile::new(P256.as_bytes());
        let method = PrivateKeyJwt::new(P256).certificate(Credential::file(file.path()));
        let error = attempt(&method, &context(&endpoint, "me")).err().unwrap();
        assert!(!error.is_transient());
        let shown = error.to_string();
        let path = file.path().to_str().unwrap();
        assert!(
            shown.starts_with("certificate in ") && shown.contains(path),
            "{shown}"
        );
        assert!(
            shown.contains("no certificate") && !shown.contains("MIG"),
            "{shown}"
        );
        let method = PrivateKeyJwt::new(P256).certificate(Credential::file(""));
        assert_eq!(method.check().unwrap_err().setting(), "certificate");
    }

    #[test]
    fn t2_an_unusable_key_or_certificate_by_value_is_an_error_of_building_the_client() {
        for (method, setting, word) in [
            (
                PrivateKeyJwt::new("hush"),
                "private_key",
                "BEGIN PRIVATE KEY",
            ),
            (
                PrivateKeyJwt::new(P256).certificate(P256),
                "certificate",
                "no certificate",
            ),
        ] {
            let error = method.check().unwrap_err();
            assert_eq!(error.setting(), setting);
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn t2_algorithm_and_thumbprint_are_for_a_key_in_pem() {
        let method = || PrivateKeyJwt::with_signer(CustomSigner(None));
        for method in [
            method().algorithm(SigningAlgorithm::Es256),
            method().thumbprint_as_key_id(),
        ] {
            let error = method.check().unwrap_err();
            assert_eq!(error.setting(), "client_authentication");
        }
    }

    #[test]
    fn b3_a_key_is_read_for_every_attempt_and_once_more_after_a_refusal() {
        let file = TemporaryFile::new(P256.as_bytes());
        let method = PrivateKeyJwt::new(Credential::file(file.path()));
        let algorithm = |sent: &Sent| {
            let assertion = sent.parameter("client_assertion");
            parts(&assertion).0["alg"].clone()
        };
        let old = sent(&method, "me");
        assert_eq!(algorithm(&old), "ES256");
        file.write(P256.trim_end().as_bytes());
        assert!(!has_changed(&method, &old.fingerprint), "the same key");
        file.write(&P384.as_bytes()[..100]);
        assert!(!has_changed(&method, &old.fingerprint), "half a key");
        file.write(P384.as_bytes());
        assert!(has_changed(&method, &old.fingerprint));
        assert_eq!(algorithm(&sent(&method, "me")), "ES384");
        file.write(RSA.as_bytes());
        assert_eq!(algorithm(&sent(&method, "me")), "RS256");
    }

    #[test]
    fn x1_debug_shows_no_key() {
        let shown = format!("{:?}", PrivateKeyJwt::new(P256).certificate(CERTIFICATE));
        assert!(!shown.contains("MI"), "{shown}");
    }
}
