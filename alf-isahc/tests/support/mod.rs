//! What both faces of isahc have in common, for the conformance suite.

mod tracing_log;

use alf_isahc::isahc::config::{Configurable, RedirectPolicy};
use alf_isahc::isahc::{AsyncBody, HttpClient, HttpClientBuilder, Request};
use alf_isahc::{Client, IsahcTransport};
use alf_testkit::conformance::{Capability, Setup};

use tracing_log::tracing_has_its_feature_log;

/// With alf's own isahc clients, unless the case needs others.
pub(crate) fn transport(setup: &Setup) -> IsahcTransport {
    let mut client =
        Client::builder("https://auth.example.com/token").client_secret("id", "secret");
    if setup.root_certificate.is_some() || setup.max_connections.is_some() {
        let limit = setup.max_connections.unwrap_or_default(); // 0 is none
        let calls = trusting(setup).max_connections_per_host(limit);
        client = client
            .http_client(calls.build().unwrap())
            .token_http_client(trusting(setup).build().unwrap());
    }
    client.build().unwrap().core().transport().clone()
}

pub(crate) fn request(head: &http::request::Parts, body: AsyncBody) -> Request<AsyncBody> {
    // isahc follows none unless it is asked to.
    let mut request = Request::builder().redirect_policy(RedirectPolicy::Follow);
    for (name, value) in &head.headers {
        request = request.header(name.as_str(), value.as_bytes());
    }
    request
        .method(head.method.as_str())
        .uri(head.uri.to_string())
        .body(body)
        .unwrap()
}

pub(crate) fn lacks() -> Vec<Capability> {
    // isahc returns a response with the first byte of its body, or at its end.
    let mut lacks = vec![Capability::EarlyHeads, Capability::PromptDiscard];
    if !cfg!(feature = "rustls-tls") {
        lacks.push(Capability::Tls);
    }
    if tracing_has_its_feature_log() {
        lacks.push(Capability::DiscreetLogs);
    }
    lacks
}

pub(crate) fn known_failures() -> Vec<(&'static str, &'static str)> {
    if !cfg!(feature = "rustls-tls") {
        return Vec::new();
    }
    vec![(
        "t4_the_error_of_a_certificate_tells_what_is_wrong_with_it",
        "isahc returns curl's code, which is the same for all causes, without curl's text",
    )]
}

#[cfg(feature = "rustls-tls")]
fn trusting(setup: &Setup) -> HttpClientBuilder {
    use alf_isahc::isahc::tls::{TlsConfig, TrustStore};

    let client = HttpClient::builder();
    let Some(certificate) = &setup.root_certificate else {
        return client;
    };
    let trusted = TrustStore::builder().certificate_from_pem(certificate);
    client.tls_config(TlsConfig::builder().trust_store(trusted.build()).build())
}

#[cfg(not(feature = "rustls-tls"))]
fn trusting(_: &Setup) -> HttpClientBuilder {
    HttpClient::builder()
}
