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
