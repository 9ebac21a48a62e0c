//! `ClientCertificate`: the clients that it makes, and the errors of files that cannot be used.

#![cfg(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::error::Error as _;

use alf_interop::{errors_name_the_file, key_file as key};
use alf_reqwest::reqwest::{self, redirect::Policy};
use alf_reqwest::{Client, ClientCertificate, ConfigError};

#[test]
fn t2_the_certificate_is_on_the_clients() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    // T7: alf refuses one that follows redirects.
    let client = builder()
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
    // X4: in a redirect, reqwest protects no other header.
    let in_another_header = builder()
        .http_client(certificate.http_client().unwrap())
        .token_header("X-Auth-Token");
    let error = in_another_header.build().unwrap_err();
    assert_eq!(error.setting(), "http_client");
    let following = builder().token_http_client(certificate.http_client().unwrap());
    assert_eq!(
        following.build().unwrap_err().setting(),
        "token_http_client"
    );
}

#[test]
fn t2_the_certificate_is_taken_by_value() {
    let [certificate, key] =
        ["client.crt", "client.pem"].map(|name| std::fs::read_to_string(key(name)).unwrap());
    let certificate = ClientCertificate::from_pem(certificate, key);
    certificate.http_client().unwrap();
    certificate.token_http_client().unwrap();
    let own = reqwest::Client::builder().redirect(Policy::none());
    certificate.put_on(own).unwrap().build().unwrap();
}

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![
            certificate.http_client().unwrap_err(),
            certificate.token_http_client().unwrap_err(),
            certificate.put_on(reqwest::Client::builder()).unwrap_err(),
        ]
    });
}

#[test]
fn x1_a_key_of_another_certificate_is_an_error_with_both_names() {
    let of_another = ClientCertificate::from_files(key("client.crt"), key("other-client.pem"));
    let error = error_of(&of_another);
    assert!(
        error.to_string().contains("client.crt: it cannot be used"),
        "{error}"
    );
    assert!(error.to_string().contains("other-client.pem"), "{error}");
    assert!(error.source().is_some(), "reqwest's error is beneath");
    shows_no_key(&format!("{error} {error:?}"), "other-client.pem");
}

#[test]
fn x1_what_is_no_certificate_is_an_error_without_the_key() {
    let pem = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    };
    let [certificate, secret] =
        ["client.crt", "client.pem"].map(|name| std::fs::read_to_string(key(name)).unwrap());
    let no_key = ClientCertificate::from_pem(certificate, pem("PRIVATE KEY", "czNjcjN0"));
    let no_certificate = ClientCertificate::from_pem(pem("CERTIFICATE", "aGVsbG8="), secret);
    for wrong in [no_key, no_certificate] {
        let error = error_of(&wrong);
        let shown = format!("{error} {error:?} {:?} {wrong:?}", error.source());
        assert!(
            !shown.contains("czNjcjN0") && !shown.contains("s3cr3t"),
            "{shown}"
        );
        shows_no_key(&shown, "client.pem");
    }
}

#[cfg(feature = "blocking")]
#[test]
fn t2_the_blocking_clients_have_it_too() {
    use alf_reqwest::blocking::{Client, ClientCertificate};

    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let client = Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
    let own = reqwest::blocking::Client::builder();
    certificate.put_on(own).unwrap().build().unwrap();
    let swapped = ClientCertificate::from_files(key("client.pem"), key("client.crt"));
    assert!(swapped.http_client().is_err() && swapped.token_http_client().is_err());
}

#[cfg(feature = "blocking")]
#[tokio::test]
async fn p2_a_blocking_client_is_built_in_an_async_task_without_a_panic() {
    use alf_reqwest::blocking::ClientCertificate;

    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    for client in [certificate.http_client(), certificate.token_http_client()] {
        client.unwrap();
    }
}

fn builder() -> alf_reqwest::ClientBuilder {
    Client::builder("https://auth.example.com/token").tls_client_auth("client-id")
}

/// Each of the methods meets it.
fn error_of(certificate: &ClientCertificate) -> ConfigError {
    let token_error = certificate.token_http_client().unwrap_err();
    let error = certificate.http_client().unwrap_err();
    assert_eq!(error.to_string(), token_error.to_string());
    error
}

fn shows_no_key(shown: &str, file: &str) {
    let pem = std::fs::read_to_string(key(file)).unwrap();
    for line in pem.lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(line), "{shown}");
    }
}
