//! What is wrong with a key is said when the client is built, or with the name of its file.

use proptest::prelude::*;

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
const NO_DER: &str = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
const NOTHING: &str = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";

/// What is wrong, the text, and words of the error.
fn broken() -> Vec<(&'static str, String, &'static str)> {
    let is = str::to_owned;
    let labelled = |label| P256.replace("PRIVATE KEY", label);
    let cut = |text: &str, at| text.chars().take(at).collect();
    let base64: String = P256.lines().filter(|line| !line.contains('-')).collect();
    let a_line_less = P256.lines().take(2).chain(P256.lines().skip(3));
    vec![
        ("empty", is(""), "empty"),
        ("blank", is(" \n\r\n"), "empty"),
        ("no PEM", is("s3cr3t"), "BEGIN PRIVATE KEY"),
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
        ("literal \\n", P256.replace('\n', "\\n"), "\\n in place of"),
        ("no base64", P256.replace("MIGH", "MI!H"), "no base64"),
        ("a line less", a_line_less.collect(), "damaged"),
        ("no DER", is(NO_DER), "damaged"),
        ("nothing in it", is(NOTHING), "damaged"),
        ("P-521", is(P521), "not on P-256 or P-384"),
        ("secp256k1", is(SECP256K1), "not on P-256 or P-384"),
        ("RSA, 1024 bits", is(RSA_1024), "2048 to 8192 bits"),
        ("RSASSA-PSS", is(RSA_PSS), "kind that is not supported"),
        ("X25519", is(X25519), "kind that is not supported"),
        ("no PKCS#1", labelled("RSA PRIVATE KEY"), "RSA key that is"),
        ("no SEC1", RSA.replace("PRIV", "EC PRIV"), "EC key that is"),
    ]
}

#[test]
fn t2_a_key_by_value_that_cannot_be_used_is_found_when_the_client_is_built() {
    for (wrong, pem, word) in broken() {
        let error = PrivateKey::value(pem.as_str()).into_reader().check();
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
        let reader = PrivateKey::file(file.path()).into_reader();
        reader.check().unwrap();
        let Err(error) = block_on(reader.read()) else {
            panic!("{wrong}");
        };
        assert!(!error.is_transient(), "{wrong}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("private_key in "), "{shown}");
        assert!(shown.contains(file.path().to_str().unwrap()), "{shown}");
        assert!(shown.contains(word), "{wrong}: {shown}");
        assert_shows_nothing(&shown, &pem);
    }
}

/// X1: no line of the base64 is in it. (Damage may make short ones, which are in any text.)
fn assert_shows_nothing(shown: &str, pem: &str) {
    for line in pem
        .lines()
        .filter(|line| !line.contains([' ', '-']) && line.len() > 24)
    {
        assert!(!shown.contains(line), "{line} in {shown}");
    }
}

#[test]
fn b3_what_cannot_be_read_is_named_too() {
    let missing = PrivateKey::file("/nowhere/at/all.pem").into_reader();
    let error = block_on(missing.read()).err().unwrap();
    assert!(!error.is_transient());
    assert_eq!(
        error.to_string(),
        "private_key cannot be read from /nowhere/at/all.pem"
    );
    let der = TemporaryFile::new(b"\x30\x81\x87\x02\x01\xff");
    let error = block_on(PrivateKey::file(der.path()).into_reader().read());
    assert!(error.err().unwrap().to_string().contains("DER"));
    let callback = PrivateKey::from_fn(|| async { Ok::<_, std::io::Error>("h1dden") });
    let error = block_on(callback.into_reader().read());
    let shown = error.err().unwrap().to_string();
    assert!(
        shown.starts_with("the callback for private_key gave one"),
        "{shown}"
    );
    assert!(!shown.contains("h1dden"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn x5_no_text_makes_it_panic(text in "(-----(BEGIN|END) (EC )?PRIVATE KEY-----|[A-Za-z+/=]{0,9}|\\PC|\n){0,12}") {
        let _ = PrivateKey::value(text).thumbprint_as_key_id().into_reader().check();
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
        let key = PrivateKey::value(text.as_str()).thumbprint_as_key_id();
        if let Err(error) = key.into_reader().check() {
            assert_shows_nothing(&error.to_string(), &text);
        }
    }
}
