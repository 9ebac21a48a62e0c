//! `client_secret_jwt`, with the RFC's own example.

use super::super::jwt::JWT_BEARER;
use super::super::jwt::tests::{decoded, parts};
use super::super::tests::TemporaryFile;
use super::super::tests::{ENDPOINT, attempt, context, has_changed, sent};
use super::*;

const SECRET: &str = "a secret of 64 bytes, which is what HS512 asks for, no less: 64.";

#[test]
fn t2_the_mac_is_that_of_rfc_7515_a_1() {
    let key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                   eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let algorithm = MacAlgorithm::Hs256.key(SECRET).unwrap().algorithm();
    let key = hmac::Key::new(algorithm, &decoded(key));
    let mac = hmac::sign(&key, message.as_bytes());
    assert_eq!(
        mac.as_ref(),
        decoded("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    );
}

#[test]
fn t2_the_secret_authenticates_the_assertion_and_is_not_sent() {
    let all = [
        (MacAlgorithm::Hs256, "HS256", hmac::HMAC_SHA256),
        (MacAlgorithm::Hs384, "HS384", hmac::HMAC_SHA384),
        (MacAlgorithm::Hs512, "HS512", hmac::HMAC_SHA512),
    ];
    for (algorithm, alg, hmac_algorithm) in all {
        let request = sent(&ClientSecretJwt::new(SECRET).algorithm(algorithm), "me");
        assert_eq!(request.parameter("client_id"), "me");
        assert_eq!(request.parameter("client_secret"), "");
        assert_eq!(request.parameter("client_assertion_type"), JWT_BEARER);
        let assertion = request.parameter("client_assertion");
        let (header, claims, mac) = parts(&assertion);
        assert_eq!(header, serde_json::json!({"alg": alg}));
        assert_eq!(claims["sub"], "me");
        let (message, _) = assertion.rsplit_once('.').unwrap();
        let key = hmac::Key::new(hmac_algorithm, SECRET.as_bytes());
        hmac::verify(&key, message.as_bytes(), &mac).unwrap();
    }
}

#[test]
fn t2_the_default_algorithm_is_hs256_and_audience_and_typ_are_settable() {
    let method = ClientSecretJwt::new(SECRET)
        .audience("https://as.example")
        .typ("client-authentication+jwt");
    let assertion = sent(&method, "me").parameter("client_assertion");
    let (header, claims, _) = parts(&assertion);
    assert_eq!(
        header,
        serde_json::json!({"alg": "HS256", "typ": "client-authentication+jwt"})
    );
    assert_eq!(claims["aud"], "https://as.example");
}

#[test]
fn t4_secret_and_assertion_are_masked() {
    let request = sent(&ClientSecretJwt::new(SECRET), "me");
    let assertion = request.parameter("client_assertion");
    let (_, mac) = assertion.rsplit_once('.').unwrap();
    for echo in [SECRET, &assertion, mac] {
        assert_eq!(request.redactor.show(echo), "[masked]");
    }
}

#[test]
fn t2_wrong_settings_are_errors_of_building_the_client() {
    let error = ClientSecretJwt::new("hush\nhush").check().unwrap_err();
    assert_eq!(error.setting(), "client_secret");
    let error = ClientSecretJwt::new(SECRET).audience("").check();
    assert_eq!(error.unwrap_err().setting(), "client_authentication");
    ClientSecretJwt::new(SECRET).check().unwrap();
}

/// The algorithms, their shortest secrets, and the error for a shorter one.
const LENGTHS: [(MacAlgorithm, usize, &str); 3] = [
    (MacAlgorithm::Hs256, 32, "the 32 bytes that HS256 needs"),
    (MacAlgorithm::Hs384, 48, "the 48 bytes that HS384 needs"),
    (MacAlgorithm::Hs512, 64, "the 64 bytes that HS512 needs"),
];

#[test]
fn t2_a_secret_is_at_least_as_long_as_the_mac() {
    for (algorithm, length, problem) in LENGTHS {
        for secret in ["x".repeat(length), "x".repeat(200), "é".repeat(length / 2)] {
            let method = ClientSecretJwt::new(secret).algorithm(algorithm);
            method.check().unwrap();
        }
        for secret in ["x".to_owned(), "x".repeat(length - 1)] {
            let method = ClientSecretJwt::new(secret).algorithm(algorithm);
            let error = method.check().unwrap_err();
            assert_eq!(error.setting(), "client_secret");
            let shown = error.to_string();
            assert!(shown.contains(problem), "{shown}");
            assert!(!shown.contains(&(length - 1).to_string()), "{shown}");
        }
    }
}

#[test]
fn t2_a_secret_from_a_file_or_a_callback_that_is_too_short_is_not_used() {
    let endpoint = http::Uri::from_static(ENDPOINT);
    let context = context(&endpoint, "me");
    for (algorithm, length, problem) in LENGTHS {
        let file = TemporaryFile::new("x".repeat(length - 1).as_bytes());
        let by_file = Credential::file(file.path());
        let by_callback = Credential::from_fn(|| async { Ok::<_, String>("too short") });
        for (secret, origin) in [
            (by_file, file.path().to_str().unwrap()),
            (by_callback, "the callback for client_secret"),
        ] {
            let method = ClientSecretJwt::new(secret).algorithm(algorithm);
            method.check().unwrap();
            let error = attempt(&method, &context).err().unwrap();
            assert!(!error.is_transient());
            let shown = error.to_string();
            assert!(shown.contains(problem) && shown.contains(origin), "{shown}");
        }
        // B3: a longer one that replaces it is used.
        let method = ClientSecretJwt::new(Credential::file(file.path())).algorithm(algorithm);
        assert!(attempt(&method, &context).is_err());
        file.write("x".repeat(length).as_bytes());
        assert!(has_changed(&method, &CredentialsFingerprint::of("others")));
        assert!(attempt(&method, &context).is_ok());
    }
}

#[test]
fn x1_debug_shows_nothing_of_the_secret() {
    let shown = format!("{:?}", ClientSecretJwt::new(SECRET));
    assert!(!shown.contains("64 bytes"), "{shown}");
}
