mod authentication;
mod environment;
#[cfg(feature = "store")]
mod store;

use crate::authentication::tests::P256;
use crate::{CustomTransport, ExchangeError, TokenTransport};

use super::keys::KEYS;
use super::*;

const SECRET: &str = "s3cr3t";

struct Nowhere;

#[async_trait::async_trait]
impl TokenTransport for Nowhere {
    async fn exchange(
        &self,
        _: http::Request<bytes::Bytes>,
        _: &crate::ExchangeOptions,
    ) -> Result<http::Response<bytes::Bytes>, ExchangeError> {
        Err(crate::ExchangeErrorKind::Connect.into())
    }
}

fn read(json: &str) -> Result<ClientConfig, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn variables(set: &[(&str, &str)]) -> Result<ClientConfig, String> {
    let set = set.iter().map(|(name, value)| (name.into(), value.into()));
    ClientConfig::from_variables("ALF_", set).map_err(|error| error.to_string())
}

fn built(config: Result<ClientConfig, String>) -> Result<(), String> {
    let builder = config?
        .builder::<CustomTransport>()
        .map_err(|e| e.to_string())?;
    builder.build_tokens(Nowhere).map_err(|e| e.to_string())?;
    Ok(())
}

/// Builds a client from a file with these settings and the ones that every client needs.
fn with(settings: &str) -> Result<(), String> {
    built(read(&format!(
        r#"{{"token_endpoint":"https://as.example/token","client_id":"me",{settings}}}"#
    )))
}

#[test]
fn every_key_is_read() {
    let values = |key: &str| match key {
        "allow_insecure_http"
        | "replays"
        | "thumbprint_as_key_id"
        | "with_certificate"
        | "without_client_id"
        | "with_client_id"
        | "client_secret_raw" => "true",
        "rejecting_statuses" => "[401, 403]",
        "parameters" | "token_request_headers" => r#"{"tenant":"one"}"#,
        "jwt_lifetime" | "jwt_backdate" | "leeway" | "default_lifetime" | "acquire_timeout"
        | "attempt_timeout" | "store_timeout" => r#""30s""#,
        "max_targets" => "16",
        "scope" | "resource" | "allowed_origins" => r#"["https://a.example"]"#,
        _ => r#""text""#,
    };
    for key in KEYS.iter().map(|key| key.name) {
        let config = read(&format!(r#"{{"{key}":{}}}"#, values(key))).unwrap();
        assert!(config.values.contains_key(key), "{key}");
        // In a variable, every value is a text.
        let value = match key {
            "rejecting_statuses" => "401 403",
            "parameters" | "token_request_headers" => "tenant=one&other=%20",
            _ => values(key).trim_matches(['[', ']', '"']),
        };
        let variable = format!("ALF_{}", key.to_ascii_uppercase());
        let config = variables(&[(&variable, value)]).unwrap();
        assert!(config.values.contains_key(key), "{key}");
    }
}

#[test]
fn s1_max_targets_is_set() {
    let given = |max: &str| {
        let config = read(&format!(
            r#"{{"token_endpoint":"https://as.example/token","client_id":"me",
                "client_secret":"s3cr3t","max_targets":{max}}}"#
        ));
        let builder = config.unwrap().builder::<CustomTransport>();
        builder.unwrap().settings.max_targets
    };
    assert_eq!([given("16"), given(r#"" 17 ""#)], [16, 17]);
}

#[test]
fn each_method_takes_what_it_needs() {
    let pem = P256.replace('\n', "\\n");
    for settings in [
        r#""client_secret":"s3cr3t""#.to_owned(),
        r#""client_secret_file":"/run/secret""#.to_owned(),
        r#""client_secret":"s3cr3t","token_endpoint_auth_method":"client_secret_post""#.to_owned(),
        r#""client_secret":"s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t",
           "token_endpoint_auth_method":"client_secret_jwt","signing_algorithm":"HS512""#
            .to_owned(),
        format!(r#""private_key":"{pem}","key_id":"one""#),
        r#""private_key_file":"/run/key","signing_algorithm":"PS256""#.to_owned(),
        r#""private_key_file":"/run/key","key_id":"one","thumbprint_as_key_id":false"#.to_owned(),
        r#""private_key_file":"/run/key","certificate_file":"/c","with_certificate":false"#
            .to_owned(),
        r#""client_assertion_file":"/run/assertion""#.to_owned(),
        r#""token_endpoint_auth_method":"tls_client_auth""#.to_owned(),
        r#""token_endpoint_auth_method":"self_signed_tls_client_auth""#.to_owned(),
        r#""token_endpoint_auth_method":"none""#.to_owned(),
    ] {
        assert_eq!(with(&settings), Ok(()), "{settings}");
    }
    let issuer = r#"{"issuer":"https://as.example","client_id":"me","client_secret":"s3cr3t"}"#;
    assert_eq!(built(read(issuer)), Ok(()));
}

#[test]
fn unknown_key_is_an_error_that_names_the_similar_key() {
    for (key, similar) in [
        ("clientid", "client_id"),
        ("client-id", "client_id"),
        ("clinet_secret", "client_secret"),
        ("scopes", "scope"),
        ("Scope", "scope"),
        (
            "token_url",
            "is not a key; the keys are issuer, token_endpoint,",
        ),
    ] {
        let error = read(&format!(r#"{{"{key}":"s3cr3t"}}"#)).unwrap_err();
        assert!(
            error.starts_with(&format!("{key}: is not a key; ")),
            "{error}"
        );
        assert!(error.contains(similar), "{error}");
        // The place, which serde_json adds.
        assert!(error.contains("line 1"), "{error}");
        assert!(!error.contains(SECRET), "{error}");
    }
    let error = variables(&[("ALF_CLIENTID", SECRET)]).unwrap_err();
    assert_eq!(
        error,
        "ALF_CLIENTID: is not a key; did you mean ALF_CLIENT_ID?"
    );
}

#[test]
fn wrong_value_is_an_error_that_names_the_key_and_not_the_value() {
    for (settings, problem) in [
        (r#""client_secret":7"#, "client_secret: should be a text"),
        (
            r#""client_secret":["s3cr3t"]"#,
            "client_secret: should be a text",
        ),
        (
            r#""acquire_timeout":30"#,
            "acquire_timeout: should be a time with its unit, such as \"30s\"",
        ),
        (
            r#""acquire_timeout":"30""#,
            "acquire_timeout: should be a time with its unit",
        ),
        (
            r#""acquire_timeout":"soon""#,
            "acquire_timeout: should be a time with its unit",
        ),
        (
            r#""acquire_timeout":-1"#,
            "acquire_timeout: should be a time with its unit",
        ),
        (
            r#""acquire_timeout":1.5"#,
            "acquire_timeout: should be a time with its unit",
        ),
        (r#""leeway":null"#, "leeway: should be a time with its unit"),
        (r#""replays":"no""#, "replays: should be true or false"),
        (
            r#""max_targets":"s3cr3t""#,
            "max_targets: should be a whole number",
        ),
        (
            r#""max_targets":-1"#,
            "max_targets: should be a whole number",
        ),
        (
            r#""max_targets":1.5"#,
            "max_targets: should be a whole number",
        ),
        (
            r#""rejecting_statuses":["no"]"#,
            "rejecting_statuses: should be a list of statuses",
        ),
        (
            r#""rejecting_statuses":[70000]"#,
            "rejecting_statuses: should be a list of statuses",
        ),
        (
            r#""parameters":{"a":{}}"#,
            "parameters: should be a table of texts",
        ),
        (r#""scope":true"#, "scope: should be a list of texts"),
        (r#""client_id":"again""#, "client_id: is set more than once"),
    ] {
        let error = with(settings).unwrap_err();
        assert!(error.starts_with(problem), "{settings}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
}

#[test]
fn missing_and_conflicting_settings_are_errors() {
    for (json, problem) in [
        (
            r#"{"client_id":"me","client_secret":"s"}"#,
            "token_endpoint: is not set; set it, or issuer",
        ),
        (r#"{"issuer":"https://a.example"}"#, "client_id: is not set"),
        (
            r#"{"issuer":"https://a.example","client_id":"me"}"#,
            "token_endpoint_auth_method: is not set; set it, or client_secret, private_key or \
             client_assertion_file",
        ),
    ] {
        let error = built(read(json)).unwrap_err();
        assert!(error.starts_with(problem), "{json}: {error}");
    }
    for (settings, problem) in [
        (
            r#""client_secret":"s3cr3t","client_secret_file":"/run/secret""#,
            "client_secret: conflicts with client_secret_file; keep one",
        ),
        (
            r#""client_secret":"s3cr3t","private_key_file":"/run/key""#,
            "private_key_file: is set, but client_secret_basic does not use it",
        ),
        (
            r#""client_secret":"s3cr3t","key_id":"k""#,
            "key_id: is set, but",
        ),
        (
            r#""private_key_file":"/k","token_endpoint_auth_method":"client_secret_basic""#,
            "private_key_file: is set, but client_secret_basic does not use it",
        ),
        (
            r#""token_endpoint_auth_method":"private_key_jwt""#,
            "private_key: is not set; set it, or private_key_file or private_key_env",
        ),
        (
            r#""token_endpoint_auth_method":"client_assertion""#,
            "client_assertion_file: is not set",
        ),
        (
            r#""token_endpoint_auth_method":"basic""#,
            "token_endpoint_auth_method: should be one of client_secret_basic,",
        ),
        (
            r#""client_secret":"s3cr3t","token_endpoint_auth_method":"basic""#,
            "token_endpoint_auth_method: should be one of client_secret_basic,",
        ),
        (
            r#""private_key_file":"/k","signing_algorithm":"HS256""#,
            "signing_algorithm: should be one of RS256,",
        ),
        (
            r#""private_key_file":"/k","key_id":"one","thumbprint_as_key_id":true"#,
            "key_id: conflicts with thumbprint_as_key_id; keep one",
        ),
        (
            r#""private_key_file":"/k","certificate":"PEM","certificate_file":"/c""#,
            "certificate_file: conflicts with certificate; keep one",
        ),
        (
            r#""private_key_file":"/k","with_certificate":true,"certificate_file":"/c""#,
            "certificate_file: conflicts with with_certificate; keep one",
        ),
        (
            r#""private_key_file":"/k","certificate":"s3cr3t""#,
            "certificate: it is not a certificate in PEM",
        ),
        (
            r#""client_secret":"s3cr3t","parameters":{"a":"1","a":"1"}"#,
            "parameters: \"a\" is set more than once",
        ),
    ] {
        let error = with(settings).unwrap_err();
        assert!(error.starts_with(problem), "{settings}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
}

/// Those of the client's authentication, and those that `build()` finds.
#[test]
fn errors_name_the_key_that_was_written() {
    for (settings, problem) in [
        (
            r#""client_secret":"s3cr3t","token_request_headers":{"te":"a"}"#,
            "token_request_headers: te is set by alf or the HTTP library",
        ),
        (
            r#""client_secret":"s3cr3t","acquire_timeout":"0s""#,
            "acquire_timeout: is zero",
        ),
        (
            r#""client_secret":"s3cr3t","token_endpoint_auth_method":"client_secret_jwt""#,
            "client_secret: it is shorter than the 32 bytes",
        ),
        // A variable that is set everywhere, and does not hold a key.
        (
            r#""private_key_env":"PATH""#,
            "private_key_env: it is not a private key in PEM",
        ),
        (
            r#""private_key":"s3cr3t","private_key_file":"/k","private_key_env":"K""#,
            "private_key: conflicts with private_key_file; keep one",
        ),
    ] {
        let error = with(settings).unwrap_err();
        assert!(error.starts_with(problem), "{settings}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
    for (key, setter) in [
        ("client_secret_file", "client_secret"),
        ("private_key_file", "private_key"),
        ("certificate_file", "certificate"),
        ("client_assertion_file", "client_assertion"),
        ("scope", "scope"),
    ] {
        let config = read(&format!(r#"{{"{key}":"a"}}"#)).unwrap();
        let names = BTreeMap::from([(setter.to_owned(), key.to_owned())]);
        assert_eq!(config.names(), names);
    }
    // An error about a setting that code has set names the setter.
    let given = r#"{"token_endpoint":"https://as.example/token","client_id":"me",
        "client_secret":"s3cr3t"}"#;
    let builder = || read(given).unwrap().builder::<CustomTransport>().unwrap();
    for (builder, setting) in [
        (builder().parameter("", ""), "parameter"),
        (
            builder().no_client_authentication("me"),
            "client_authentication",
        ),
    ] {
        let error = builder.build_tokens(Nowhere).map(|_| ()).unwrap_err();
        assert_eq!(error.setting(), setting);
    }
}

#[test]
fn empty_text_is_an_error() {
    for key in [
        "issuer",
        "token_endpoint",
        "client_id",
        "client_secret_file",
        "client_secret_env",
        "private_key_file",
        "private_key_env",
        "key_id",
        "certificate_file",
        "jwt_typ",
        "jwt_audience",
        "client_assertion_file",
        "client_assertion_type",
    ] {
        for value in ["", " "] {
            let error = read(&format!(r#"{{"{key}":"{value}"}}"#)).map(|_| ());
            let error = error.unwrap_err();
            assert!(
                error.starts_with(&format!("{key}: should be a text that is not empty")),
                "{error}"
            );
        }
    }
    let secret = r#""client_secret":"s3cr3t""#;
    assert_eq!(
        with(&format!(r#"{secret},"scope":"","audience":"""#)),
        Ok(())
    );
}

#[test]
fn table_keeps_its_order() {
    let config = read(r#"{"parameters":{"z":"1","a":"2"}}"#).unwrap();
    let Some(Value::Pairs(pairs)) = config.values.get("parameters") else {
        panic!("no pairs");
    };
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["z", "a"]);
}

#[test]
fn empty_list_is_an_error_if_it_would_disable_everything() {
    for (key, problem) in [
        ("allowed_origins", "remove the key to allow every origin"),
        ("rejecting_statuses", "remove the key for 401 alone"),
    ] {
        let variable = format!("ALF_{}", key.to_ascii_uppercase());
        for (name, read) in [
            (key, read(&format!(r#"{{"{key}":[]}}"#))),
            (key, read(&format!(r#"{{"{key}":""}}"#))),
            (&variable, variables(&[(&variable, " ")])),
        ] {
            let error = read.map(|_| ()).unwrap_err();
            assert!(
                error.starts_with(&format!("{name}: should be a list of ")),
                "{error}"
            );
            assert!(error.contains(problem), "{error}");
        }
    }
}

#[test]
fn variable_that_is_not_set_is_named_if_its_name_cannot_be_a_secret() {
    for name in ["NO_SUCH", "NO_SUCH_OAUTH2_CLIENT_SECRET"] {
        let error = with(&format!(r#""client_secret_env":"{name}""#)).unwrap_err();
        let problem = "is not set, or is not UTF-8";
        assert_eq!(
            error,
            format!("client_secret_env: the environment variable {name} {problem}")
        );
    }
}

#[test]
fn x1_a_secret_written_as_the_name_of_a_variable_is_not_shown() {
    let base32 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let long = "A_".repeat(33);
    for secret in [
        SECRET,
        base32,
        "DEADBEEFDEADBEEFDEADBEEFDEADBEEF",
        "KEY_JBSWY3DPEHPK3PX",
        "S3CR3T_a",
        "3_S3CR3T",
        "_S3CR3T",
        "S3CR3T_=",
        &long,
    ] {
        for (key, variable) in [
            ("client_secret_env", "ALF_CLIENT_SECRET_ENV"),
            ("private_key_env", "ALF_PRIVATE_KEY_ENV"),
        ] {
            let problem = "its environment variable is not set, or is not UTF-8";
            let error = with(&format!(r#""{key}":"{secret}""#)).unwrap_err();
            assert_eq!(error, format!("{key}: {problem}"));
            let error = built(variables(&[
                ("ALF_TOKEN_ENDPOINT", "https://as.example/token"),
                ("ALF_CLIENT_ID", "me"),
                (variable, secret),
            ]));
            assert_eq!(error.unwrap_err(), format!("{variable}: {problem}"));
        }
    }
}

#[test]
fn x1_a_secret_written_in_place_of_a_name_is_not_shown() {
    for (settings, problem) in [
        (
            r#""client_secret":"s","token_endpoint_auth_method""#,
            "token_endpoint_auth_method: should be one of client_secret_basic,",
        ),
        (
            r#""private_key_file":"/k","signing_algorithm""#,
            "signing_algorithm: should be one of RS256,",
        ),
        (
            r#""client_secret":"s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t",
               "token_endpoint_auth_method":"client_secret_jwt","signing_algorithm""#,
            "signing_algorithm: should be one of HS256,",
        ),
    ] {
        let error = with(&format!(r#"{settings}:"{SECRET}""#)).unwrap_err();
        assert!(error.starts_with(problem), "{settings}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
}

#[test]
fn x1_no_parser_quotes_a_value() {
    for json in [
        r#""s3cr3t""#,
        "123456789012345678901234567890",
        r#"{"client_secret":123456789012345678901234567890}"#,
        r#"{"client_secret":-7}"#,
        r#"["s3cr3t"]"#,
    ] {
        let error = read(json).map(|_| ()).unwrap_err();
        assert!(
            !error.contains(SECRET) && !error.contains("1234567890"),
            "{error}"
        );
    }
}

#[test]
fn x1_no_secret_is_shown() {
    let config = read(
        r#"{"token_endpoint":"https://as.example/?key=s3cr3t","client_id":"me",
            "client_secret":"s3cr3t","private_key":"s3cr3t","parameters":{"a":"s3cr3t"}}"#,
    );
    let shown = format!("{:?}", config.unwrap());
    assert!(
        shown.contains("client_secret") && !shown.contains(SECRET),
        "{shown}"
    );
}
