//! Errors explain what is wrong with a key: when the client is built, or with the name of its file.

use std::error::Error as _;

use proptest::prelude::*;

use super::super::super::tests::{ENDPOINT, attempt, context};
use super::*;

const ENCRYPTED_PKCS8: &str = include_str!("../testdata/encrypted_pkcs8.pem");
const ENCRYPTED_SEC1: &str = include_str!("../testdata/encrypted_sec1.pem");
const OPENSSH: &str = include_str!("../testdata/openssh.pem");
const P521: &str = include_str!("../testdata/p521_pkcs8.pem");
const PUBLIC: &str = include_str!("../testdata/public.pem");
const RSA_1024: &str = include_str!("../testdata/rsa1024_pkcs8.pem");
const RSA_PSS: &str = include_str!("../testdata/rsa_pss_pkcs8.pem");
const SECP256K1: &str = include_str!("../testdata/secp256k1_sec1.pem");
const X25519: &str = include_str!("../testdata/x25519_pkcs8.pem");
const NOT_DER: &str = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
const NOTHING: &str = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";

/// A name for the case, the text, and words of the error.
fn broken() -> Vec<(&'static str, String, &'static str)> {
    let is = str::to_owned;
    let labelled = |label| P256.replace("PRIVATE KEY", label);
    let cut = |text: &str, at| text.chars().take(at).collect();
    let base64: String = P256.lines().filter(|line| !line.contains('-')).collect();
    let without_a_line = P256.lines().take(2).chain(P256.lines().skip(3));
    vec![
        ("empty", is(""), "empty"),
        ("blank", is(" \n\r\n"), "empty"),
        ("not PEM", is("s3cr3t"), "BEGIN PRIVATE KEY"),
        ("base64 alone", base64, "BEGIN PRIVATE KEY"),
        ("PKCS#8, encrypted", is(ENCRYPTED_PKCS8), "encrypted"),
        ("SEC1, encrypted", is(ENCRYPTED_SEC1), "encrypted"),
        ("public key", is(PUBLIC), "a public key"),
        ("certificate", is(CERTIFICATE), "a certificate"),
        ("two keys", format!("{P256}{P384}"), "more than one"),
        ("OpenSSH", is(OPENSSH), "OpenSSH"),
        ("DSA", labelled("DSA PRIVATE KEY"), "kind is not supported"),
        ("no end", cut(P256, 200), "cut off"),
        ("half a line", cut(P256, 15), "cut off"),
        ("other end", P256.replace("END ", "END EC "), "cut off"),
        ("literal \\n", P256.replace('\n', "\\n"), "\\n instead of"),
        ("not base64", P256.replace("MIGH", "MI!H"), "not base64"),
        ("missing line", without_a_line.collect(), "damaged"),
        ("not DER", is(NOT_DER), "damaged"),
        ("nothing between", is(NOTHING), "damaged"),
        ("P-521", is(P521), "EC on P-256 or P-384"),
        ("secp256k1", is(SECP256K1), "EC on P-256 or P-384"),
        ("RSA, 1024 bits", is(RSA_1024), "2048 to 8192 bits"),
        ("RSASSA-PSS", is(RSA_PSS), "not supported"),
        ("X25519", is(X25519), "not supported"),
        ("not PKCS#1", labelled("RSA PRIVATE KEY"), "damaged"),
        ("not SEC1", RSA.replace("PRIV", "EC PRIV"), "damaged"),
    ]
}

#[test]
fn t2_an_unusable_key_by_value_is_an_error_of_building_the_client() {
    for (wrong, pem, word) in broken() {
        let error = PrivateKeyJwt::new(pem.as_str()).check();
        let error = error.expect_err(wrong);
        assert_eq!(error.setting(), "private_key", "{wrong}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word), "{wrong}: {shown}");
        assert_shows_nothing(&shown, &pem);
    }
}

#[test]
fn b3_a_file_without_a_usable_key_is_a_permanent_failure_that_names_it() {
    for (wrong, pem, word) in broken() {
        let file = TemporaryFile::new(pem.as_bytes());
        let key = Credential::file(file.path());
        PrivateKeyJwt::new(key.clone()).check().unwrap();
        let error = error_of(key);
        assert!(!error.is_transient(), "{wrong}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("private_key in "), "{shown}");
        assert!(shown.contains(file.path().to_str().unwrap()), "{shown}");
        assert!(shown.contains(word), "{wrong}: {shown}");
        assert_shows_nothing(&shown, &pem);
    }
}

/// The error of an attempt with that key.
fn error_of(key: Credential) -> AuthenticationError {
    let endpoint = http::Uri::from_static(ENDPOINT);
    let attempt = attempt(&PrivateKeyJwt::new(key), &context(&endpoint, "me"));
    attempt.err().unwrap()
}

/// X1: no line of the base64 is in it. (Damage may make short lines, which are in any text.)
fn assert_shows_nothing(shown: &str, pem: &str) {
    for line in pem
        .lines()
        .filter(|line| !line.contains([' ', '-']) && line.len() > 24)
    {
        assert!(!shown.contains(line), "{line} in {shown}");
    }
}

#[test]
fn b3_an_error_names_a_file_that_cannot_be_read_and_a_callback() {
    let error = error_of(Credential::file("/nowhere/at/all.pem"));
    assert!(!error.is_transient());
    assert_eq!(
        error.to_string(),
        "private_key cannot be read from /nowhere/at/all.pem"
    );
    let der = TemporaryFile::new(b"\x30\x81\x87\x02\x01\xff");
    let error = error_of(Credential::file(der.path()));
    assert!(error.source().unwrap().to_string().contains("DER"));
    let hidden = || async { Ok::<_, std::io::Error>("h1dden") };
    let shown = error_of(Credential::from_fn(hidden)).to_string();
    assert!(
        shown.starts_with("the callback for private_key returned an unusable value"),
        "{shown}"
    );
    assert!(!shown.contains("h1dden"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn x5_no_text_makes_it_panic(text in "(-----(BEGIN|END) (EC )?PRIVATE KEY-----|[A-Za-z+/=]{0,9}|\\PC|\n){0,12}") {
        let _ = KeyPair::new(&text, None).map(|pair| pair.thumbprint());
    }

    #[test]
    fn x5_no_damage_to_a_key_makes_it_panic(
        pem in prop::sample::select(vec![P256, P384_SEC1, ED25519_PEM, RSA_PKCS1]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[A-Za-z0-9+/=\n -]?"), 1..4),
    ) {
        let mut text = pem.to_owned();
        for (index, instead) in damage {
            let at = index.index(text.len());
            text.replace_range(at..=at, &instead);
        }
        match KeyPair::new(&text, None) {
            Ok(pair) => drop(pair.thumbprint()),
            Err(problem) => assert_shows_nothing(&problem, &text),
        }
    }
}
