//! Arbitrary answers: X5.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn x5_no_bytes_make_the_decoder_panic(
        status in 100_u16..1000,
        body in prop::collection::vec(any::<u8>(), 0..200),
        header in "[ -~]{0,40}",
    ) {
        let mut response = answer(status, body);
        if let Ok(value) = HeaderValue::from_str(&header) {
            response.headers_mut().insert(RETRY_AFTER, value.clone());
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        let result = decode(&response, &redactor(), SystemTime::UNIX_EPOCH);
        prop_assert!(result.is_err() || status == 200);
    }

    #[test]
    fn x5_no_members_make_the_decoder_panic_nor_give_a_token_unfit_for_a_header(
        status in prop_oneof![4 => Just(200_u16), 1 => 200_u16..600],
        token in "\\PC{0,12}|[!-~]{1,12}",
        members in prop::collection::vec((names(), values()), 0..6),
    ) {
        let token = format!(r#""access_token":{}"#, serde_json::Value::from(token));
        let members = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#));
        let members: Vec<_> = std::iter::once(token).chain(members).collect();
        let body = format!("{{{}}}", members.join(","));
        let response = answer(status, body);
        if let Ok(grant) = decode(&response, &redactor(), SystemTime::UNIX_EPOCH) {
            let token = &grant.access_token;
            prop_assert!(!token.is_empty());
            prop_assert!(HeaderValue::from_str(token).is_ok());
            prop_assert!(!token.contains(char::is_whitespace));
        }
    }

    #[test]
    fn t4_text_that_is_nearly_json_never_alters_an_access_token(
        token in prop::collection::vec(nearly_json(), 0..8),
        scope in prop::collection::vec(nearly_json(), 0..8),
    ) {
        let token = [br#"{"access_token":""#, &*token.concat(), br#"""#].concat();
        let exact = [&*token, b"}"].concat();
        let exact = serde_json::from_slice::<serde_json::Value>(&exact);
        let body = [&*token, br#","scope":""#, &*scope.concat(), br#""}"#].concat();
        if let Ok(grant) = read(200, body) {
            let exact = exact.unwrap();
            prop_assert_eq!(exact["access_token"].as_str(), Some(grant.access_token.as_str()));
        }
    }
}

/// Parts of a string, of which some are not JSON, or not UTF-8.
fn nearly_json() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![
        &b"a"[..],
        b"\\",
        b"\\u0061",
        b"u0062",
        b"\n",
        b"\0",
        b"\x7f",
        b"\\\"",
        b"\"",
        b"\xe9",
        b"\xc3\xa9",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\\ud83d",
        b"\\ude00",
        b"n",
        b"/",
        b",",
        b":",
        b"}",
    ])
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "token_type",
        "expires_in",
        "scope",
        "error",
        "error_description",
        "error_uri",
        "x",
    ])
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("\"\"".to_owned()),
        any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        "\\PC{0,10}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "[0-9eE.+-]{1,12}".prop_map(|text| format!("\"{text}\"")),
        Just("[{\"a\":[]}]".to_owned()),
    ]
}
