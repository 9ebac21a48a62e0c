//! The header and claims of assertions (RFC 7523 §3), no two of which are the same.

use std::collections::HashSet;

use http::Uri;

use crate::TokenTarget;

use super::super::tests::{ENDPOINT, NOW, context};
use super::*;

/// Header, claims, and signature of an assertion.
pub(crate) fn parts(assertion: &str) -> (Value, Value, Vec<u8>) {
    let parts: Vec<_> = assertion.split('.').map(decoded).collect();
    assert_eq!(parts.len(), 3, "RFC 7515 §7.1");
    let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap();
    (json(&parts[0]), json(&parts[1]), parts[2].clone())
}

pub(crate) fn decoded(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}

/// The header and the claims of an assertion.
fn message(
    settings: &AssertionSettings,
    context: &AuthenticationContext<'_>,
    algorithm: &str,
    key_id: Option<&str>,
    thumbprint: Option<&str>,
) -> (Value, Value) {
    let message = settings.message(context, algorithm, key_id, thumbprint);
    let message = message.unwrap();
    let (header, claims, _) = parts(&[&message, "c2ln"].join("."));
    (header, claims)
}

#[test]
fn t2_an_assertion_names_the_client_its_audience_and_its_expiry() {
    let endpoint = Uri::from_static(ENDPOINT);
    let settings = AssertionSettings::default();
    let (header, claims) = message(&settings, &context(&endpoint, "m\"é"), "ES256", None, None);
    assert_eq!(header, serde_json::json!({"alg": "ES256"}));
    assert_eq!(claims["iss"], "m\"é");
    assert_eq!(claims["sub"], "m\"é");
    assert_eq!(claims["aud"], ENDPOINT);
    // The server's clock may be behind.
    assert_eq!(claims["iat"], NOW - 10);
    assert_eq!(claims["exp"], NOW + 120);
    assert_eq!(claims.as_object().unwrap().len(), 6, "and nothing else");
}

#[test]
fn t2_the_times_of_an_assertion_are_settable() {
    let endpoint = Uri::from_static(ENDPOINT);
    let settings = AssertionSettings {
        lifetime: Duration::from_secs(30),
        backdate: Duration::ZERO,
        ..AssertionSettings::default()
    };
    let (_, claims) = message(&settings, &context(&endpoint, "me"), "ES256", None, None);
    assert_eq!([&claims["iat"], &claims["exp"]], [NOW, NOW + 30]);
    let zero = AssertionSettings {
        lifetime: Duration::ZERO,
        ..settings
    };
    let error = zero.check().unwrap_err().to_string();
    assert!(
        error.contains("lifetime of the assertion is zero"),
        "{error}"
    );
}

#[test]
fn t2_the_header_describes_the_key() {
    let endpoint = Uri::from_static(ENDPOINT);
    let settings = AssertionSettings {
        typ: Some("client-authentication+jwt".to_owned()),
        ..AssertionSettings::default()
    };
    let context = context(&endpoint, "me");
    let (header, _) = message(&settings, &context, "PS256", Some("k1"), Some("abc"));
    assert_eq!(
        header,
        serde_json::json!({
            "alg": "PS256", "kid": "k1", "typ": "client-authentication+jwt", "x5t#S256": "abc"
        })
    );
}

#[test]
fn t2_the_audience_is_the_one_that_was_set_else_the_issuer_else_the_token_endpoint() {
    let written = "https://as.example";
    let endpoint = Uri::from_static(written);
    assert_eq!(endpoint.to_string(), "https://as.example/");
    for (set, issuer, audience) in [
        (None, None, written),
        (
            None,
            Some("https://issuer.example"),
            "https://issuer.example",
        ),
        (Some("api"), Some("https://issuer.example"), "api"),
        (Some("api"), None, "api"),
    ] {
        let settings = AssertionSettings {
            audience: set.map(str::to_owned),
            ..AssertionSettings::default()
        };
        let context = AuthenticationContext {
            issuer,
            written_endpoint: written,
            ..context(&endpoint, "me")
        };
        let (_, claims) = message(&settings, &context, "ES256", None, None);
        assert_eq!(claims["aud"], audience, "a string, never a list");
    }
}

#[test]
fn t2_no_two_assertions_have_the_same_jti() {
    let endpoint = Uri::from_static(ENDPOINT);
    let ids = || {
        let endpoint = endpoint.clone();
        std::thread::spawn(move || {
            let settings = AssertionSettings::default();
            let id = |_| {
                let (_, claims) =
                    message(&settings, &context(&endpoint, "me"), "ES256", None, None);
                claims["jti"].as_str().unwrap().to_owned()
            };
            (0..1000).map(id).collect::<Vec<_>>()
        })
    };
    let threads = [ids(), ids(), ids()];
    let ids: HashSet<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(ids.len(), 3000, "at one moment, on several threads");
    for id in ids {
        assert_eq!(decoded(&id).len(), 16, "128 bits");
    }
}

#[test]
fn t2_an_assertion_needs_a_wall_clock_after_1970() {
    let endpoint = Uri::from_static(ENDPOINT);
    let context = AuthenticationContext {
        wall_clock: SystemTime::UNIX_EPOCH - Duration::from_secs(1),
        ..context(&endpoint, "me")
    };
    let error = AssertionSettings::default().message(&context, "ES256", None, None);
    assert!(error.unwrap_err().to_string().contains("1970"));
}

#[test]
fn t2_an_empty_setting_is_an_error() {
    let empty = || Some(String::new());
    for (audience, typ, key_id) in [
        (empty(), None, None),
        (None, empty(), None),
        (None, None, empty()),
    ] {
        let settings = AssertionSettings {
            audience,
            typ,
            key_id,
            ..AssertionSettings::default()
        };
        let error = settings.check().unwrap_err();
        assert_eq!(error.setting(), "client_authentication");
    }
}

#[test]
fn t4_an_assertion_and_its_signature_are_masked() {
    for assertion in ["head.claims.s1gn4ture", "samlassertion"] {
        let mut request = TokenRequest::new("client_credentials", &TokenTarget::new(), &[]);
        add_assertion(&mut request, JWT_BEARER, assertion);
        let (_, redactor) = request.encode(&Uri::from_static(ENDPOINT));
        let shown = redactor.show(&format!("bad {assertion}, s1gn4ture"));
        assert!(shown.starts_with("bad [masked], "), "{shown}");
        assert!(!shown.contains("s1gn4ture") || assertion == "samlassertion");
    }
}
