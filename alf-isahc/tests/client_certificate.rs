//! `ClientCertificate`: what it makes for isahc, and the errors of files that cannot be used.

#![cfg(feature = "rustls-tls")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use alf_interop::{errors_name_the_file, key_file as key};
use alf_isahc::ClientCertificate;
use alf_isahc::isahc::HttpClient;
use alf_isahc::isahc::config::Configurable;
use alf_isahc::isahc::error::ErrorKind;
use alf_isahc::isahc::tls::TlsConfig;

/// That it arrives, the cases of `interop` hold.
#[test]
fn t2_curl_takes_the_certificate_and_its_key() {
    let server = no_tls();
    for (key_file, fits) in [("client.pem", true), ("other-client.pem", false)] {
        let certificate = ClientCertificate::from_files(key("client.crt"), key(key_file));
        let tls = TlsConfig::builder().identity(certificate.identity().unwrap());
        let client = HttpClient::builder().tls_config(tls.build());
        let error = client.build().unwrap().get(&server).unwrap_err();
        // Whose the key is, curl finds before it says a word.
        let is_ours = *error.kind() == ErrorKind::BadClientCertificate;
        assert_eq!(is_ours, !fits, "{key_file}: {error:?}");
    }
}

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![certificate.identity().unwrap_err()]
    });
}

#[test]
fn x1_a_file_that_curl_does_not_read_is_found_before_it_connects() {
    let one_line = Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-line.crt");
    let pem = std::fs::read_to_string(key("client.crt")).unwrap();
    std::fs::write(&one_line, pem.replace('\n', " ")).unwrap();
    let certificate = ClientCertificate::from_files(&one_line, key("client.pem"));
    let error = certificate.identity().unwrap_err();
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
