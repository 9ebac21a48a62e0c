//! `ClientCertificate`: the clients that it makes, and the errors of files that cannot be used.

#![cfg(feature = "rustls-tls")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use alf_interop::{errors_name_the_file, key_file as key};
use alf_isahc::isahc::HttpClient;
use alf_isahc::isahc::config::Configurable;
use alf_isahc::isahc::error::ErrorKind;
use alf_isahc::isahc::tls::TlsConfig;
use alf_isahc::{Client, ClientCertificate};

#[test]
fn t7_alf_takes_the_clients() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let client = Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
}

/// That it arrives, the cases of `interop` hold.
#[test]
fn t2_the_certificate_is_on_the_clients() {
    let server = no_tls();
    for (key_file, fits) in [("client.pem", true), ("other-client.pem", false)] {
        let certificate = ClientCertificate::from_files(key("client.crt"), key(key_file));
        let tls = certificate.put_on(TlsConfig::builder()).unwrap().build();
        for client in [
            certificate.http_client().unwrap(),
            certificate.token_http_client().unwrap(),
            HttpClient::builder().tls_config(tls).build().unwrap(),
        ] {
            let error = client.get(&server).unwrap_err();
            // Whose the key is, curl finds before it says a word.
            let is_ours = *error.kind() == ErrorKind::BadClientCertificate;
            assert_eq!(is_ours, !fits, "{key_file}: {error:?}");
        }
    }
}

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![
            certificate.http_client().unwrap_err(),
            certificate.token_http_client().unwrap_err(),
            certificate.put_on(TlsConfig::builder()).unwrap_err(),
        ]
    });
}

#[test]
fn x1_a_file_that_curl_does_not_read_is_found_before_it_connects() {
    let one_line = Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-line.crt");
    let pem = std::fs::read_to_string(key("client.crt")).unwrap();
    std::fs::write(&one_line, pem.replace('\n', " ")).unwrap();
    let certificate = ClientCertificate::from_files(&one_line, key("client.pem"));
    let error = certificate.token_http_client().unwrap_err();
    assert!(error.to_string().contains("one-line.crt"), "{error}");
    assert!(error.to_string().contains("a line of its own"), "{error}");
}

/// An address where each connection is closed at once.
fn no_tls() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    format!("https://{address}/")
}
