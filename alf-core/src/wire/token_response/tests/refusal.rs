//! Refusals, and which of them are transient: T4, B1.

use super::*;

#[test]
fn t4_a_refusal_has_status_error_description_and_uri() {
    let cause = failed(
        400,
        r#"{"error":"invalid_scope","error_description":"no such scope","error_uri":"https://as/e"}"#,
    );
    assert_eq!(cause.kind, TokenErrorKind::Refused);
    assert_eq!(cause.answer.status, Some(StatusCode::BAD_REQUEST));
    assert_eq!(cause.answer.error.as_deref(), Some("invalid_scope"));
    assert_eq!(cause.answer.description.as_deref(), Some("no such scope"));
    assert_eq!(cause.answer.uri.as_deref(), Some("https://as/e"));
}

#[test]
fn t4_an_error_status_is_a_refusal_with_any_body() {
    for body in [
        "",
        "<html>Bad Gateway</html>",
        "no",
        "[]",
        "null",
        "{",
        r#"{"error":7,"error_description":[]}"#,
        r#"{"error":"a","error":"b"}"#,
        r#"{"access_token":"abc"}"#,
    ] {
        for status in [400, 401, 404, 418, 500, 503] {
            let cause = failed(status, body);
            assert_eq!(cause.kind, TokenErrorKind::Refused, "{status} {body}");
            assert_eq!(cause.answer.error, None, "{status} {body}");
        }
    }
}

#[test]
fn t4_an_error_in_a_200_is_a_refusal_too() {
    for (member, error) in [
        (r#""invalid_client""#, Some("invalid_client")),
        (r#""made_up""#, Some("made_up")),
        ("7", None),
        ("true", None),
        ("{}", None),
    ] {
        let body = format!(r#"{{"access_token":"abc","error":{member}}}"#);
        let cause = failed(200, body);
        assert_eq!(cause.kind, TokenErrorKind::Refused, "{member}");
        assert_eq!(cause.answer.status, Some(StatusCode::OK));
        assert_eq!(cause.answer.error.as_deref(), error);
    }
}

const NO_ERROR: &str = "";
const TRANSIENT_ERRORS: [&str; 3] = ["temporarily_unavailable", "server_error", "slow_down"];

#[test]
fn b1_some_statuses_are_transient_with_any_error() {
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 599] {
        for error in [NO_ERROR, "invalid_client", "invalid_request", "made_up"] {
            let cause = failed(status, body_with(error));
            assert!(cause.failure.is_transient(), "{status} {error}");
        }
    }
}

#[test]
fn b1_some_errors_are_transient_at_any_status_except_401_and_403() {
    for status in [200, 400, 402, 404, 429, 500] {
        for error in TRANSIENT_ERRORS {
            let cause = failed(status, body_with(error));
            assert!(cause.failure.is_transient(), "{status} {error}");
        }
    }
}

#[test]
fn b1_401_and_403_are_permanent_with_any_error() {
    for status in [401, 403] {
        for error in TRANSIENT_ERRORS.into_iter().chain([NO_ERROR, "made_up"]) {
            let cause = failed(status, body_with(error));
            assert!(!cause.failure.is_transient(), "{status} {error}");
        }
    }
}

#[test]
fn b2_401_and_403_refuse_the_client_unless_their_error_is_about_something_else() {
    for (status, error, refusal_of) in [
        (401, NO_ERROR, RefusalOf::Client),
        (401, "server_error", RefusalOf::Client),
        (401, "made_up", RefusalOf::Client),
        (401, "invalid_scope", RefusalOf::Target),
        (403, NO_ERROR, RefusalOf::Client),
        (403, "server_error", RefusalOf::Client),
        (403, "invalid_client", RefusalOf::Client),
        // Some servers mean the audience.
        (403, "access_denied", RefusalOf::Target),
        (403, "invalid_target", RefusalOf::Target),
        (400, NO_ERROR, RefusalOf::Target),
        (404, NO_ERROR, RefusalOf::Target),
    ] {
        let cause = failed(status, body_with(error));
        assert_eq!(cause.refusal_of, refusal_of, "{status} {error}");
    }
}

#[test]
fn b1_every_other_refusal_is_permanent() {
    for status in (400..500).filter(|status| ![408, 425, 429].contains(status)) {
        for error in [NO_ERROR, "invalid_client", "invalid_grant", "Server_Error"] {
            let cause = failed(status, body_with(error));
            assert!(!cause.failure.is_transient(), "{status} {error}");
        }
    }
}

#[test]
fn b1_masking_does_not_change_whether_a_refusal_is_transient() {
    let redactor = Redactor::new(vec![Zeroizing::new("down".to_owned())]);
    let body = body_with("slow_down");
    let cause = decode(&answer(400, body), &redactor, SystemTime::UNIX_EPOCH).err();
    assert!(cause.unwrap().failure.is_transient());
}

#[test]
fn b1_retry_after_comes_with_every_kind_of_failure() {
    for (status, body) in [
        (503, ""),
        (400, ""),
        (302, ""),
        (200, "no JSON"),
        (200, r#"{"error":"slow_down"}"#),
    ] {
        let mut response = answer(status, body);
        let value = HeaderValue::from_static("17");
        response.headers_mut().insert(RETRY_AFTER, value);
        let cause = decode(&response, &redactor(), SystemTime::UNIX_EPOCH).err();
        let asked = cause.unwrap().failure.retry_after();
        assert_eq!(asked, Duration::from_secs(17), "{status} {body}");
    }
}

fn body_with(error: &str) -> String {
    if error.is_empty() {
        String::new()
    } else {
        format!(r#"{{"error":"{error}"}}"#)
    }
}
