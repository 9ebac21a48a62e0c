//! A server with TLS, and the authority that its clients trust.

use std::fs;

use alf_redis::redis;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::server::{Program, Server, new_directory};

/// What a client trusts.
pub(crate) struct Certificates {
    /// The certificate of the authority, as PEM.
    pub(crate) authority: String,
}

impl Certificates {
    /// Starts a server for `localhost` that speaks TLS only.
    pub(crate) fn server(program: Program) -> (Server, Self) {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();

        let directory = new_directory();
        let write = |name: &str, pem: String| fs::write(directory.join(name), pem).unwrap();
        write("authority.pem", authority.pem());
        write("certificate.pem", certificate.pem());
        write("key.pem", key.serialize_pem());
        let options = "--tls-port PORT --tls-ca-cert-file authority.pem --tls-cert-file certificate.pem \
                       --tls-key-file key.pem --tls-auth-clients no";
        let options: Vec<_> = options.split_whitespace().collect();
        let server = Server::start_in(program, directory, &options);
        (
            server,
            Self {
                authority: authority.pem(),
            },
        )
    }

    pub(crate) fn client(&self, url: &str) -> redis::Client {
        let certificates = redis::TlsCertificates {
            client_tls: None,
            root_cert: Some(self.authority.clone().into_bytes()),
        };
        redis::Client::build_with_tls(url, certificates).unwrap()
    }
}
