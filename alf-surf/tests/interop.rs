//! alf-surf with a real authorization server, on the back end that it makes by itself.

#![cfg_attr(
    any(feature = "h1-client", feature = "curl-client"),
    expect(
        clippy::unwrap_used,
        reason = "code of tests, outside of their functions"
    )
)]

use std::future::Future;
use std::path::Path;

use alf_core::TokenManager;
use alf_interop::{AdapterFeature, ApiResponse, CallError, InteropAdapter, TlsSettings};
use alf_surf::surf::{self, Response};
use alf_surf::{Client, ClientBuilder, Error, Surf};

struct OnSurf;

impl InteropAdapter for OnSurf {
    type Adapter = Surf;

    fn http_client(tls: &TlsSettings) -> surf::Client {
        surf::Client::with_http_client(back_end(tls))
    }

    fn with_certificate(builder: ClientBuilder, certificate: &Path, key: &Path) -> ClientBuilder {
        let mut tls = TlsSettings::default();
        tls.identity = Some((certificate.to_owned(), key.to_owned()));
        let http_client = Self::http_client(&tls);
        builder
            .token_http_client(http_client.clone())
            .http_client(http_client)
    }

    async fn get(client: &Client, url: &str) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.get(url).await?).await?)
    }

    async fn post(
        client: &Client,
        url: &str,
        text: &'static str,
    ) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.post(url).body(text).await?).await?)
    }

    fn tokens(client: &Client) -> &TokenManager {
        client.core().tokens()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn has(feature: AdapterFeature) -> bool {
        let has_safe_logs = cfg!(not(feature = "curl-client"));
        let has_tls = cfg!(any(feature = "h1-client", feature = "curl-client"));
        (feature == AdapterFeature::SafeLogs && has_safe_logs)
            || (feature != AdapterFeature::SafeLogs && has_tls)
    }
}

/// As alf does by itself: curl, where it is built.
#[cfg(feature = "curl-client")]
fn back_end(tls: &TlsSettings) -> alf_surf::CurlClient {
    use alf_surf::isahc::HttpClient;
    use alf_surf::isahc::config::{CaCertificate, Configurable};

    let mut curl = HttpClient::builder();
    if tls.root_certificate.is_some() {
        // isahc 0.9 takes it from a file alone.
        curl = curl.ssl_ca_certificate(CaCertificate::file(alf_interop::key_file("ca.crt")));
    }
    if let Some((certificate, key)) = &tls.identity {
        let certificate = alf_surf::ClientCertificate::from_files(certificate, key);
        curl = curl.ssl_client_certificate(certificate.for_curl().unwrap());
    }
    alf_surf::CurlClient::from_isahc(curl.build().unwrap())
}

#[cfg(all(feature = "h1-client", not(feature = "curl-client")))]
fn back_end(tls: &TlsSettings) -> alf_surf::H1Client {
    use alf_surf::async_native_tls::{Certificate, TlsConnector};

    let mut connector = TlsConnector::new();
    if let Some(root) = &tls.root_certificate {
        let root = Certificate::from_pem(root.as_bytes()).unwrap();
        connector = connector.add_root_certificate(root);
    }
    if let Some((certificate, key)) = &tls.identity {
        let certificate = alf_surf::ClientCertificate::from_files(certificate, key);
        connector = connector.identity(certificate.identity().unwrap());
    }
    alf_surf::H1Client::new().tls(connector)
}

#[cfg(not(any(feature = "h1-client", feature = "curl-client")))]
fn back_end(_: &TlsSettings) -> alf_surf::H1Client {
    alf_surf::H1Client::new()
}

async fn read(mut response: Response) -> Result<ApiResponse, Error> {
    let body = response.body_string().await;
    Ok(ApiResponse {
        status: response.status().into(),
        body: body?,
    })
}

alf_interop::interop!(OnSurf);
