//! alf-reqwest with a real authorization server.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::path::Path;
use std::sync::LazyLock;

use alf_core::TokenManager;
use alf_interop::{AdapterFeature, ApiResponse, CallError, InteropAdapter, TlsSettings};
use alf_reqwest::reqwest::{self, Response, redirect::Policy};
use alf_reqwest::{Client, ClientBuilder, Error, HttpClient, Reqwest};

struct OnReqwest;

impl InteropAdapter for OnReqwest {
    type Adapter = Reqwest;

    fn http_client(tls: &TlsSettings) -> HttpClient {
        let builder = reqwest::Client::builder().redirect(Policy::none());
        with_tls(builder, tls).build().unwrap().into()
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn with_certificate(builder: ClientBuilder, certificate: &Path, key: &Path) -> ClientBuilder {
        let certificate = alf_reqwest::ClientCertificate::from_files(certificate, key);
        let identity = certificate.identity().unwrap();
        builder.configure_http(move |http| http.identity(identity.clone()))
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn with_certificate(builder: ClientBuilder, _: &Path, _: &Path) -> ClientBuilder {
        builder
    }

    async fn get(client: &Client, url: &str) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.get(url).send().await?).await?)
    }

    async fn post(
        client: &Client,
        url: &str,
        text: &'static str,
    ) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.post(url).body(text).send().await?).await?)
    }

    fn tokens(client: &Client) -> &TokenManager {
        client.core().tokens()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn has(feature: AdapterFeature) -> bool {
        feature == AdapterFeature::SafeLogs || cfg!(any(feature = "rustls", feature = "native-tls"))
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn with_tls(mut builder: reqwest::ClientBuilder, tls: &TlsSettings) -> reqwest::ClientBuilder {
    use alf_reqwest::reqwest::Certificate;

    if let Some(root) = &tls.root_certificate {
        builder = builder.tls_certs_only([Certificate::from_pem(root.as_bytes()).unwrap()]);
    }
    if let Some((certificate, key)) = &tls.identity {
        let certificate = alf_reqwest::ClientCertificate::from_files(certificate, key);
        builder = builder.identity(certificate.identity().unwrap());
    }
    builder
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_tls(builder: reqwest::ClientBuilder, _: &TlsSettings) -> reqwest::ClientBuilder {
    builder
}

async fn read(response: Response) -> Result<ApiResponse, Error> {
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: response.text().await?,
    })
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

alf_interop::interop!(OnReqwest);
