use super::*;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[test]
fn d17_a_key_is_base64_or_bytes() {
    let bytes = *b"0123456789abcdef0123456789abcdef";
    for key in [
        SealingKey::from_bytes(bytes),
        SealingKey::from_base64(KEY),
        SealingKey::from_base64(format!("\n {KEY} \r\n")),
    ] {
        let (key, previous) = key.checked().unwrap();
        assert_eq!(*key, bytes);
        assert!(previous.is_none());
    }
    let new = *b"fedcba9876543210fedcba9876543210";
    let rotating = SealingKey::from_bytes(new).with_previous(SealingKey::from_base64(KEY));
    let (key, previous) = rotating.checked().unwrap();
    assert_eq!((*key, *previous.unwrap()), (new, bytes));
}

#[test]
fn d17_a_wrong_key_is_an_error_that_says_what_to_do() {
    for (key, problem) in [
        (
            SealingKey::from_base64("AAAA"),
            "it decodes to 3 bytes, but a key has 32",
        ),
        (SealingKey::from_base64(""), "it decodes to 0 bytes"),
        (SealingKey::from_base64("not base64"), "it is not base64"),
        (
            SealingKey::from_env("ALF_TEST_NO_SUCH_VARIABLE"),
            "the environment variable ALF_TEST_NO_SUCH_VARIABLE is not set",
        ),
        (
            SealingKey::from_file("/no/such/file"),
            "/no/such/file cannot be read; to generate one, run `(umask 077; openssl rand -base64 32 > /no/such/file)`: ",
        ),
        (SealingKey::from_bytes([0; 32]), "is 32 times the same byte"),
        (
            SealingKey::from_base64("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
            "is 32 times the same byte",
        ),
    ] {
        let error = key.checked().unwrap_err();
        assert_eq!(error.setting(), "sealing_key");
        assert!(error.to_string().contains(problem), "{error}");
    }
    let text = SealingKey::from_base64("AAAA").checked().unwrap_err();
    assert!(text.to_string().contains("openssl rand -base64 32"));
}

#[test]
fn d18_there_is_one_previous_key() {
    let key = |byte: u8| {
        let mut bytes = [byte; 32];
        bytes[0] = 0;
        SealingKey::from_bytes(bytes)
    };
    for (key, problem) in [
        (
            key(1).with_previous(SealingKey::from_base64("AAAA")),
            "it decodes to 3 bytes",
        ),
        (
            key(1).with_previous(key(2)).with_previous(key(3)),
            "is set more than once",
        ),
        (
            key(1).with_previous(key(2).with_previous(key(3))),
            "is set more than once",
        ),
    ] {
        let error = key.checked().unwrap_err();
        assert_eq!(error.setting(), "previous_sealing_key");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn x1_a_wrong_key_is_not_shown() {
    let wrong = "c2VjcmV0IGJ1dCB0b28gc2hvcnQ=";
    let key = SealingKey::from_base64(wrong);
    let debug = format!("{key:?}");
    let error = key.checked().unwrap_err();
    for shown in [debug, format!("{error:?}"), error.to_string()] {
        assert!(!shown.contains("c2Vj"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn d17_a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::temp_dir().join(format!("alf-sealing-key-{}", std::process::id()));
    std::fs::write(&path, KEY).unwrap();
    let set_mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for mode in [0o600, 0o400, 0o440, 0o640] {
        set_mode(mode);
        assert!(SealingKey::from_file(&path).checked().is_ok(), "{mode:o}");
    }
    for mode in [0o604, 0o660, 0o644, 0o602] {
        set_mode(mode);
        let error = SealingKey::from_file(&path).checked().unwrap_err();
        assert!(error.to_string().contains("chmod 640"), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn d17_a_file_with_the_bytes_of_a_key_is_not_base64() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::temp_dir().join(format!("alf-raw-key-{}", std::process::id()));
    std::fs::write(&path, [0xf0; 32]).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = SealingKey::from_file(&path).checked().unwrap_err();
    assert!(error.to_string().contains("is not base64"), "{error}");
    std::fs::remove_file(&path).unwrap();
}
