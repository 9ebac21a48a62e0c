//! `ClientCertificate`: what it makes for reqwest, and the errors of files that cannot be used.

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
use alf_reqwest::{Client, ClientCertificate};

/// That it arrives, the cases of `interop` hold.
#[test]
fn t2_reqwest_takes_the_certificate_from_files_and_by_value() {
    let [certificate, secret] =
        ["client.crt", "client.pem"].map(|name| std::fs::read_to_string(key(name)).unwrap());
    for certificate in [
        ClientCertificate::from_files(key("client.crt"), key("client.pem")),
        ClientCertificate::from_pem(certificate, secret),
    ] {
        let identity = certificate.identity().unwrap();
        Client::builder("https://auth.example.com/token")
            .tls_client_auth("client-id")
            .configure_http(move |http| http.identity(identity.clone()))
            .build()
            .unwrap();
    }
}

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![certificate.identity().map(drop).unwrap_err()]
    });
}

#[test]
fn x1_a_key_of_another_certificate_is_an_error_with_both_names() {
    let of_another = ClientCertificate::from_files(key("client.crt"), key("other-client.pem"));
    let error = of_another.identity().map(drop).unwrap_err();
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
        let error = wrong.identity().map(drop).unwrap_err();
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
fn t2_the_blocking_client_takes_it_too() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let identity = certificate.identity().unwrap();
    alf_reqwest::blocking::Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .configure_http(move |http| http.identity(identity.clone()))
        .build()
        .unwrap();
}

fn shows_no_key(shown: &str, file: &str) {
    let pem = std::fs::read_to_string(key(file)).unwrap();
    for line in pem.lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(line), "{shown}");
    }
}
