//! What an error shows of the server's text: T4, X1.

use super::*;

#[test]
fn t4_every_text_of_a_refusal_is_masked_cleaned_and_cut() {
    let text = format!("{SECRET} \u{1b}[31m\r\n{}", "x".repeat(1000));
    let body = serde_json::json!({
        "error": text,
        "error_description": text,
        "error_uri": text,
    });
    let cause = failed(400, body.to_string());
    let answer = &cause.answer;
    for text in [&answer.error, &answer.description, &answer.uri] {
        let text = text.as_deref().unwrap();
        assert!(text.starts_with("[masked] "), "{text}");
        assert!(!text.contains(char::is_control), "{text}");
        assert!(text.len() <= 256, "{}", text.len());
    }
    assert!(!shown(&cause).contains(SECRET));
}

#[test]
fn x1_a_token_error_shows_no_secret_and_no_challenge() {
    for (status, body) in [
        (
            400,
            format!(r#"{{"error":"{SECRET}","error_description":"{SECRET}"}}"#),
        ),
        (401, format!(r#"{{"error_uri":"https://as/?{SECRET}"}}"#)),
        (200, format!("<html>{SECRET}")),
        (200, format!(r#"{{"access_token":"{SECRET}","expires_in":"#)),
        (307, SECRET.to_owned()),
    ] {
        let cause = failed(status, body);
        let error = TokenError::new(ErrorDetails {
            request: RequestKind::Token,
            cause,
            client_id: "id".to_owned(),
            endpoint: "https://as".to_owned(),
            target: None,
            attempts: 2,
            elapsed: Duration::ZERO,
            back_off: None,
        });
        let challenge = HeaderValue::from_static("Bearer realm=\"s3cr3t-of-the-client\"");
        let rejected = Rejection::new(StatusCode::UNAUTHORIZED, vec![challenge]);
        let error = error.after(rejected);
        let shown = format!("{error} {error:?} {:?}", error.rejection());
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn x1_a_registered_error_code_is_not_masked() {
    for secret in ["client", "invalid", "_", "invalid_client", "slow_down"] {
        let redactor = Redactor::new(vec![Zeroizing::new(secret.to_owned())]);
        for code in ["invalid_client", "slow_down", "use_dpop_nonce"] {
            let body = format!(r#"{{"error":"{code}","error_description":"{secret}"}}"#);
            let cause = decode(&answer(400, body), &redactor, SystemTime::UNIX_EPOCH).err();
            let answer = cause.unwrap().answer;
            assert_eq!(answer.error.as_deref(), Some(code), "{secret}");
            assert_eq!(answer.description.as_deref(), Some("[masked]"));
        }
        let body = format!(r#"{{"error":"no {secret}"}}"#);
        let cause = decode(&answer(400, body), &redactor, SystemTime::UNIX_EPOCH).err();
        assert_eq!(cause.unwrap().answer.error.as_deref(), Some("no [masked]"));
    }
}
