//! Answers that are nearly JSON in UTF-8: T4.

use super::*;

#[test]
fn t4_only_the_access_token_must_be_exact() {
    for (scope, read) in [
        (&b"caf\xe9"[..], "café"),
        (b"\xff\xfe", "ÿþ"),
        (b"a\tb\nc", "a\tb\nc"),
        (b"a\x00\x1f\\\\", "a\0\u{1f}\\"),
        (b"\\\"\r", "\"\r"),
        (b"C:\\\n", "C:\\\n"),
        (b"a\\\0\\\\\n", "a\\\0\\\n"),
    ] {
        let body = [br#"{"scope":""#, scope, br#"","access_token":"abc"}"#].concat();
        let grant = read_bytes(&body);
        assert_eq!(grant.access_token.as_str(), "abc");
        assert_eq!(grant.scope.as_deref(), Some(read), "{scope:?}");
    }
    for token in [
        &b"caf\xe9"[..],
        b"a\tb",
        b"abc\n",
        b"\0abc",
        b"abc\x7f",
        b"abc\\\n",
    ] {
        let body = [br#"{"access_token":""#, token, br#""}"#].concat();
        assert_eq!(
            failed(200, body).kind,
            TokenErrorKind::Unreadable,
            "{token:?}"
        );
    }
}

#[test]
fn t4_a_refusal_keeps_its_code_in_any_character_set() {
    for description in [
        &b"identit\xe9 inconnue"[..],
        b"wrong\r\n\tid\0",
        b"\x93no\x94",
    ] {
        let body = [
            br#"{"error":"invalid_client","error_description":""#,
            description,
            br#""}"#,
        ]
        .concat();
        let cause = failed(400, body);
        assert_eq!(cause.answer.error.as_deref(), Some("invalid_client"));
        assert!(!cause.failure.is_transient());
        assert!(cause.answer.description.is_some(), "{description:?}");
    }
}

#[test]
fn t4_what_surrounds_the_json_is_ignored() {
    for (before, after) in [
        (&b"\xef\xbb\xbf"[..], &b""[..]),
        (b"\xef\xbb\xbf\r\n", b"\r\n"),
        (b"", b"\0"),
        (b"\0", b"\0\0\x1a"),
        (b"\x0b\x0c", b" \x0b\0\n"),
    ] {
        let body = [before, br#"{"access_token":"abc"}"#, after].concat();
        assert_eq!(read_bytes(&body).access_token.as_str(), "abc");
    }
}

#[test]
fn t4_a_member_may_occur_twice_with_the_same_value() {
    for members in [
        r#""access_token":"abc""#,
        r#""expires_in":60"#,
        r#""token_type":"Bearer""#,
    ] {
        let body = format!(r#"{{"access_token":"abc",{members},{members}}}"#);
        assert_eq!(granted(&body).access_token.as_str(), "abc");
    }
    for members in [
        r#""access_token":"abcd""#,
        r#""expires_in":60,"expires_in":"60""#,
    ] {
        let body = format!(r#"{{"access_token":"abc",{members}}}"#);
        assert_eq!(failed(200, body).kind, TokenErrorKind::Unreadable);
    }
}

#[test]
fn x1_no_raw_control_character_hides_a_secret() {
    let (first, second) = SECRET.split_at(5);
    for control in ["\0", "\n", "\u{1b}"] {
        let text = format!("no {first}{control}{second} here");
        let body = format!(r#"{{"error":"x","error_description":"{text}"}}"#);
        let cause = failed(400, body);
        assert_eq!(
            cause.answer.description.as_deref(),
            Some("no [masked] here")
        );
    }
}

fn read_bytes(body: &[u8]) -> Grant {
    read(200, body).unwrap_or_else(|cause| panic!("{body:?}: {:?}", cause.answer))
}
