//! Errors explain what is wrong with a certificate or its key. They name the file, and show nothing of
//! the key.

mod lines;

use std::io;

use super::super::tests::TemporaryFile;
use super::*;

const CERTIFICATE_PEM: &str = include_str!("../key_pair/testdata/certificate.pem");
const KEY_PEM: &str = include_str!("../key_pair/testdata/p256_pkcs8.pem");
const SEC1: &str = include_str!("../key_pair/testdata/p384_sec1.pem");
const PKCS1: &str = include_str!("../key_pair/testdata/rsa_pkcs1.pem");
const ENCRYPTED: &str = include_str!("../key_pair/testdata/encrypted_sec1.pem");

/// The setting that is wrong, the two texts, and words of the error.
fn broken() -> Vec<(&'static str, String, String, &'static str)> {
    let certificate = || CERTIFICATE_PEM.to_owned();
    let key = || KEY_PEM.to_owned();
    let cut = |pem: &str| pem.chars().take(200).collect::<String>();
    let request = || CERTIFICATE_PEM.replace("CERTIFICATE", "CERTIFICATE REQUEST");
    vec![
        (CERTIFICATE, String::new(), key(), "it is empty"),
        (CERTIFICATE, " \n".into(), key(), "it is empty"),
        (CERTIFICATE, "MIIB".into(), key(), "BEGIN CERTIFICATE"),
        (
            CERTIFICATE,
            key(),
            key(),
            "a private key but no certificate",
        ),
        (CERTIFICATE, request(), key(), "a certificate request"),
        (
            CERTIFICATE,
            key(),
            certificate(),
            "a private key but no certificate",
        ),
        (CERTIFICATE, cut(CERTIFICATE_PEM), key(), "cut off"),
        (
            CERTIFICATE,
            CERTIFICATE_PEM.replace("MII", "M!I"),
            key(),
            "not base64",
        ),
        (
            CERTIFICATE,
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".into(),
            key(),
            "nothing between",
        ),
        (KEY, certificate(), String::new(), "it is empty"),
        (KEY, certificate(), "s3cr3t".into(), "BEGIN PRIVATE KEY"),
        (KEY, certificate(), certificate(), "a certificate but no"),
        (KEY, certificate(), cut(KEY_PEM), "cut off"),
        (
            KEY,
            certificate(),
            KEY_PEM.replace("MIGH", "MI!H"),
            "not base64",
        ),
        (KEY, certificate(), ENCRYPTED.into(), "decrypt it"),
        (
            KEY,
            certificate(),
            format!("{KEY_PEM}{SEC1}"),
            "more than one",
        ),
    ]
}

#[test]
fn x1_an_error_explains_what_is_wrong_in_a_file_and_names_it() {
    for (wrong, certificate, key, words) in broken() {
        let files = [&certificate, &key].map(|text| TemporaryFile::new(text.as_bytes()));
        let read = CertificateAndKey::from_files(files[0].path(), files[1].path()).read();
        let error = read.expect_err(words);
        let file = &files[usize::from(wrong == KEY)];
        let expected = format!("{wrong}: {}: ", file.path().display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_shows_nothing_of(&key, &format!("{error} {error:?}"));
    }
}

#[test]
fn x1_an_error_explains_what_is_wrong_with_a_value() {
    for (wrong, certificate, key, words) in broken() {
        let error = CertificateAndKey::from_pem(certificate, key.as_str()).read();
        let error = error.expect_err(words);
        assert_eq!(error.setting(), wrong);
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert_shows_nothing_of(&key, &format!("{error} {error:?}"));
    }
}

#[test]
fn x1_an_error_names_a_file_that_cannot_be_read() {
    let there = TemporaryFile::new(CERTIFICATE_PEM.as_bytes());
    let missing = Path::new("/nowhere/client.key");
    let error = CertificateAndKey::from_files(there.path(), missing)
        .read()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "client_certificate_key: it cannot be read from /nowhere/client.key: No such file or directory (os error 2)"
    );
    assert!(error.source().is_some());
    let error = CertificateAndKey::from_files("", there.path())
        .read()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "client_certificate: the path of its file is empty"
    );
    let folder = std::env::temp_dir();
    assert!(
        CertificateAndKey::from_files(there.path(), folder)
            .read()
            .is_err()
    );
}

#[test]
fn x5_a_file_without_an_end_is_not_read_to_it() {
    let large = TemporaryFile::new(&vec![b' '; 64 * 1024 + 1]);
    let error = CertificateAndKey::from_files(large.path(), large.path())
        .read()
        .unwrap_err();
    assert!(error.to_string().contains("64 KiB"), "{error}");
    #[cfg(unix)]
    {
        let there = TemporaryFile::new(CERTIFICATE_PEM.as_bytes());
        let pipe = Entry::beside(&there, "pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe.0).status();
        assert!(made.unwrap().success());
        let error = CertificateAndKey::from_files(there.path(), &pipe.0)
            .read()
            .unwrap_err();
        let expected = format!("{KEY}: {}: it is not a regular file", pipe.0.display());
        assert_eq!(error.to_string(), expected);
    }
}

#[cfg(unix)]
#[test]
fn t2_a_link_to_a_file_is_followed() {
    let [certificate, key] = [CERTIFICATE_PEM, KEY_PEM].map(|text| {
        let file = TemporaryFile::new(text.as_bytes());
        // Kubernetes mounts secrets so.
        let link = Entry::beside(&file, "link");
        std::os::unix::fs::symlink(file.path(), &link.0).unwrap();
        (file, link)
    });
    let pair = CertificateAndKey::from_files(&certificate.1.0, &key.1.0);
    assert_eq!(pair.read().unwrap().key(), KEY_PEM);
    pair.check_files().unwrap();
}

#[test]
fn t2_libraries_get_the_chain_and_the_key_and_nothing_else() {
    // As `openssl pkcs12 -nodes` writes them: with names of whatever charset between the blocks.
    let mut both = b"friendlyName: caf\xe9\n".to_vec();
    for block in [
        CERTIFICATE_PEM,
        KEY_PEM,
        "-----BEGIN X-----\n-----END X-----\n",
        CERTIFICATE_PEM,
    ] {
        both.extend_from_slice(block.as_bytes());
        both.extend_from_slice(b"localKeyID: 01\r\n");
    }
    let file = TemporaryFile::new(&both);
    let pem = CertificateAndKey::from_files(file.path(), file.path())
        .read()
        .unwrap();
    assert_eq!(pem.certificate(), CERTIFICATE_PEM.repeat(2));
    assert_eq!(pem.key(), KEY_PEM);
    assert_eq!(
        pem.certificate_and_key(),
        format!("{CERTIFICATE_PEM}{CERTIFICATE_PEM}{KEY_PEM}")
    );
}

#[test]
fn t2_lost_line_breaks_are_restored() {
    let one_line = |pem: &str| pem.replace('\n', " ");
    let pair = CertificateAndKey::from_pem(one_line(CERTIFICATE_PEM), one_line(KEY_PEM));
    let pem = pair.read().unwrap();
    assert_eq!(pem.certificate(), CERTIFICATE_PEM);
    assert_eq!(pem.key(), KEY_PEM);
}

#[test]
fn x1_an_error_explains_how_to_convert_other_formats_to_pem() {
    let utf_16 = |pem: &str| {
        let units = "\u{feff}".encode_utf16().chain(pem.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<_>>()
    };
    let der = |pem: &str| {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, base64).unwrap()
    };
    // Valid UTF-8, although it is DER: an Ed25519 key.
    let ed25519 = b"0.\x02\x01\x000\x05\x06\x03+ep\x04\x22\x04\x20".to_vec();
    for (certificate, key, words) in [
        (
            der(CERTIFICATE_PEM),
            der(KEY_PEM),
            "openssl x509 -inform DER",
        ),
        (utf_16(CERTIFICATE_PEM), der(KEY_PEM), "iconv -f UTF-16"),
        (
            CERTIFICATE_PEM.into(),
            der(KEY_PEM),
            "openssl pkey -inform DER",
        ),
        (CERTIFICATE_PEM.into(), ed25519, "openssl pkcs12"),
        (CERTIFICATE_PEM.into(), utf_16(KEY_PEM), "iconv -f UTF-16"),
    ] {
        let files = [certificate, key].map(|bytes| TemporaryFile::new(&bytes));
        let pair = CertificateAndKey::from_files(files[0].path(), files[1].path());
        let error = pair.read().expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn x1_an_error_names_the_format_of_a_key_that_is_not_pkcs8() {
    let refused = || io::Error::other("NotPkcs8");
    for (key, words) in [
        (SEC1, "BEGIN EC PRIVATE KEY"),
        (PKCS1, "BEGIN RSA PRIVATE KEY"),
    ] {
        let file = TemporaryFile::new(key.as_bytes());
        for error in [
            CertificateAndKey::from_pem(CERTIFICATE_PEM, key).refused(refused()),
            CertificateAndKey::from_files("/a/client.pem", file.path()).refused(refused()),
        ] {
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("export it as PKCS#8"), "{error}");
            assert_shows_nothing_of(key, &error.to_string());
        }
    }
    let error = CertificateAndKey::from_pem(CERTIFICATE_PEM, KEY_PEM).refused(refused());
    assert!(!error.to_string().contains("PKCS#8"), "{error}");
}

#[test]
fn x1_the_text_never_grows_while_it_is_written() {
    let one_line = CERTIFICATE_PEM.replace('\n', "");
    let lines = pem::certificate_lines(&one_line).unwrap();
    assert_eq!(lines.capacity(), 2 * one_line.len());
    for key in [KEY_PEM, SEC1] {
        let one_line = key.replace('\n', "");
        let lines = pem::private_key_lines(&one_line).unwrap();
        assert_eq!(lines.capacity(), 2 * one_line.len());
    }
}

#[test]
fn x1_an_error_names_the_files_that_a_library_refuses_and_keeps_its_error() {
    let refused = || io::Error::other("KeyMismatch");
    let files = CertificateAndKey::from_files("/a/client.pem", "/a/client.key");
    let error = files.refused(refused());
    assert_eq!(
        error.to_string(),
        "client_certificate: /a/client.pem: it cannot be used with the private key in /a/client.key: KeyMismatch"
    );
    assert_eq!(error.source().unwrap().to_string(), "KeyMismatch");
    let error = CertificateAndKey::from_pem("", "").refused(refused());
    assert_eq!(
        error.to_string(),
        "client_certificate: it cannot be used with the private key: KeyMismatch"
    );
}

#[test]
fn x1_debug_shows_the_files_and_no_key() {
    let files = CertificateAndKey::from_files("/a/client.pem", "/a/client.key");
    let shown = format!("{files:?}");
    assert!(
        shown.contains("/a/client.pem") && shown.contains("/a/client.key"),
        "{shown}"
    );
    let values = CertificateAndKey::from_pem(CERTIFICATE_PEM, KEY_PEM);
    let shown = format!("{values:?} {:?}", values.read().unwrap());
    assert_shows_nothing_of(KEY_PEM, &shown);
}

/// A directory entry that is removed at the end of the test.
#[cfg(unix)]
struct Entry(PathBuf);

#[cfg(unix)]
impl Entry {
    fn beside(file: &TemporaryFile, extension: &str) -> Self {
        Self(file.path().with_extension(extension))
    }
}

#[cfg(unix)]
impl Drop for Entry {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn assert_shows_nothing_of(key: &str, shown: &str) {
    for line in key
        .lines()
        .filter(|line| !line.starts_with('-') && !line.is_empty())
    {
        assert!(!shown.contains(line), "{shown}");
    }
}
