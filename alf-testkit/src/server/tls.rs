//! TLS on the servers' side, with certificates that are made for the run: there is no private key in the
//! repository, and no certificate that has expired or is valid for longer than a system accepts.
//!
//! A server that speaks TLS speaks plain `http` on the same port too: two of its URLs that differ only in
//! their scheme are different origins, which a careless client mistakes for one.

use std::fmt;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::waiting::fail;

pub(crate) use super::connection::Sessions;

use super::connection::Session;

/// A certificate for 127.0.0.1 and `localhost`, signed with [`root_certificate`].
pub(crate) fn trusted() -> Sessions {
    signed(&ROOT, OWN_HOSTS, in_a_month())
}

/// The same, signed by an authority that no client trusts.
pub(crate) fn of_unknown_authority() -> Sessions {
    let unknown = authority("an authority that no client trusts", &[]);
    signed(&unknown, OWN_HOSTS, in_a_month())
}

/// Signed with [`root_certificate`], but for another host.
pub(crate) fn of_another_host() -> Sessions {
    signed(&ROOT, &["another.example"], in_a_month())
}

/// Signed with [`root_certificate`], but no longer valid.
pub(crate) fn expired() -> Sessions {
    signed(&ROOT, OWN_HOSTS, SystemTime::now() - 2 * DAY)
}

/// The certificate of an authority, which no client trusts: as `openssl req -x509` makes one.
pub(crate) fn self_signed() -> Sessions {
    let own = authority("a server", OWN_HOSTS);
    presenting(own.der().clone(), own.key())
}

/// Returns the certificate that a client must trust to reach the servers of [`trusted`], as PEM.
pub(crate) fn root_certificate() -> String {
    ROOT.pem()
}

type Authority = CertifiedIssuer<'static, KeyPair>;

static ROOT: LazyLock<Authority> = LazyLock::new(|| authority("alf-testkit", &[]));

/// Makes an authority with a new key. Its own certificate is for these hosts.
fn authority(name: &str, hosts: &[&str]) -> Authority {
    let mut params = params(name, hosts, in_a_month());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    made(CertifiedIssuer::self_signed(params, new_key()))
}

fn signed(by: &Authority, hosts: &[&str], not_after: SystemTime) -> Sessions {
    let mut params = params("a server", hosts, not_after);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = new_key();
    let certificate = made(params.signed_by(&key, by));
    presenting(certificate.der().clone(), &key)
}

fn params(name: &str, hosts: &[&str], not_after: SystemTime) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = made(CertificateParams::new(hosts));
    params.distinguished_name.push(DnType::CommonName, name);
    // By default they are valid for centuries, which macOS does not accept.
    params.not_before = (SystemTime::now() - 3 * DAY).into();
    params.not_after = not_after.into();
    params
}

fn new_key() -> KeyPair {
    made(KeyPair::generate())
}

fn in_a_month() -> SystemTime {
    SystemTime::now() + 30 * DAY
}

fn presenting(certificate: CertificateDer<'static>, key: &KeyPair) -> Sessions {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key.into())
        });
    let config = Arc::new(made(config));
    Arc::new(move |tcp| {
        let mut first = [0];
        tcp.peek(&mut first)?;
        if first != [HANDSHAKE] {
            return Ok(None);
        }
        let connection = ServerConnection::new(Arc::clone(&config));
        let connection = connection.map_err(io::Error::other)?;
        Ok(Some(Box::new(StreamOwned::new(connection, tcp))))
    })
}

fn made<T, E: fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        fail(format_args!(
            "alf-testkit cannot make a certificate: {error}"
        ))
    })
}

impl Session for StreamOwned<ServerConnection, &TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        // It fails if the peer was faster.
        let _ = self.flush();
    }
}

const OWN_HOSTS: &[&str] = &["localhost", "127.0.0.1"];
const DAY: Duration = Duration::from_secs(86_400);

/// The first byte of a TLS connection (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

    use super::*;
    use crate::Servers;

    #[test]
    fn a_certificate_is_as_good_as_its_name_its_authority_and_its_time() {
        let trusted = Servers::start_with(Some(trusted()));
        for host in ["localhost", "127.0.0.1"] {
            assert_eq!(status(&trusted, host).unwrap(), "HTTP/1.1 401");
        }
        assert!(status(&trusted, "another.example").is_err());
        let another = Servers::start_with(Some(of_another_host()));
        assert!(status(&another, "localhost").is_err());
        assert_eq!(status(&another, "another.example").unwrap(), "HTTP/1.1 401");
        let unknown = Servers::start_with(Some(of_unknown_authority()));
        assert!(status(&unknown, "localhost").is_err());
        let expired = Servers::start_with(Some(expired()));
        assert!(status(&expired, "localhost").is_err());
        let own = Servers::start_with(Some(self_signed()));
        assert!(status(&own, "localhost").is_err());
        let servers = [&trusted, &another, &unknown, &expired, &own];
        let requests = servers.map(|one| one.resource.request_count());
        assert_eq!(requests, [2, 1, 0, 0, 0]);
    }

    #[test]
    fn a_port_with_tls_speaks_http_too() {
        let servers = Servers::start_with(Some(trusted()));
        assert!(servers.url("/").starts_with("https://127.0.0.1:"));
        assert!(servers.resource.plain_url("/").starts_with("http://"));
        let mut tcp = TcpStream::connect(servers.resource.address()).unwrap();
        assert_eq!(first_line(&mut tcp).unwrap(), "HTTP/1.1 401");
        status(&servers, "localhost").unwrap();
        let report = servers.report();
        assert!(
            report.contains("1. GET / -> 401, connection 1, no"),
            "{report}"
        );
        assert!(
            report.contains("2. GET / -> 401, connection 2 by TLS, no"),
            "{report}"
        );
    }

    /// Returns what a client receives that expects this host there, and trusts the root certificate.
    fn status(servers: &Servers, host: &'static str) -> io::Result<String> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root_certificate().as_bytes());
        roots.add(root.unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut tcp = TcpStream::connect(servers.resource.address())?;
        first_line(&mut Stream::new(&mut connection, &mut tcp))
    }

    /// Returns version and status of the answer to a request without a token.
    fn first_line(stream: &mut (impl Read + Write)) -> io::Result<String> {
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
        let mut line = [0; 12];
        stream.read_exact(&mut line)?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}
