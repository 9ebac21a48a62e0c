//! What both faces of reqwest have in common, for the conformance suite.

use alf_reqwest::reqwest::{Client, ClientBuilder};
use alf_testkit::conformance::{Capability, Setup};

/// A client of the suite's servers. It trusts nothing but their certificate, where they have one.
#[cfg(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
pub(crate) fn builder(setup: &Setup) -> ClientBuilder {
    use alf_reqwest::reqwest::Certificate;

    let builder = Client::builder().no_proxy();
    match &setup.root_certificate {
        Some(pem) => {
            let root = Certificate::from_pem(pem.as_bytes()).unwrap();
            builder.tls_certs_only([root])
        }
        None => builder,
    }
}

/// Without TLS no case has one.
#[cfg(not(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
)))]
pub(crate) fn builder(_: &Setup) -> ClientBuilder {
    Client::builder().no_proxy()
}

pub(crate) fn lacks() -> Vec<Capability> {
    let mut lacks = vec![Capability::ConnectionLimit];
    if !TLS {
        lacks.push(Capability::Tls);
    }
    lacks
}

const TLS: bool = cfg!(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
));
