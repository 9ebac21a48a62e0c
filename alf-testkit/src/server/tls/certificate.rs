//! Certificates for the servers: an authority and what it signs, made anew in every run.
//!
//! So there is no private key in the repository, and no certificate that has expired or is valid for
//! longer than a system accepts.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key.
pub(super) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// The time in which a certificate is valid.
#[derive(Clone, Copy)]
pub(super) enum Validity {
    Current,
    /// It ended two days ago.
    Over,
}

impl Authority {
    /// Makes an authority of this name with a new key.
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        Self::of_hosts(name, &[])
    }

    /// Makes an authority whose own certificate is also for these hosts, as `openssl req -x509` makes one. Returns that
    /// certificate and its key.
    pub(super) fn self_signed(hosts: &[&str]) -> Result<Identity, rcgen::Error> {
        let issuer = Self::of_hosts("a server", hosts)?.issuer;
        let key = PrivatePkcs8KeyDer::from(issuer.key().serialize_der());
        Ok((issuer.der().clone(), key.into()))
    }

    fn of_hosts(name: &str, hosts: &[&str]) -> Result<Self, rcgen::Error> {
        let mut params = params(name, hosts)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// Returns its own certificate, which its clients must trust.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Makes a certificate for a server of these names and addresses, and its key.
    pub(super) fn certify(
        &self,
        hosts: &[&str],
        validity: Validity,
    ) -> Result<Identity, rcgen::Error> {
        let mut params = params("a server", hosts)?;
        match validity {
            Validity::Current => {}
            Validity::Over => {
                params.not_before = (SystemTime::now() - 3 * DAY).into();
                params.not_after = (SystemTime::now() - 2 * DAY).into();
            }
        }
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok((certificate.der().clone(), key.into()))
    }
}

fn params(name: &str, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, name);
    // By default they are valid for centuries, which macOS does not accept.
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 30 * DAY).into();
    Ok(params)
}

const DAY: Duration = Duration::from_secs(86_400);
