//! alf-surf against a real authorization server, on the back end that it makes by itself.

#![cfg_attr(
    feature = "h1-client",
    expect(
        clippy::unwrap_used,
        reason = "code of tests, outside of their functions"
    )
)]

use std::future::Future;
use std::path::Path;

use alf_core::TokenManager;
use alf_interop::{Answer, Capability, Failure, Subject, Tls};
use alf_surf::surf::{self, Response};
use alf_surf::{Client, Error, H1Client, Surf};

struct OnSurf;

impl Subject for OnSurf {
    type Adapter = Surf;

    fn http_client(tls: &Tls) -> surf::Client {
        surf::Client::with_http_client(back_end(tls))
    }

    /// On h1, as the others, or on curl, where that is built.
    #[cfg(feature = "h1-client")]
    fn ready_made(certificate: &Path, key: &Path) -> [surf::Client; 2] {
        let certificate = alf_surf::ClientCertificate::from_files(certificate, key);
        let calls = certificate.http_client().unwrap();
        [calls, certificate.token_http_client().unwrap()]
    }

    #[cfg(not(feature = "h1-client"))]
    fn ready_made(_: &Path, _: &Path) -> [surf::Client; 2] {
        [(), ()].map(|()| Self::http_client(&Tls::default()))
    }

    async fn get(client: &Client, url: &str) -> Result<Answer, Failure<Self>> {
        read(client.get(url).await?).await
    }

    async fn post(client: &Client, url: &str, text: &'static str) -> Result<Answer, Failure<Self>> {
        read(client.post(url).body(text).await?).await
    }

    fn tokens(client: &Client) -> &TokenManager {
        client.core().tokens()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn can(capability: Capability) -> bool {
        let is_discreet = cfg!(not(feature = "curl-client"));
        let has_tls = cfg!(feature = "h1-client");
        (capability == Capability::DiscreetLogs && is_discreet)
            || (capability != Capability::DiscreetLogs && has_tls)
    }
}

#[cfg(feature = "h1-client")]
fn back_end(tls: &Tls) -> H1Client {
    use alf_surf::async_native_tls::{Certificate, TlsConnector};

    let mut connector = TlsConnector::new();
    if let Some(root) = &tls.root_certificate {
        let root = Certificate::from_pem(root.as_bytes()).unwrap();
        connector = connector.add_root_certificate(root);
    }
    if let Some((certificate, key)) = &tls.identity {
        let certificate = alf_surf::ClientCertificate::from_files(certificate, key);
        connector = certificate.put_on_tls(connector).unwrap();
    }
    H1Client::new().tls(connector)
}

#[cfg(not(feature = "h1-client"))]
fn back_end(_: &Tls) -> H1Client {
    H1Client::new()
}

async fn read(mut response: Response) -> Result<Answer, Error> {
    let body = response.body_string().await;
    Ok(Answer {
        status: response.status().into(),
        body: body.map_err(|error| Error::Transport(error.into()))?,
    })
}

alf_interop::interop!(OnSurf);
