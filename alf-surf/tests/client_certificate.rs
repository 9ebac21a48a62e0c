//! `ClientCertificate`: what it makes for the back ends, and the errors of files that cannot be used.

#![cfg(any(feature = "curl-client", feature = "h1-client"))]

use alf_interop::{errors_name_the_file, key_file as key};
use alf_surf::ClientCertificate;

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![
            #[cfg(feature = "h1-client")]
            certificate.identity().map(drop).unwrap_err(),
            #[cfg(feature = "curl-client")]
            certificate.for_curl().unwrap_err(),
        ]
    });
}

#[cfg(feature = "h1-client")]
#[test]
fn t2_the_certificate_is_taken_by_value_on_h1() {
    let [certificate, key] =
        ["client.crt", "client.pem"].map(|name| std::fs::read_to_string(key(name)).unwrap());
    let certificate = ClientCertificate::from_pem(certificate, key);
    assert!(certificate.identity().is_ok());
    #[cfg(feature = "curl-client")]
    {
        let error = certificate.for_curl().unwrap_err();
        assert!(error.to_string().contains("from_files"), "{error}");
    }
}

#[cfg(feature = "h1-client")]
#[test]
fn x1_what_is_no_key_is_an_error_without_it() {
    use std::error::Error as _;

    let certificate = std::fs::read_to_string(key("client.crt")).unwrap();
    let no_key = "-----BEGIN PRIVATE KEY-----\nczNjcjN0\n-----END PRIVATE KEY-----\n";
    let certificate = ClientCertificate::from_pem(certificate, no_key);
    let error = certificate.identity().map(drop).unwrap_err();
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

/// It comes to surf's clients by another way than to isahc's. That it arrives, the cases of `interop`
/// hold.
#[cfg(feature = "curl-client")]
#[expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]
mod curl {
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::Path;

    use alf_surf::isahc::HttpClient;
    use alf_surf::isahc::config::Configurable;
    use alf_surf::{CurlClient, surf};
    use pollster::block_on;

    use super::*;

    #[test]
    fn t2_curl_takes_the_certificate_and_its_key() {
        let server = no_tls();
        for (key_file, fits) in [("client.pem", true), ("other-client.pem", false)] {
            let certificate = ClientCertificate::from_files(key("client.crt"), key(key_file));
            let curl =
                HttpClient::builder().ssl_client_certificate(certificate.for_curl().unwrap());
            let curl = CurlClient::from_isahc(curl.build().unwrap());
            let client = surf::Client::with_http_client(curl);
            let error = block_on(client.get(&server).send()).unwrap_err();
            let shown = format!("{error:?}");
            // Whose the key is, curl finds before it says a word: so with rustls, so with OpenSSL.
            let is_ours = ["BadClientCertificate", "given a bad argument"]
                .iter()
                .any(|said| shown.contains(said));
            assert_eq!(is_ours, !fits, "{key_file}: {error}");
        }
    }

    #[test]
    fn x1_a_file_that_curl_does_not_read_is_found_before_it_connects() {
        let one_line = Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-line.crt");
        let pem = std::fs::read_to_string(key("client.crt")).unwrap();
        std::fs::write(&one_line, pem.replace('\n', " ")).unwrap();
        let certificate = ClientCertificate::from_files(&one_line, key("client.pem"));
        let error = certificate.for_curl().unwrap_err();
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
}
