//! `ClientCertificate`: the clients that it makes, and the errors of files that cannot be used.

#![cfg(any(feature = "curl-client", feature = "h1-client"))]

use alf_interop::{errors_name_the_file, key_file as key};
#[cfg(feature = "h1-client")]
use alf_surf::async_native_tls::TlsConnector;
use alf_surf::{Client, ClientCertificate};

#[test]
fn t7_alf_takes_the_clients() {
    let certificate = ClientCertificate::from_files(key("client.crt"), key("client.pem"));
    let client = Client::builder("https://auth.example.com/token")
        .tls_client_auth("client-id")
        .http_client(certificate.http_client().unwrap())
        .token_http_client(certificate.token_http_client().unwrap());
    client.build().unwrap();
}

#[test]
fn x1_an_error_names_the_file() {
    errors_name_the_file(|certificate, key| {
        let certificate = ClientCertificate::from_files(certificate, key);
        vec![
            certificate.http_client().unwrap_err(),
            certificate.token_http_client().unwrap_err(),
            #[cfg(feature = "h1-client")]
            certificate.put_on_tls(TlsConnector::new()).unwrap_err(),
            #[cfg(feature = "curl-client")]
            curl::put_on(&certificate).unwrap_err(),
        ]
    });
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

    use alf_surf::isahc::{HttpClient, HttpClientBuilder};
    use alf_surf::{ConfigError, CurlClient, surf};
    use pollster::block_on;

    use super::*;

    #[test]
    fn t2_the_certificate_is_on_the_clients() {
        let server = no_tls();
        for (key_file, fits) in [("client.pem", true), ("other-client.pem", false)] {
            let certificate = ClientCertificate::from_files(key("client.crt"), key(key_file));
            let own = put_on(&certificate).unwrap().build().unwrap();
            for client in [
                certificate.http_client().unwrap(),
                certificate.token_http_client().unwrap(),
                surf::Client::with_http_client(CurlClient::from_isahc(own)),
            ] {
                let error = block_on(client.get(&server).send()).unwrap_err();
                let shown = format!("{error:?}");
                // Whose the key is, curl finds before it says a word: so with rustls, so with OpenSSL.
                let is_ours = ["BadClientCertificate", "given a bad argument"]
                    .iter()
                    .any(|said| shown.contains(said));
                assert_eq!(is_ours, !fits, "{key_file}: {error}");
            }
        }
    }

    #[test]
    fn x1_a_file_that_curl_does_not_read_is_found_before_it_connects() {
        let one_line = Path::new(env!("CARGO_TARGET_TMPDIR")).join("one-line.crt");
        let pem = std::fs::read_to_string(key("client.crt")).unwrap();
        std::fs::write(&one_line, pem.replace('\n', " ")).unwrap();
        let certificate = ClientCertificate::from_files(&one_line, key("client.pem"));
        for error in [
            certificate.token_http_client().unwrap_err(),
            put_on(&certificate).unwrap_err(),
        ] {
            assert!(error.to_string().contains("one-line.crt"), "{error}");
            assert!(error.to_string().contains("a line of its own"), "{error}");
        }
    }

    pub(super) fn put_on(
        certificate: &ClientCertificate,
    ) -> Result<HttpClientBuilder, ConfigError> {
        certificate.put_on_curl(HttpClient::builder())
    }

    /// An address where each connection is closed at once.
    fn no_tls() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().for_each(drop));
        format!("https://{address}/")
    }
}
