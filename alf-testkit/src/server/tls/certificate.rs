//! Certificates for the servers: an authority and what it signs (RFC 5280), made anew in every run.
//!
//! So there is no private key in the repository, and nothing that is too old one day, or valid for
//! longer than a system accepts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::der::{bits, boolean_true, integer, octets, oid, sequence, set, tagged, text, time};

/// Who signs certificates.
pub(super) struct Authority {
    name: String,
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
}

impl Authority {
    /// One with a key and a certificate of its own.
    pub(super) fn new(name: &str) -> Self {
        let key = new_key();
        let extensions = [
            // Only certificates are signed with it: bits 5 and 6.
            critical(KEY_USAGE, &bits(1, &[0b0000_0110])),
            critical(BASIC_CONSTRAINTS, &sequence(&[&boolean_true()])),
            extension(SUBJECT_KEY_ID, &octets(&key_id(&key))),
        ];
        Self {
            name: name.to_owned(),
            certificate: certificate(name, &key, name, &key, &extensions),
            key,
        }
    }

    /// Its own certificate, for whoever is to trust it.
    pub(super) fn pem(&self) -> String {
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let mut line = 0;
        for character in BASE64_STANDARD.encode(&self.certificate).chars() {
            if line == PEM_LINE {
                pem.push('\n');
                line = 0;
            }
            pem.push(character);
            line += 1;
        }
        pem + "\n-----END CERTIFICATE-----\n"
    }

    /// A certificate for a server of these names and addresses, and its key.
    pub(super) fn certify(
        &self,
        names: &[&str],
        addresses: &[[u8; 4]],
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = new_key();
        let names = names.iter().map(|name| tagged(0x82, &[name.as_bytes()]));
        let addresses = addresses.iter().map(|address| tagged(0x87, &[address]));
        let subjects: Vec<_> = names.chain(addresses).collect();
        let extensions = [
            // It signs what is said: bit 0.
            critical(KEY_USAGE, &bits(7, &[0b1000_0000])),
            critical(BASIC_CONSTRAINTS, &sequence(&[])),
            extension(EXTENDED_KEY_USAGE, &sequence(&[&oid(SERVER_AUTH)])),
            extension(SUBJECT_ALT_NAME, &sequence(&slices(&subjects))),
            extension(SUBJECT_KEY_ID, &octets(&key_id(&key))),
            extension(
                AUTHORITY_KEY_ID,
                &sequence(&[&tagged(0x80, &[&key_id(&self.key)])]),
            ),
        ];
        let der = certificate(&self.name, &self.key, "a server", &key, &extensions);
        let key = sure(key.to_pkcs8v1());
        let key = PrivatePkcs8KeyDer::from(key.as_ref().to_vec());
        (vec![der.into()], key.into())
    }
}

/// RFC 5280 §4.1.
fn certificate(
    issuer: &str,
    issuer_key: &EcdsaKeyPair,
    subject: &str,
    subject_key: &EcdsaKeyPair,
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let now = SystemTime::now();
    let algorithm = sequence(&[&oid(ECDSA_WITH_SHA256)]);
    let signed = sequence(&[
        // Version 3.
        &tagged(0xa0, &[&integer(&[2])]),
        &integer(&serial_number()),
        &algorithm,
        &named(issuer),
        &sequence(&[&time(&date(now - DAY)), &time(&date(now + 30 * DAY))]),
        &named(subject),
        &sequence(&[
            &sequence(&[&oid(EC_PUBLIC_KEY), &oid(P256)]),
            &bits(0, subject_key.public_key().as_ref()),
        ]),
        &tagged(0xa3, &[&sequence(&slices(extensions))]),
    ]);
    let signature = sure(issuer_key.sign(&SystemRandom::new(), &signed));
    sequence(&[&signed, &algorithm, &bits(0, signature.as_ref())])
}

/// A name that consists of a common name.
fn named(name: &str) -> Vec<u8> {
    sequence(&[&set(&[&sequence(&[&oid(COMMON_NAME), &text(name)])])])
}

fn extension(id: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &octets(value)])
}

fn critical(id: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &boolean_true(), &octets(value)])
}

/// Anything that differs from key to key: here a part of the key.
fn key_id(key: &EcdsaKeyPair) -> Vec<u8> {
    let point = key.public_key().as_ref();
    point.iter().skip(1).take(20).copied().collect()
}

/// Eight bytes, of which the first makes it neither negative nor longer than it need be.
fn serial_number() -> [u8; 8] {
    let random = fastrand::u64(1 << 56..1 << 63);
    random.to_be_bytes()
}

/// As RFC 5280 §4.1.2.5.2 wants it, after 1970.
fn date(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    // Days since a 1 March that begins 400 years: so the leap day is the last one of a year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..=9 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

fn new_key() -> EcdsaKeyPair {
    sure(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING))
}

#[expect(
    clippy::expect_used,
    reason = "a test double: it fails where the system has no randomness"
)]
fn sure<T>(result: Result<T, aws_lc_rs::error::Unspecified>) -> T {
    result.expect("a key can be made and used")
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

const DAY: Duration = Duration::from_secs(86_400);
/// RFC 7468 §2.
const PEM_LINE: usize = 64;

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "19700101000000Z"),
            (951_827_696, "20000229123456Z"),
            (1_709_251_199, "20240229235959Z"),
            (1_735_689_599, "20241231235959Z"),
            (4_107_542_400, "21000301000000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(date(time), expected);
        }
    }
}
