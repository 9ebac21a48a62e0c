//! Each setting of the client's authentication is in the request, or is an error if it is not used.

use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::ClientAssertion;
use crate::authentication::tests::{CERTIFICATE, P256, THUMBPRINT, TemporaryFile, parts};

use super::*;

const ENDPOINT: &str = "https://as.example/token";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LONG_SECRET: &str = "s3cr3t-of-32-bytes-or-more-s3cr3t";

/// Keeps the request that it was sent, and refuses the client.
#[derive(Clone, Default)]
struct Refusing(Arc<Mutex<http::Request<bytes::Bytes>>>);

#[async_trait::async_trait]
impl TokenTransport for Refusing {
    async fn exchange(
        &self,
        request: http::Request<bytes::Bytes>,
        _: &crate::ExchangeOptions,
    ) -> Result<http::Response<bytes::Bytes>, ExchangeError> {
        *self.0.lock().unwrap() = request;
        let mut response = http::Response::new(bytes::Bytes::from_static(b"{}"));
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        Ok(response)
    }
}

/// The token request that these settings make.
fn request(settings: &Value) -> http::Request<bytes::Bytes> {
    let all = merged(
        &json!({"token_endpoint": ENDPOINT, "client_id": "me"}),
        settings,
    );
    let config = read(&all.to_string()).unwrap();
    let builder = config.builder::<CustomTransport>();
    let endpoint = Refusing::default();
    let tokens = builder.unwrap().build_tokens(endpoint.clone()).unwrap();
    pollster::block_on(tokens.token()).unwrap_err();
    let request = endpoint.0.lock().unwrap();
    request.clone()
}

fn merged(settings: &Value, further: &Value) -> Value {
    let mut all = settings.clone();
    let further = further.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(further);
    all
}

/// A parameter of it.
fn parameter(settings: &Value, name: &str) -> Option<String> {
    let form = String::from_utf8(request(settings).into_body().to_vec()).unwrap();
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
    value.map(|value| percent_decode_str(value).decode_utf8().unwrap().into())
}

/// Header and claims of the assertion that these settings make.
fn assertion(settings: &Value) -> [Value; 2] {
    let (header, claims, _) = parts(&parameter(settings, "client_assertion").unwrap());
    [header, claims]
}

#[test]
fn t2_id_and_secret_are_encoded_or_raw() {
    for (further, credentials) in [
        (json!({}), "Basic bWU6JTI1JTIw"),
        (json!({"client_secret_raw": false}), "Basic bWU6JTI1JTIw"),
        (json!({"client_secret_raw": true}), "Basic bWU6JSA="),
    ] {
        let all = merged(&json!({"client_secret": "% "}), &further);
        assert_eq!(request(&all).headers()["authorization"], credentials);
    }
}

#[test]
fn t2_typ_and_audience_of_an_assertion_are_settable() {
    for method in [
        json!({"client_secret": LONG_SECRET,
            "token_endpoint_auth_method": "client_secret_jwt"}),
        json!({"private_key": P256}),
    ] {
        let with = |further: Value| assertion(&merged(&method, &further));
        let [header, claims] = with(json!({}));
        assert_eq!(header.get("typ"), None);
        assert_eq!(claims["aud"], ENDPOINT);
        let set = json!({"jwt_typ": "client-authentication+jwt",
            "jwt_audience": "https://as.example/other"});
        let [header, claims] = with(set);
        assert_eq!(header["typ"], "client-authentication+jwt");
        assert_eq!(claims["aud"], "https://as.example/other");
        let times =
            |claims: &Value| claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(times(&claims), 130);
        let [_, claims] = with(json!({"jwt_lifetime": "30s", "jwt_backdate": "2s"}));
        assert_eq!(times(&claims), 32);
        // No discovery: the one request that is refused is that for a token.
        let [_, claims] = with(json!({"issuer": "https://as.example"}));
        assert_eq!(claims["aud"], "https://as.example");
    }
}

#[test]
fn t2_the_certificate_is_beside_the_key_or_by_value_or_in_a_file() {
    let both = format!("{P256}{CERTIFICATE}");
    let key_file = TemporaryFile::new(P256.as_bytes());
    let certificate_file = TemporaryFile::new(CERTIFICATE.as_bytes());
    for settings in [
        json!({"private_key": both, "with_certificate": true}),
        json!({"private_key": P256, "certificate": CERTIFICATE}),
        json!({"private_key_file": key_file.path(), "certificate_file": certificate_file.path()}),
    ] {
        let [header, _] = assertion(&settings);
        assert_eq!(header["x5t#S256"], THUMBPRINT, "{settings}");
    }
    for settings in [
        json!({"private_key": both}),
        json!({"private_key": both, "with_certificate": false}),
    ] {
        let [header, _] = assertion(&settings);
        assert_eq!(header, json!({"alg": "ES256"}));
    }
    let [header, _] = assertion(&json!({"private_key": P256, "thumbprint_as_key_id": true}));
    assert_eq!(header["kid"].as_str().unwrap().len(), 43, "{header}");
}

#[test]
fn t2_type_and_client_id_beside_an_assertion_are_settable() {
    let file = TemporaryFile::new(b"PHNhbWw");
    for (further, assertion_type, client_id) in [
        (json!({}), JWT_BEARER, Some("me")),
        (json!({"without_client_id": false}), JWT_BEARER, Some("me")),
        (json!({"without_client_id": true}), JWT_BEARER, None),
        (
            json!({"client_assertion_type": ClientAssertion::SAML2_BEARER}),
            ClientAssertion::SAML2_BEARER,
            Some("me"),
        ),
    ] {
        let all = merged(&json!({"client_assertion_file": file.path()}), &further);
        let sent = |name| parameter(&all, name);
        assert_eq!(sent("client_assertion").as_deref(), Some("PHNhbWw"));
        assert_eq!(
            sent("client_assertion_type").as_deref(),
            Some(assertion_type)
        );
        assert_eq!(sent("client_id").as_deref(), client_id);
    }
}

#[test]
fn t2_a_key_that_the_method_does_not_use_is_an_error() {
    let secret = r#""client_secret":"s3cr3t-of-32-bytes-or-more-s3cr3t""#;
    let secret_jwt = format!(r#"{secret},"token_endpoint_auth_method":"client_secret_jwt""#);
    let key = r#""private_key_file":"/k","token_endpoint_auth_method":"private_key_jwt""#;
    let federated =
        r#""client_assertion_file":"/a","token_endpoint_auth_method":"client_assertion""#;
    let none = r#""token_endpoint_auth_method":"none""#;
    let tls = r#""token_endpoint_auth_method":"tls_client_auth""#;
    for (unused, value, unused_by) in [
        (
            "client_secret_file",
            r#""/s""#,
            &[key, federated, none, tls][..],
        ),
        ("client_secret_raw", "true", &[&secret_jwt, key, none]),
        ("client_secret_env", r#""S""#, &[key, federated, none, tls]),
        ("private_key", r#""PEM""#, &[secret, &secret_jwt, none, tls]),
        ("private_key_env", r#""K""#, &[secret, &secret_jwt, none]),
        ("key_id", r#""k""#, &[secret, &secret_jwt, federated, tls]),
        (
            "thumbprint_as_key_id",
            "true",
            &[secret, &secret_jwt, federated],
        ),
        (
            "certificate",
            r#""PEM""#,
            &[secret, &secret_jwt, federated, tls],
        ),
        (
            "certificate_file",
            r#""/c""#,
            &[secret, &secret_jwt, federated, tls],
        ),
        (
            "with_certificate",
            "false",
            &[secret, &secret_jwt, federated, tls],
        ),
        (
            "signing_algorithm",
            r#""ES256""#,
            &[secret, federated, none],
        ),
        ("jwt_typ", r#""t""#, &[secret, federated, none, tls]),
        ("jwt_audience", r#""a""#, &[secret, federated, none, tls]),
        (
            "client_assertion_type",
            r#""t""#,
            &[secret, &secret_jwt, key, none],
        ),
        (
            "without_client_id",
            "true",
            &[secret, &secret_jwt, key, none],
        ),
    ] {
        for method in unused_by {
            let error = with(&format!(r#"{method},"{unused}":{value}"#)).unwrap_err();
            let problem = format!("{unused}: is set, but ");
            assert!(error.starts_with(&problem), "{method}: {error}");
            assert!(error.contains(" does not use it"), "{method}: {error}");
        }
    }
}

#[test]
fn t2_the_certificate_for_tls_belongs_to_the_http_clients() {
    let hint = "does not use it; the HTTP clients have the certificate and its key: see \
                ClientCertificate, token_http_client and http_client";
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let with = |key: &str| {
            let settings = format!(r#""token_endpoint_auth_method":"{method}","{key}":"/run/pem""#);
            with(&settings).unwrap_err()
        };
        for key in [
            "certificate",
            "certificate_file",
            "private_key",
            "private_key_file",
            "client_secret_file",
        ] {
            let error = with(key);
            assert_eq!(error, format!("{key}: is set, but {method} {hint}"));
        }
    }
}

#[test]
fn t2_an_issuer_with_an_endpoint_is_used_without_discovery() {
    for method in [
        r#""client_secret":"s3cr3t""#,
        r#""private_key_file":"/k""#,
        r#""token_endpoint_auth_method":"none""#,
    ] {
        let issuer = r#""issuer":"https://as.example""#;
        assert_eq!(with(&format!("{method},{issuer}")), Ok(()));
        let error = with(&format!(r#"{method},"issuer":" https://as.example""#));
        assert_eq!(
            error.unwrap_err(),
            "issuer: is empty or contains white space; write it as the server's metadata has it"
        );
    }
}
