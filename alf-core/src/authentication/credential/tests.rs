//! B3: credentials that are read anew, and errors of those that are not usable.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pollster::block_on;

use super::super::client_secret::{NAME, check_secret};
use super::super::tests::{ENDPOINT, TemporaryFile, context};
use super::*;

fn secret_in(file: &TemporaryFile) -> Credential {
    Credential::file(file.path())
}

fn read_credential(secret: &Credential) -> Result<ReadCredential<()>, AuthenticationError> {
    let endpoint = http::Uri::from_static(ENDPOINT);
    block_on(secret.read(&context(&endpoint, "me"), NAME, check_secret))
}

fn read(secret: &Credential) -> Result<String, AuthenticationError> {
    read_credential(secret).map(|secret| secret.text.to_string())
}

/// The fingerprint of the secret as it is now.
fn fingerprint(secret: &Credential) -> CredentialsFingerprint {
    read_credential(secret).unwrap().fingerprint
}

fn has_changed(secret: &Credential, since: &CredentialsFingerprint) -> bool {
    read_credential(secret).is_ok_and(|now| now.fingerprint.differs_from(since))
}

#[test]
fn b3_one_line_break_at_the_end_of_a_file_is_not_part_of_the_secret() {
    for contents in [
        "s3cr3t",
        "s3cr3t\n",
        "s3cr3t\r\n",
        "\u{feff}s3cr3t",
        "\u{feff}s3cr3t\r\n",
    ] {
        let file = TemporaryFile::new(contents.as_bytes());
        assert_eq!(read(&secret_in(&file)).unwrap(), "s3cr3t", "{contents:?}");
    }
    for secret in [" s3cr3t ", "s3\tcr3t", "s\u{e9}cret"] {
        let file = TemporaryFile::new(secret.as_bytes());
        assert_eq!(read(&secret_in(&file)).unwrap(), secret);
    }
}

#[test]
fn b3_a_file_that_does_not_hold_a_secret_is_a_permanent_failure_that_shows_nothing_of_it() {
    for (contents, word) in [
        (&b""[..], "empty"),
        (b"\n", "empty"),
        (b"\r\n", "empty"),
        (b"\xef\xbb\xbf\n", "empty"),
        (b"s3cr3t\n\n", "line break"),
        (b"s3cr3t\nof mine", "line break"),
        (b"\ns3cr3t", "line break"),
        (b"s3cr3t\xff", "UTF-8"),
    ] {
        let file = TemporaryFile::new(contents);
        let error = read(&secret_in(&file)).unwrap_err();
        assert!(!error.is_transient(), "{contents:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word), "{shown}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}

#[test]
fn b1_a_missing_file_is_a_permanent_failure() {
    let file = TemporaryFile::new(b"");
    let missing = file.path().with_extension("missing");
    let error = read(&Credential::file(&missing)).unwrap_err();
    assert!(!error.is_transient());
    assert!(error.to_string().contains("missing"), "it names the file");
    assert!(error.source().is_some(), "and has a cause");
    let directory = Credential::file(std::env::temp_dir());
    assert!(!read(&directory).unwrap_err().is_transient());
}

#[test]
fn b3_a_file_that_was_missing_and_now_exists_has_changed() {
    let file = TemporaryFile::new(b"");
    std::fs::remove_file(file.path()).unwrap();
    let secret = secret_in(&file);
    assert!(!read(&secret).unwrap_err().is_transient());
    let others = CredentialsFingerprint::of("others");
    assert!(!has_changed(&secret, &others));
    file.write(b"s3cr3t");
    assert!(has_changed(&secret, &others));
    assert_eq!(read(&secret).unwrap(), "s3cr3t");
}

#[test]
fn b3_a_file_is_read_for_every_attempt() {
    let file = TemporaryFile::new(b"old");
    let secret = secret_in(&file);
    assert_eq!(read(&secret).unwrap(), "old");
    file.write(b"new");
    assert_eq!(read(&secret).unwrap(), "new");
}

#[test]
fn b3_a_secret_has_changed_if_it_differs_from_the_one_of_the_attempt() {
    let file = TemporaryFile::new(b"old");
    let secret = secret_in(&file);
    let old = fingerprint(&secret);
    assert!(!has_changed(&secret, &old));
    file.write(b"old\n");
    assert!(!has_changed(&secret, &old), "the same secret");
    file.write(b"new");
    assert!(has_changed(&secret, &old));
    let new = fingerprint(&secret);
    assert!(!has_changed(&secret, &new));
    assert!(
        has_changed(&secret, &old),
        "for the acquisition of another scope"
    );
}

#[test]
fn b3_a_secret_that_cannot_be_read_again_has_not_changed() {
    let file = TemporaryFile::new(b"old");
    let secret = secret_in(&file);
    let old = fingerprint(&secret);
    file.write(b"");
    assert!(!has_changed(&secret, &old));

    let by_value = Credential::value("s3cr3t");
    assert!(!has_changed(
        &by_value,
        &CredentialsFingerprint::of("others")
    ));
    assert_eq!(read(&by_value).unwrap(), "s3cr3t");
    assert!(!has_changed(&by_value, &fingerprint(&by_value)));
}

#[test]
fn b3_a_callback_is_called_for_every_attempt_and_may_return_another_secret() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let secret = Credential::from_fn(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed) / 2;
        async move { Ok::<_, io::Error>(format!("secret {number}")) }
    });
    let first = CredentialsFingerprint::of("secret 0");
    assert_eq!(read(&secret).unwrap(), "secret 0");
    assert!(!has_changed(&secret, &first));
    assert_eq!(read(&secret).unwrap(), "secret 1");
    assert_eq!(read(&secret).unwrap(), "secret 1");
    assert!(has_changed(&secret, &first));
    assert_eq!(calls.load(Ordering::Relaxed), 5);
}

#[test]
fn b3_a_callback_that_fails_may_succeed_soon() {
    let secret = Credential::from_fn(|| async { Err::<String, _>("the vault is sealed") });
    let error = read(&secret).unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    assert!(!has_changed(&secret, &CredentialsFingerprint::of("others")));
}

#[test]
fn b3_a_callback_that_does_not_return_a_secret_is_a_permanent_failure() {
    for (secret, word) in [("", "empty"), ("s3cr3t\n", "line break")] {
        let secret = Credential::from_fn(move || async move { Ok::<_, io::Error>(secret) });
        let error = read(&secret).unwrap_err();
        assert!(!error.is_transient());
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word) && !shown.contains("s3cr3t"), "{shown}");
    }
}

#[test]
fn t2_a_secret_by_value_or_a_path_is_checked_when_the_client_is_built() {
    for (secret, is_fine) in [
        (Credential::value("s3cr3t"), true),
        (Credential::value("s3 cr3t: %é"), true),
        (Credential::value(""), false),
        (Credential::value("s3cr3t\n"), false),
        (Credential::file("/nowhere/at/all"), true),
        (Credential::file(""), false),
    ] {
        let shown = format!("{secret:?}");
        assert_eq!(secret.check(NAME, check_secret).is_ok(), is_fine, "{shown}");
    }
}

#[test]
fn x1_debug_shows_where_a_secret_comes_from() {
    let callback = Credential::from_fn(|| async { Ok::<_, io::Error>("s3cr3t") });
    for (secret, shown) in [
        (Credential::value("s3cr3t"), "by value"),
        (Credential::file("/run/s"), "from /run/s"),
        (
            Credential::file("s3cr3t"),
            "from a path that is not shown, because it may be the secret itself",
        ),
        (callback, "from a callback"),
    ] {
        assert_eq!(format!("{secret:?}"), shown);
    }
}

#[test]
fn b1_only_a_file_that_cannot_be_opened_is_a_permanent_failure() {
    for (kind, is_transient) in [
        (io::ErrorKind::NotFound, false),
        (io::ErrorKind::PermissionDenied, false),
        (io::ErrorKind::IsADirectory, false),
        (io::ErrorKind::NotADirectory, false),
        (io::ErrorKind::FileTooLarge, false),
        (io::ErrorKind::Interrupted, true),
        (io::ErrorKind::TimedOut, true),
        (io::ErrorKind::Other, true),
    ] {
        let error = cannot_read(NAME, Path::new("/run/secrets/client"), kind.into());
        assert_eq!(error.is_transient(), is_transient, "{kind:?}");
    }
}
