//! What both faces of reqwest have in common, for the conformance suite.

use alf_testkit::conformance::Capability;

/// Defines `trusting`: a builder, async or blocking, of a client that trusts nothing but that certificate.
#[cfg(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
macro_rules! trusting {
    ($builder:ty) => {
        fn trusting(builder: $builder, root: &str) -> $builder {
            let root = alf_reqwest::reqwest::Certificate::from_pem(root.as_bytes()).unwrap();
            builder.no_proxy().tls_certs_only([root])
        }
    };
}

/// Without TLS no case has one.
#[cfg(not(any(
    feature = "rustls",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
)))]
macro_rules! trusting {
    ($builder:ty) => {
        fn trusting(builder: $builder, _: &str) -> $builder {
            builder
        }
    };
}

pub(crate) use trusting;

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
