//! Answers that are not token responses, and what an error shows of them: T4, T7.

use super::*;

#[test]
fn t4_an_answer_that_is_not_a_token_response_is_unreadable() {
    for body in [
        "",
        " ",
        "null",
        "true",
        "\"abc\"",
        "access_token=abc&token_type=bearer",
        "{",
        r#"{"access_token":"abc""#,
        "{}",
        r#"{"access_token":null}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":["abc"]}"#,
        r#"["abc"]"#,
        r#"["abc","Bearer",null,3600]"#,
        r#"[{"access_token":"abc"}]"#,
        r#"{"access_token":"abc","access_token":"def"}"#,
        r#"{"access_token":"abc"} {}"#,
        r#"{"access_token":"\ud800"}"#,
        r#"{"ACCESS_TOKEN":"abc"}"#,
    ] {
        let cause = failed(200, body);
        assert_eq!(cause.kind, TokenErrorKind::Unreadable, "{body}");
        assert_eq!(cause.answer.status, Some(StatusCode::OK));
        assert_eq!(
            cause.answer.content_type.as_deref(),
            Some("text/x-anything")
        );
        assert!(!cause.failure.is_transient(), "{body}");
    }
    let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
    assert_eq!(failed(200, deep).kind, TokenErrorKind::Unreadable);
    let not_utf8 = b"{\"access_token\":\"\xff\xfe\"}".to_vec();
    assert_eq!(failed(200, not_utf8).kind, TokenErrorKind::Unreadable);
}

#[test]
fn t4_a_success_without_a_token_is_unreadable() {
    for status in [201, 202, 204, 206, 299] {
        for body in ["", "{}"] {
            let cause = failed(status, body);
            assert_eq!(cause.kind, TokenErrorKind::Unreadable, "{status}");
        }
    }
}

#[test]
fn t4_an_error_shows_no_value_of_a_2xx_body() {
    for body in [
        "t0ken",
        r#""t0ken""#,
        r#"{"access_token":"t0ken" t0ken}"#,
        r#"{"access_token":"t0 ken"}"#,
        r#"{"access_token":{"t0ken":"t0ken"}}"#,
        r#"{"access_token":"t0ken","access_token":"t0ken2"}"#,
        r#"{"access_token":"t0ken","token_type":["t0ken"]}"#,
        "access_token=t0ken",
    ] {
        for status in [200, 201] {
            let cause = failed(status, body);
            assert!(!shown(&cause).contains("t0"), "{body}: {}", shown(&cause));
        }
    }
}

#[test]
fn t4_an_error_shows_the_start_of_a_page() {
    for before in ["", "\u{feff}", " \r\n"] {
        let page = format!("{before}<html>Log in, {SECRET}\u{1b}[31m</html>");
        let cause = failed(200, page);
        let detail = cause.answer.detail.as_deref().unwrap();
        assert_eq!(
            detail,
            "it is HTML or XML: <html>Log in, [masked] [31m</html>"
        );
    }
}

#[test]
fn t4_a_page_never_shows_half_of_a_secret() {
    let long = "0123456789abcdef".repeat(40);
    let redactor = Redactor::new(vec![Zeroizing::new(long.clone())]);
    for before in 0..60 {
        let page = format!("<{}{long}{long}", " ".repeat(before));
        let cause = decode(&answer(200, page), &redactor, SystemTime::UNIX_EPOCH).err();
        let cause = shown(&cause.unwrap());
        assert!(!cause.contains("0123456789"), "{before}: {cause}");
    }
}

#[test]
fn t4_the_content_type_is_shown_masked_and_cut() {
    let mut response = answer(200, "");
    let value = HeaderValue::from_str(&format!("text/{SECRET}{}", "x".repeat(500)));
    response.headers_mut().insert(CONTENT_TYPE, value.unwrap());
    let cause = decode(&response, &redactor(), SystemTime::UNIX_EPOCH).err();
    let shown = cause.unwrap().answer.content_type.unwrap();
    assert!(shown.starts_with("text/[masked]xxx"), "{shown}");
    assert!(shown.len() <= 256);
}

#[test]
fn t7_a_redirect_is_an_error() {
    for status in [300, 301, 302, 303, 304, 307, 308, 399] {
        for body in ["", r#"{"access_token":"abc"}"#, r#"{"error":"slow_down"}"#] {
            let cause = failed(status, body);
            assert_eq!(cause.kind, TokenErrorKind::Redirected, "{status}");
            assert!(!cause.failure.is_transient(), "{status}");
            assert_eq!(cause.answer.status.unwrap().as_u16(), status);
        }
    }
}

#[test]
fn t7_an_answer_that_is_too_large_is_permanent() {
    let cause = too_large();
    assert_eq!(cause.kind, TokenErrorKind::Unreadable);
    assert!(!cause.failure.is_transient());
    assert!(shown(&cause).contains("1 MiB"));
}
