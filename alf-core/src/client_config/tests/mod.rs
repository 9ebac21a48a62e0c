mod authentication;
mod environment;

use crate::authentication::tests::P256;
use crate::{OwnTokens, TokenEndpoint, TransportError};

use super::keys::KEYS;
use super::*;

const SECRET: &str = "s3cr3t";

struct Nowhere;

#[async_trait::async_trait]
impl TokenEndpoint for Nowhere {
    async fn exchange(
        &self,
        _: http::Request<bytes::Bytes>,
        _: &crate::ExchangeOptions,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        Err(crate::TransportErrorKind::Connect.into())
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
    let builder = config?.builder::<OwnTokens>().map_err(|e| e.to_string())?;
    builder.build(Nowhere).map_err(|e| e.to_string())?;
    Ok(())
}

/// The rest of a file around what a case is about.
fn with(rest: &str) -> Result<(), String> {
    built(read(&format!(
        r#"{{"token_endpoint":"https://as.example/token","client_id":"me",{rest}}}"#
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
        | "client_secret_raw" => "true",
        "rejecting_statuses" => "[401, 403]",
        "parameters" | "token_request_headers" => r#"{"tenant":"one"}"#,
        "leeway" | "default_lifetime" | "acquire_timeout" | "attempt_timeout" => r#""30s""#,
        "scope" | "resource" | "allowed_origins" => r#"["https://a.example"]"#,
        _ => r#""text""#,
    };
    for key in KEYS {
        let config = read(&format!(r#"{{"{key}":{}}}"#, values(key))).unwrap();
        assert!(config.given.seen.contains(key), "{key}");
        // And from a variable, where everything is a text.
        let value = match *key {
            "rejecting_statuses" => "401 403",
            "parameters" | "token_request_headers" => "tenant=one&other=%20",
            _ => values(key).trim_matches(['[', ']', '"']),
        };
        let variable = format!("ALF_{}", key.to_ascii_uppercase());
        let config = variables(&[(&variable, value)]).unwrap();
        assert!(config.given.seen.contains(key), "{key}");
    }
}

#[test]
fn each_method_takes_what_it_needs() {
    let pem = P256.replace('\n', "\\n");
    for rest in [
        r#""client_secret":"s3cr3t""#.to_owned(),
        r#""client_secret_file":"/run/secret""#.to_owned(),
        r#""client_secret":"s3cr3t","token_endpoint_auth_method":"client_secret_post""#.to_owned(),
        r#""client_secret":"s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t",
           "token_endpoint_auth_method":"client_secret_jwt","signing_algorithm":"HS512""#
            .to_owned(),
        format!(r#""private_key":"{pem}","key_id":"one""#),
        r#""private_key_file":"/run/key","signing_algorithm":"PS256""#.to_owned(),
        r#""client_assertion_file":"/run/assertion""#.to_owned(),
        r#""token_endpoint_auth_method":"tls_client_auth""#.to_owned(),
        r#""token_endpoint_auth_method":"self_signed_tls_client_auth""#.to_owned(),
        r#""token_endpoint_auth_method":"none""#.to_owned(),
    ] {
        assert_eq!(with(&rest), Ok(()), "{rest}");
    }
    let issuer = r#"{"issuer":"https://as.example","client_id":"me","client_secret":"s3cr3t"}"#;
    assert_eq!(built(read(issuer)), Ok(()));
}

#[test]
fn wrong_key_is_an_error_that_names_the_one_that_is_like_it() {
    for (key, like) in [
        ("clientid", "client_id"),
        ("client-id", "client_id"),
        ("clinet_secret", "client_secret"),
        ("scopes", "scope"),
        ("Scope", "scope"),
        ("token_url", "; there are issuer, token_endpoint,"),
    ] {
        let error = read(&format!(r#"{{"{key}":"s3cr3t"}}"#)).unwrap_err();
        assert!(
            error.starts_with(&format!("{key}: there is no such key")),
            "{error}"
        );
        assert!(error.contains(like), "{error}");
        // serde_json says where.
        assert!(error.contains("line 1"), "{error}");
        assert!(!error.contains(SECRET), "{error}");
    }
    let error = variables(&[("ALF_CLIENTID", SECRET)]).unwrap_err();
    assert_eq!(
        error,
        "ALF_CLIENTID: there is no such key; client_id is like it"
    );
}

#[test]
fn wrong_value_is_an_error_that_names_the_key_and_not_the_value() {
    for (rest, problem) in [
        (
            r#""client_secret":7"#,
            "client_secret: is a number, and should be a text",
        ),
        (r#""client_secret":["s3cr3t"]"#, "client_secret: is a list"),
        (
            r#""acquire_timeout":30"#,
            "acquire_timeout: has no unit; write it as \"30s\"",
        ),
        (
            r#""acquire_timeout":"30""#,
            "acquire_timeout: is no time with a unit",
        ),
        (
            r#""acquire_timeout":"soon""#,
            "acquire_timeout: is no time with a unit",
        ),
        (
            r#""acquire_timeout":-1"#,
            "acquire_timeout: is a negative number",
        ),
        (r#""acquire_timeout":1.5"#, "acquire_timeout: is a fraction"),
        (r#""leeway":null"#, "leeway: is nothing"),
        (r#""replays":"no""#, "replays: should be true or false"),
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
            "parameters: a: is a table, and should be a text",
        ),
        (
            r#""scope":true"#,
            "scope: is true or false, and should be texts",
        ),
        (r#""client_id":"again""#, "client_id: is set twice"),
    ] {
        let error = with(rest).unwrap_err();
        assert!(error.starts_with(problem), "{rest}: {error}");
        assert!(!error.contains(SECRET), "{error}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_errors() {
    for (json, problem) in [
        (
            r#"{"client_id":"me","client_secret":"s"}"#,
            "token_endpoint: is not set, nor is issuer",
        ),
        (r#"{"issuer":"https://a.example"}"#, "client_id: is not set"),
        (
            r#"{"issuer":"https://a.example","client_id":"me"}"#,
            "token_endpoint_auth_method: is not set, and there is no client_secret",
        ),
    ] {
        let error = built(read(json)).unwrap_err();
        assert!(error.starts_with(problem), "{json}: {error}");
    }
    for (rest, problem) in [
        (
            r#""client_secret":"s3cr3t","client_secret_file":"/run/secret""#,
            "client_secret: is set in more than one way",
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
            "private_key: is not set, for private_key_jwt",
        ),
        (
            r#""token_endpoint_auth_method":"client_assertion""#,
            "client_assertion_file: is not set",
        ),
        (
            r#""token_endpoint_auth_method":"basic""#,
            "token_endpoint_auth_method: \"basic\" is none of client_secret_basic,",
        ),
        (
            r#""client_secret":"s3cr3t","token_endpoint_auth_method":"basic""#,
            "token_endpoint_auth_method: \"basic\" is none of client_secret_basic,",
        ),
        (
            r#""private_key_file":"/k","signing_algorithm":"HS256""#,
            "signing_algorithm: \"HS256\" is none of RS256,",
        ),
        (
            r#""private_key_file":"/k","key_id":"one","thumbprint_as_key_id":true"#,
            "key_id: is set in more than one way; keep one",
        ),
        (
            r#""private_key_file":"/k","certificate":"PEM","certificate_file":"/c""#,
            "certificate: is set in more than one way; keep one",
        ),
        (
            r#""private_key_file":"/k","with_certificate":true,"certificate_file":"/c""#,
            "certificate: is set in more than one way; keep one",
        ),
        (
            r#""private_key_file":"/k","certificate":"s3cr3t""#,
            "certificate: it is no certificate in PEM",
        ),
        (
            r#""client_secret":"s3cr3t","parameters":{"a":"1","a":"1"}"#,
            "parameter: \"a\" is set more than once",
        ),
        (
            r#""client_secret_env":"ALF_TESTS_DO_NOT_SET_THIS""#,
            "client_secret: the variable ALF_TESTS_DO_NOT_SET_THIS is not set",
        ),
    ] {
        let error = with(rest).unwrap_err();
        assert!(error.starts_with(problem), "{rest}: {error}");
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
