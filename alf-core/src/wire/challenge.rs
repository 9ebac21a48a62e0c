//! The challenge of a 401 or 403 (RFC 6750 §3). One that cannot be parsed is not an error.

use http::HeaderValue;

/// Whether a challenge reports that the token is valid but its scope is not enough (RFC 6750 §3.1).
///
/// A renewed token would have the same scope, so such an answer never rejects the token (R1, R7). Each
/// header value is parsed alone: one that cannot be parsed does not hide the others.
pub(crate) fn is_insufficient_scope(challenges: &[HeaderValue]) -> bool {
    challenges
        .iter()
        .filter_map(|value| value.to_str().ok())
        // A parser cannot continue after an error.
        .flat_map(|value| http_auth::ChallengeParser::new(value).map_while(Result::ok))
        .flat_map(|challenge| challenge.params)
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("error") && value.to_unescaped() == INSUFFICIENT_SCOPE
        })
}

const INSUFFICIENT_SCOPE: &str = "insufficient_scope";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r1_only_a_well_formed_insufficient_scope_is_one() {
        for value in [
            r#"Bearer error="insufficient_scope""#,
            r"bearer ERROR=insufficient_scope",
            r#"Bearer realm="a, b", error="insufficient_scope", scope="write""#,
            r#"Basic realm="x", Bearer error="insufficient_scope""#,
            r#"DPoP algs="ES256", error="insufficient_scope""#,
        ] {
            assert!(
                is_insufficient_scope(&[HeaderValue::from_static(value)]),
                "{value}"
            );
        }
        for value in [
            "",
            ",",
            "Bearer",
            r#"Bearer error="invalid_token""#,
            r#"Bearer error_description="error=insufficient_scope""#,
            r#"Bearer error="insufficient_scope"#,
            "Negotiate a87421000492aa874209af8bc028==",
            r#"Bearer realm="",error="#,
            "\u{7f}",
        ] {
            let Ok(value) = HeaderValue::from_str(value) else {
                continue;
            };
            assert!(!is_insufficient_scope(&[value]), "it is not one");
        }
    }

    #[test]
    fn r1_a_header_value_that_cannot_be_parsed_does_not_hide_others() {
        let unusual = HeaderValue::from_static("Negotiate a87421000492aa874209af8bc028==");
        let clear = HeaderValue::from_static(r#"Bearer error="insufficient_scope""#);
        for challenges in [
            [unusual.clone(), clear.clone()],
            [clear.clone(), unusual],
            [HeaderValue::from_bytes(b"\xff").unwrap(), clear],
        ] {
            assert!(is_insufficient_scope(&challenges), "{challenges:?}");
        }
        assert!(!is_insufficient_scope(&[]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn x5_no_challenge_makes_the_parser_panic(
            values in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..60),
                    "(Bearer|Basic|,| |=|\"|\\\\|error|insufficient_scope|[a-z]|\t){0,12}"
                        .prop_map(String::into_bytes),
                ],
                0..4,
            ),
        ) {
            let values: Vec<_> = values
                .iter()
                .filter_map(|value| HeaderValue::from_bytes(value).ok())
                .collect();
            let found = is_insufficient_scope(&values);
            let is_there = |value: &HeaderValue| {
                value.as_bytes().windows(18).any(|part| part == b"insufficient_scope")
            };
            prop_assert!(!found || values.iter().any(is_there));
        }
    }
}
