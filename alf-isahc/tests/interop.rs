//! alf-isahc with a real authorization server.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::path::Path;

use alf_core::TokenManager;
use alf_interop::{AdapterFeature, ApiResponse, CallError, InteropAdapter, TlsSettings};
use alf_isahc::isahc::{AsyncBody, AsyncReadResponseExt, HttpClient, Response};
use alf_isahc::{Client, ClientBuilder, Error, Isahc};
use tracing::subscriber::{NoSubscriber, with_default};

struct OnIsahc;

impl InteropAdapter for OnIsahc {
    type Adapter = Isahc;

    #[cfg(feature = "rustls-tls")]
    fn http_client(tls: &TlsSettings) -> HttpClient {
        use alf_isahc::isahc::config::Configurable;
        use alf_isahc::isahc::tls::{TlsConfig, TrustStore};

        let mut config = TlsConfig::builder();
        if let Some(root) = &tls.root_certificate {
            let trusted = TrustStore::builder().certificate_from_pem(root);
            config = config.trust_store(trusted.build());
        }
        if let Some((certificate, key)) = &tls.identity {
            let certificate = alf_isahc::ClientCertificate::from_files(certificate, key);
            config = config.identity(certificate.identity().unwrap());
        }
        HttpClient::builder()
            .tls_config(config.build())
            .build()
            .unwrap()
    }

    #[cfg(not(feature = "rustls-tls"))]
    fn http_client(_: &TlsSettings) -> HttpClient {
        HttpClient::new().unwrap()
    }

    #[cfg(feature = "rustls-tls")]
    fn with_certificate(builder: ClientBuilder, certificate: &Path, key: &Path) -> ClientBuilder {
        use alf_isahc::isahc::config::Configurable;
        use alf_isahc::isahc::tls::TlsConfig;

        let certificate = alf_isahc::ClientCertificate::from_files(certificate, key);
        let tls = TlsConfig::builder().identity(certificate.identity().unwrap());
        let tls = tls.build();
        builder.configure_http(move |http| http.tls_config(tls.clone()))
    }

    #[cfg(not(feature = "rustls-tls"))]
    fn with_certificate(builder: ClientBuilder, _: &Path, _: &Path) -> ClientBuilder {
        builder
    }

    async fn get(client: &Client, url: &str) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.get_async(url).await?).await?)
    }

    async fn post(
        client: &Client,
        url: &str,
        text: &'static str,
    ) -> Result<ApiResponse, CallError<Self>> {
        Ok(read(client.post_async(url, text).await?).await?)
    }

    fn tokens(client: &Client) -> &TokenManager {
        client.core().tokens()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn has(feature: AdapterFeature) -> bool {
        // Where `tracing` has its feature `log`, isahc's log cannot be kept out.
        let has_safe_logs = with_default(NoSubscriber::default(), || {
            tracing::debug_span!("off").is_none()
        });
        let has_tls = cfg!(feature = "rustls-tls");
        (feature == AdapterFeature::SafeLogs && has_safe_logs)
            || (feature != AdapterFeature::SafeLogs && has_tls)
    }
}

async fn read(mut response: Response<AsyncBody>) -> Result<ApiResponse, Error> {
    let body = response.bytes().await?;
    Ok(ApiResponse {
        status: response.status().as_u16(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

alf_interop::interop!(OnIsahc);
