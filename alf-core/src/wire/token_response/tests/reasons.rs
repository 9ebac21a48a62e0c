//! Answers that give their reason in another form than RFC 6749's: T4, X1.

use http::header::{CONTENT_ENCODING, LOCATION};

use super::*;

#[test]
fn t4_a_refusal_in_another_form_shows_its_messages() {
    for (status, body, shown) in [
        (
            401,
            r#"{"message":"Bad credentials"}"#,
            r#"message "Bad credentials""#,
        ),
        (
            400,
            r#"{"errorCode":"invalid_client","errorSummary":"Invalid client","errorLink":"x"}"#,
            r#"errorCode "invalid_client", errorSummary "Invalid client""#,
        ),
        (
            401,
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"No client \u00e9"}"#,
            r#"detail "No client é", title "Unauthorized""#,
        ),
        (
            403,
            r#"{"MSG":"a","err_msg":"b","Reason":"c","hint":7,"error_summary":null,"Detail":{}}"#,
            r#"MSG "a", Reason "c", err_msg "b", hint "7""#,
        ),
    ] {
        let answer = failed(status, body).answer.to_string();
        let expected = format!("{status}, of type text/x-anything, {shown}");
        assert_eq!(answer, expected, "{body}");
    }
}

#[test]
fn t4_a_refusal_without_a_message_shows_the_beginning_of_its_body() {
    for body in [
        "error code: 1020",
        "\n<!DOCTYPE html><title>Access denied</title>",
        r#"{"error":{"code":401,"message":"Request had invalid credentials"}}"#,
        r#"{"fault":{"faultstring":"Invalid client"}}"#,
        r#"["no"]"#,
        "{",
        "acc\u{e8}s refus\u{e9}",
    ] {
        let answer = failed(403, body).answer.to_string();
        let body = body.trim();
        let expected = format!("403, of type text/x-anything, with the body \"{body}\"");
        assert_eq!(answer, expected);
    }
    for body in ["", " \r\n", "\u{feff}"] {
        let answer = failed(403, body).answer.to_string();
        assert_eq!(answer, "403");
    }
    let detail = failed(502, "x".repeat(100_000)).answer.detail.unwrap();
    assert!(detail.len() < 300, "{}", detail.len());
}

#[test]
fn t4_an_error_without_a_description_shows_the_messages_beside_it() {
    let body = r#"{"status":401,"error":"Unauthorized","message":"Bad credentials","path":"/t"}"#;
    let answer = failed(401, body).answer.to_string();
    assert_eq!(answer, r#"401, Unauthorized, message "Bad credentials""#);
    let body = r#"{"error":"invalid_client","error_description":"No","message":"Nope"}"#;
    let answer = failed(401, body).answer.to_string();
    assert_eq!(answer, r#"401, invalid_client, "No""#);
    let answer = failed(401, r#"{"error_description":"No","message":"Nope"}"#).answer;
    assert_eq!(answer.to_string(), r#"401, "No""#);
    let answer = failed(401, r#"{"error":"invalid_client","x":"y"}"#).answer;
    assert_eq!(answer.to_string(), "401, invalid_client");
}

#[test]
fn t4_a_200_without_a_token_shows_its_members_and_messages() {
    const NONE: &str = "it has no access_token at the top level";
    for (body, shown) in [
        (
            r#"{"errcode":40001,"errmsg":"invalid credential"}"#,
            "; its members are errcode, errmsg; errcode \"40001\", errmsg \"invalid credential\"",
        ),
        (
            r#"{"status":0,"body":{"access_token":"t0ken"}}"#,
            "; its members are body, status; use a token_transport that converts it",
        ),
        (
            r#"{"accessToken":"t0ken"}"#,
            "; its members are accessToken; use a token_transport that converts it",
        ),
        (r#"{"data":"t0ken"}"#, "; its members are data"),
        ("{}", "; it has no members"),
    ] {
        let cause = failed(200, body);
        assert_eq!(cause.kind, TokenErrorKind::Unreadable);
        let detail = cause.answer.detail.clone().unwrap();
        assert_eq!(detail, format!("{NONE}{shown}"));
        assert!(!super::shown(&cause).contains("t0ken"), "{body}");
    }
}

#[test]
fn t4_a_200_that_is_empty_or_in_another_format() {
    for (body, shown) in [
        ("", "its body is empty"),
        (" \r\n", "its body is empty"),
        ("{\"access_token\":\"t0", "its JSON is truncated"),
        ("OK", "it is not JSON"),
        (
            "access_token=t0ken&token_type=bearer",
            "it is not JSON; use a token_transport that converts it",
        ),
    ] {
        let cause = failed(200, body);
        assert_eq!(cause.kind, TokenErrorKind::Unreadable);
        assert_eq!(cause.answer.detail.as_deref(), Some(shown));
    }
}

#[test]
fn t4_an_access_token_that_is_null_or_an_object_is_not_a_string() {
    for body in [
        r#"{"access_token":null}"#,
        r#"{"access_token":{"access_token":"t0ken"}}"#,
    ] {
        let detail = failed(200, body).answer.detail;
        assert_eq!(detail.as_deref(), Some("its access_token is not a string"));
    }
}

#[test]
fn x1_no_message_of_a_2xx_shows_what_may_be_a_token() {
    let long = "0123456789abcdef".repeat(2);
    for body in [
        format!(r#"{{"message":"{long}"}}"#),
        format!(r#"{{"message":"see {long} there"}}"#),
        format!(r#"{{"{long}x":1}}"#),
        format!(r#"{{"a {long}":1}}"#),
        format!(r#"{{"access_token":"{long}","error":1}}"#),
        format!(r#"{{"access_token":"{long}","error":1,"message":"{long}"}}"#),
        r#"{"access_token":"0123456789","error":1,"message":"is 0123456789"}"#.to_owned(),
        r#"{"access_token":["0123456789"],"message":"0123456789"}"#.to_owned(),
    ] {
        let shown = shown(&failed(200, body.as_str()));
        assert!(!shown.contains("0123456789"), "{shown}");
    }
}

#[test]
fn x1_no_body_that_names_an_access_token_is_shown() {
    for body in [
        r#"{"access_token":"t0ken"}"#,
        r#"{"data":{"accessToken":"t0ken"}}"#,
        "access_token=t0ken",
        "<OAuth><access_token>t0ken</access_token></OAuth>",
        "<Access-Token>t0ken",
    ] {
        for status in [200, 201, 400, 401, 500] {
            let shown = shown(&failed_unless_granted(status, body));
            assert!(!shown.contains("t0ken"), "{status} {body}: {shown}");
        }
    }
}

#[test]
fn t4_a_body_that_is_still_compressed_is_named() {
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV";
    for (encoding, body) in [
        (Some("gzip"), &gzip[..]),
        (None, &gzip[..]),
        (Some("br"), b"\x0b\x02\x80\xff\x03"),
        (Some("zstd"), b"\x28\xb5\x2f\xfd\x04"),
    ] {
        for status in [200, 400] {
            let mut response = answer(status, body);
            if let Some(encoding) = encoding {
                let encoding = HeaderValue::from_static(encoding);
                response.headers_mut().insert(CONTENT_ENCODING, encoding);
            }
            let cause = decode(&response, &redactor(), SystemTime::UNIX_EPOCH).err();
            let shown = cause.unwrap().answer.to_string();
            let name = encoding.unwrap_or("gzip");
            let expected = format!(
                "its body is compressed ({name}), and the HTTP library did not decompress it; \
                 enable that in the library"
            );
            assert!(shown.ends_with(&expected), "{shown}");
        }
    }
    // curl decompresses, and keeps the header.
    let mut response = answer(200, r#"{"access_token":"abc"}"#);
    let gzip = HeaderValue::from_static("gzip");
    response.headers_mut().insert(CONTENT_ENCODING, gzip);
    assert!(decode(&response, &redactor(), SystemTime::UNIX_EPOCH).is_ok());
}

#[test]
fn t4_a_token_that_cannot_be_in_a_header_is_described() {
    for (token, problem) in [
        ("", "is empty"),
        (
            "Bearer abc",
            "begins with \"Bearer \"; use a token_transport that removes it",
        ),
        (
            "bearer abc",
            "begins with \"Bearer \"; use a token_transport that removes it",
        ),
        (
            "abc\n",
            "ends in a line break; use a token_transport that removes it",
        ),
        (
            "abc\r\n",
            "ends in a line break; use a token_transport that removes it",
        ),
        (
            "abc ",
            "begins or ends in white space; use a token_transport that removes it",
        ),
        (
            " abc",
            "begins or ends in white space; use a token_transport that removes it",
        ),
        ("a b", "contains a character that a header cannot have"),
        ("é", "contains a character that a header cannot have"),
    ] {
        let body = serde_json::json!({ "access_token": token }).to_string();
        let detail = failed(200, body).answer.detail.unwrap();
        assert_eq!(detail, format!("its access_token {problem}"));
    }
    let body = r#"{"access_token":7}"#;
    let detail = failed(200, body).answer.detail.unwrap();
    assert_eq!(detail, "its access_token is not a string");
}

#[test]
fn t7_a_redirect_says_where_to_without_what_may_be_a_secret() {
    for (location, shown) in [
        (
            "https://login.example/sso?code=hush#hush",
            Some("https://login.example/sso"),
        ),
        (
            "https://user:hush@login.example:8443/a;sid=hush",
            Some("https://login.example:8443/a"),
        ),
        ("/oauth2/token/?a=hush", Some("/oauth2/token/")),
        ("HTTPS://as.example", Some("https://as.example/")),
        ("s3cr3t-of-the-client", None),
        ("/s3cr3t-of-the-client", Some("/[masked]")),
        ("?hush", None),
        ("login?hush", None),
        ("", None),
        ("http://[hush", None),
    ] {
        let mut response = answer(302, "");
        let value = HeaderValue::from_static(location);
        response.headers_mut().insert(LOCATION, value);
        let cause = decode(&response, &redactor(), SystemTime::UNIX_EPOCH).err();
        let detail = cause.unwrap().answer.detail;
        assert_eq!(
            detail,
            shown.map(|shown| format!("to {shown}")),
            "{location}"
        );
    }
}

fn failed_unless_granted(status: u16, body: &str) -> Cause {
    match read(status, body) {
        Ok(_) => wrong_token_type(StatusCode::OK, "", &redactor()),
        Err(cause) => cause,
    }
}
