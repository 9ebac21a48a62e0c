//! `ClientCertificate`: the clients that it makes, and the errors of files that cannot be used.

#![cfg(any(feature = "curl-client", feature = "h1-client"))]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use alf_interop::key_file as key;
#[cfg(feature = "h1-client")]
use alf_surf::async_native_tls::TlsConnector;
#[cfg(feature = "curl-client")]
use alf_surf::isahc::HttpClient;
use alf_surf::{Client, ClientCertificate, ConfigError};

#[test]
fn t2_the_certificate_is_on_the_clients() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let client = Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
}

#[test]
fn x1_an_error_names_the_file() {
    let missing = error_of("nowhere.crt", "client.pem");
    assert_eq!(missing.setting(), "client_certificate");
    assert!(missing.to_string().contains("nowhere.crt"), "{missing}");
    let swapped = error_of("client.pem", "client.crt");
    assert!(
        swapped
            .to_string()
            .contains("client.pem: it holds a private key, and no certificate")
    );
    let keyless = error_of("client.crt", "client.crt");
    assert_eq!(keyless.setting(), "private_key");
    assert!(
        keyless
            .to_string()
            .contains("client.crt: it holds a certificate, and no private key")
    );
}

#[cfg(feature = "h1-client")]
#[test]
fn t2_the_certificate_is_taken_by_value_on_h1() {
    let [certificate, key] =
        ["client.crt", "client.pem"].map(|name| std::fs::read_to_string(key(name)).unwrap());
    let certificate = ClientCertificate::from_pem(certificate, key);
    let tls = TlsConnector::new();
    certificate.put_on_tls(tls).unwrap();
    let client = certificate.http_client();
    if cfg!(feature = "curl-client") {
        let error = client.unwrap_err();
        assert!(error.to_string().contains("from_files"), "{error}");
    } else {
        client.unwrap();
    }
}

#[cfg(feature = "h1-client")]
#[test]
fn x1_what_is_no_key_is_an_error_without_it() {
    use std::error::Error as _;

    let certificate = std::fs::read_to_string(key("client.crt")).unwrap();
    let no_key = "-----BEGIN PRIVATE KEY-----\nczNjcjN0\n-----END PRIVATE KEY-----\n";
    let certificate = ClientCertificate::from_pem(certificate, no_key);
    let tls = TlsConnector::new();
    let error = certificate.put_on_tls(tls).unwrap_err();
    let shown = format!("{error} {error:?} {:?} {certificate:?}", error.source());
    assert!(
        shown.contains("it cannot be used with the private key"),
        "{shown}"
    );
    assert!(
        !shown.contains("czNjcjN0") && !shown.contains("s3cr3t"),
        "{shown}"
    );
}

#[cfg(feature = "curl-client")]
#[test]
fn t2_the_certificate_is_put_on_isahc() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let builder = certificate.put_on_curl(HttpClient::builder());
    builder.unwrap().build().unwrap();
}

/// Each of the methods meets it.
fn error_of(certificate: &str, key_file: &str) -> ConfigError {
    let certificate = ClientCertificate::from_files(key(certificate), key(key_file));
    let error = certificate.http_client().unwrap_err();
    let other = certificate.token_http_client().unwrap_err();
    assert_eq!(error.to_string(), other.to_string());
    error
}
