//! What both faces of reqwest have in common, for the conformance suite.

use alf_reqwest::reqwest::ClientBuilder;
use alf_testkit::conformance::Capability;

/// A client that trusts nothing but that certificate.
#[cfg(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
pub(crate) fn trusting(builder: ClientBuilder, root: &str) -> ClientBuilder {
    use alf_reqwest::reqwest::Certificate;

    let root = Certificate::from_pem(root.as_bytes()).unwrap();
    builder.no_proxy().tls_certs_only([root])
}

/// Without TLS no case has one.
#[cfg(not(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
)))]
pub(crate) fn trusting(builder: ClientBuilder, _: &str) -> ClientBuilder {
    builder
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
