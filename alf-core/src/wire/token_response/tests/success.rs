//! Answers with a token: T4 to T6.

use super::*;

#[test]
fn t4_a_token_is_read_with_any_order_and_number_of_members() {
    for body in [
        r#"{"access_token":"abc","token_type":"Bearer","expires_in":60,"scope":"a b"}"#,
        r#"{"scope":"a b","expires_in":60,"token_type":"Bearer","access_token":"abc"}"#,
        r#"{"x":{"access_token":"no"},"scope":"a b","access_token":"abc","y":[1],"expires_in":60,"token_type":"Bearer"}"#,
        "\u{feff} \r\n\t{ \"access_token\" : \"abc\", \"scope\":\"a b\",\"expires_in\":60 } \n",
        r#"{"access_token":"\u0061bc","scope":"a\u0020b","expires_in":60}"#,
    ] {
        let grant = granted(body);
        assert_eq!(grant.access_token.as_str(), "abc", "{body}");
        assert_eq!(grant.token_type, "Bearer");
        assert_eq!(grant.scope.as_deref(), Some("a b"));
        assert_eq!(grant.expires_in, Some(Duration::from_secs(60)));
    }
}

#[test]
fn t4_an_empty_error_member_is_not_an_error() {
    for error in ["null", "\"\"", "false"] {
        let body = format!(r#"{{"access_token":"abc","error":{error}}}"#);
        assert_eq!(granted(&body).access_token.as_str(), "abc");
    }
}

#[test]
fn t4_a_token_that_cannot_be_in_a_header_is_unreadable() {
    for token in ["a", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", "eyJ.e30.-_"] {
        let body = serde_json::json!({ "access_token": token }).to_string();
        assert_eq!(granted(&body).access_token.as_str(), token);
    }
    for token in [
        "",
        " ",
        "a b",
        "a\r\nX: y",
        "a\u{0}",
        "é",
        "a\u{7f}",
        "\u{200b}",
    ] {
        let body = serde_json::json!({ "access_token": token }).to_string();
        assert_eq!(
            failed(200, body).kind,
            TokenErrorKind::Unreadable,
            "{token:?}"
        );
    }
}

#[test]
fn t5_expires_in_is_an_integer_a_float_or_a_numeric_string() {
    let century = Duration::from_secs(36_525 * 86_400);
    for (member, lifetime) in [
        ("3600", Some(Duration::from_secs(3600))),
        ("3599.5", Some(Duration::from_millis(3_599_500))),
        ("36e2", Some(Duration::from_secs(3600))),
        (r#""3600""#, Some(Duration::from_secs(3600))),
        (r#"" 3600 ""#, Some(Duration::from_secs(3600))),
        (r#""3599.5""#, Some(Duration::from_millis(3_599_500))),
        ("null", None),
        ("0", Some(Duration::ZERO)),
        ("-0.0", Some(Duration::ZERO)),
        ("-1", Some(Duration::ZERO)),
        (r#""-1""#, Some(Duration::ZERO)),
        ("-9223372036854775809", Some(Duration::ZERO)),
        ("-1e400", Some(Duration::ZERO)),
        ("9223372036854775808", Some(century)),
        ("18446744073709551616", Some(century)),
        ("1e300", Some(century)),
        ("1e400", Some(century)),
        (r#""1e400""#, Some(century)),
        ("1e-400", Some(Duration::ZERO)),
        (r#""NaN""#, None),
        (r#""abc""#, None),
        (r#""""#, None),
        ("true", None),
        ("{}", None),
        ("[60]", None),
    ] {
        let body = format!(r#"{{"access_token":"abc","expires_in":{member}}}"#);
        assert_eq!(granted(&body).expires_in, lifetime, "{member}");
    }
    assert_eq!(granted(r#"{"access_token":"abc"}"#).expires_in, None);
}

#[test]
fn t6_an_absent_token_type_means_bearer() {
    for members in ["", r#","token_type":null"#] {
        let body = format!(r#"{{"access_token":"abc"{members}}}"#);
        assert_eq!(granted(&body).token_type, "Bearer");
    }
}

#[test]
fn t6_a_token_type_is_kept_as_it_was_written() {
    for token_type in ["bearer", "BEARER", "DPoP", "N_A", ""] {
        let body = format!(r#"{{"access_token":"abc","token_type":"{token_type}"}}"#);
        assert_eq!(granted(&body).token_type, token_type);
    }
    let body = r#"{"access_token":"abc","token_type":7}"#;
    assert_eq!(failed(200, body).kind, TokenErrorKind::Unreadable);
}

#[test]
fn t6_an_error_shows_the_token_type_without_secrets() {
    let cause = wrong_token_type(StatusCode::OK, &format!("N_A {SECRET}\u{1b}"), &redactor());
    assert_eq!(cause.kind, TokenErrorKind::TokenType);
    assert_eq!(cause.answer.status, Some(StatusCode::OK));
    assert!(!cause.failure.is_transient());
    assert!(shown(&cause).contains("N_A [masked]"), "{}", shown(&cause));
}

#[test]
fn x1_a_token_type_that_repeats_the_token_is_not_shown() {
    for token_type in [
        "abc.def",
        "the token is abc.def!",
        r"abc\u0007.def",
        "Bearer abc.def",
    ] {
        let body = format!(r#"{{"access_token":"abc.def","token_type":"{token_type}"}}"#);
        let cause = failed(200, body);
        assert_eq!(cause.kind, TokenErrorKind::TokenType);
        assert_eq!(cause.answer.status, Some(StatusCode::OK));
        assert!(!cause.failure.is_transient());
        let shown = shown(&cause);
        assert!(!shown.contains("abc") && !shown.contains("def"), "{shown}");
    }
}

#[test]
fn t6_a_token_that_is_part_of_the_word_bearer_is_one() {
    for token in ["e", "bearer", "Bearer"] {
        let body = format!(r#"{{"access_token":"{token}","token_type":"bearer"}}"#);
        assert_eq!(granted(&body).access_token.as_str(), token);
    }
}
