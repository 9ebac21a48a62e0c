//! `ClientCertificate`: the clients that it makes, and the errors of files that cannot be used.

#![cfg(feature = "rustls-tls")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use alf_interop::key_file as key;
use alf_isahc::isahc::HttpClient;
use alf_isahc::isahc::config::Configurable;
use alf_isahc::isahc::tls::TlsConfig;
use alf_isahc::{Client, ClientCertificate, ConfigError};

#[test]
fn t2_the_certificate_is_on_the_clients() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let client = Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
    let tls = certificate.put_on(TlsConfig::builder()).unwrap().build();
    HttpClient::builder().tls_config(tls).build().unwrap();
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

/// Each of the methods meets it.
fn error_of(certificate: &str, key_file: &str) -> ConfigError {
    let certificate = ClientCertificate::from_files(key(certificate), key(key_file));
    let error = certificate.http_client().unwrap_err();
    let others = [
        certificate.token_http_client().unwrap_err(),
        certificate.put_on(TlsConfig::builder()).unwrap_err(),
    ];
    for other in others {
        assert_eq!(error.to_string(), other.to_string());
    }
    error
}
