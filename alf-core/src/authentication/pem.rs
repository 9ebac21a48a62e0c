//! Finds private keys and certificates in PEM (RFC 7468), and explains what is wrong with it.
//!
//! `rustls-pki-types` would find them too, but it needs every marker on a line of its own, and
//! environment variables and secret managers often lose the line breaks; it skips the kinds of keys
//! that the errors here explain; and it leaves the base64 of a key behind in memory (X1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::client_authentication::Problem;

/// A label, and the text between its BEGIN and its END.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    body: &'a str,
}

/// Returns the one private key.
pub(super) fn private_key(pem: &str) -> Result<Block<'_>, Problem> {
    let blocks = blocks(pem)?;
    let mut keys = blocks.iter().filter(|block| block.is(PRIVATE_KEY));
    let Some(&key) = keys.next() else {
        return Err(missing("private key", PRIVATE_KEY, pem, &blocks));
    };
    if keys.next().is_some() {
        return Err("it holds more than one private key; keep one".into());
    }
    if key.label == "ENCRYPTED PRIVATE KEY" || key.body.contains("Proc-Type:") {
        return Err(ENCRYPTED.into());
    }
    match key.label {
        PKCS8 | SEC1 | PKCS1 => Ok(key),
        "OPENSSH PRIVATE KEY" => Err("it is in the format of OpenSSH; export it as PKCS#8".into()),
        _ => Err("its kind is not supported; export it as PKCS#8 (BEGIN PRIVATE KEY)".into()),
    }
}

/// Returns the client's own certificate, which is the first, and the others of its chain.
pub(super) fn certificates(pem: &str) -> Result<(Block<'_>, Vec<Block<'_>>), Problem> {
    let blocks = blocks(pem)?;
    let mut certificates = blocks.iter().filter(|block| block.label == CERTIFICATE);
    match certificates.next() {
        Some(&own) => Ok((own, certificates.copied().collect())),
        None => Err(missing("certificate", CERTIFICATE, pem, &blocks)),
    }
}

/// Returns the certificates alone, in the lines that every library reads.
pub(super) fn certificate_lines(pem: &str) -> Result<Zeroizing<String>, Problem> {
    let (own, chain) = certificates(pem)?;
    let mut lines = empty_text_for(pem);
    own.write(&mut lines)?;
    chain.iter().try_for_each(|block| block.write(&mut lines))?;
    Ok(lines)
}

/// Returns the private key alone, in the lines that every library reads.
pub(super) fn private_key_lines(pem: &str) -> Result<Zeroizing<String>, Problem> {
    let mut lines = empty_text_for(pem);
    private_key(pem)?.write(&mut lines)?;
    Ok(lines)
}

/// A text that never grows, and so leaves no copies behind: a block becomes at most twice as long.
fn empty_text_for(pem: &str) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(pem.len().saturating_mul(2)))
}

/// Checks that libraries which read line by line find the same blocks. They decode those whose label ends with
/// `wanted`.
pub(super) fn check_lines(pem: &str, wanted: &str) -> Result<(), Problem> {
    let has_marker = |line: &&str| line.contains(BEGIN) || line.contains(END);
    if !pem.split('\n').filter(has_marker).all(is_only_a_marker) {
        return Err(NOT_IN_LINES.into());
    }
    for block in blocks(pem)? {
        if block.body.trim().is_empty() {
            return Err(NOTHING.into());
        }
        // OpenSSL takes an empty line for the end of headers. It ignores those that come first.
        let mut lines = block.body.trim_start().lines();
        if block.is(wanted) && lines.any(|line| line.trim().is_empty()) {
            return Err("there is an empty line between BEGIN and END; remove it".into());
        }
    }
    Ok(())
}

/// Before the line break rustls ignores spaces, and not tabs.
fn is_only_a_marker(line: &str) -> bool {
    let label = line.strip_prefix(BEGIN).or_else(|| line.strip_prefix(END));
    let label = label.and_then(|label| label.trim_end_matches([' ', '\r']).strip_suffix(DASHES));
    label.is_some_and(|label| !label.contains(DASHES))
}

impl Block<'_> {
    fn is(&self, label: &str) -> bool {
        self.label.ends_with(label)
    }

    #[cfg(feature = "jwt")]
    pub(super) fn der(&self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        decoded(&self.base64())
    }

    fn write(&self, text: &mut String) -> Result<(), Problem> {
        let base64 = self.base64();
        decoded(&base64)?;
        text.extend([BEGIN, self.label, DASHES]);
        for (at, character) in base64.chars().enumerate() {
            if at % LINE_LENGTH == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.extend(["\n", END, self.label, DASHES, "\n"]);
        Ok(())
    }

    fn base64(&self) -> Zeroizing<String> {
        // It never grows, and so leaves no copies behind.
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        base64.extend(self.body.split_whitespace());
        base64
    }
}

fn decoded(base64: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    if base64.contains('\\') {
        return Err(
            "it contains the characters \\n instead of line breaks; replace them with line breaks"
                .into(),
        );
    }
    match STANDARD.decode(base64.as_bytes()) {
        Ok(der) if der.is_empty() => Err(NOTHING.into()),
        Ok(der) => Ok(Zeroizing::new(der)),
        Err(_) => Err("it is damaged: the text between BEGIN and END is not base64".into()),
    }
}

/// Returns the blocks, wherever their markers are in a line.
fn blocks(mut pem: &str) -> Result<Vec<Block<'_>>, &'static str> {
    let mut blocks = Vec::new();
    while let Some((_, from_label)) = pem.split_once(BEGIN) {
        let (label, from_body) = from_label.split_once(DASHES).ok_or(CUT_OFF)?;
        let end = [END, label, DASHES].concat();
        let (body, after) = from_body.split_once(&end).ok_or(CUT_OFF)?;
        blocks.push(Block { label, body });
        pem = after;
    }
    Ok(blocks)
}

/// Explains what the PEM holds instead of a private key or a certificate.
fn missing(wanted: &str, label: &str, pem: &str, blocks: &[Block<'_>]) -> Problem {
    if pem.trim().is_empty() {
        return "it is empty".into();
    }
    for (other, found) in [
        ("PUBLIC KEY", "public key"),
        (PRIVATE_KEY, "private key"),
        ("CERTIFICATE REQUEST", "certificate request"),
        (CERTIFICATE, "certificate"),
    ] {
        if blocks.iter().any(|block| block.is(other)) {
            return format!("it holds a {found} but no {wanted}").into();
        }
    }
    format!("it is not a {wanted} in PEM: the line -----BEGIN {label}----- is missing").into()
}

pub(super) const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(super) const CERTIFICATE: &str = "CERTIFICATE";
/// RFC 5958.
pub(super) const PKCS8: &str = "PRIVATE KEY";
/// RFC 5915.
pub(super) const SEC1: &str = "EC PRIVATE KEY";
/// RFC 8017 A.1.2.
pub(super) const PKCS1: &str = "RSA PRIVATE KEY";
const ENCRYPTED: &str = "it is encrypted; decrypt it (openssl pkey -in encrypted.pem -out key.pem), and keep it where \
     others cannot read it";
const CUT_OFF: &str = "it is cut off: a line -----BEGIN …----- has no line -----END …-----";
const NOTHING: &str = "it is damaged: there is nothing between BEGIN and END";
const NOT_IN_LINES: &str = "the HTTP library reads the file itself, line by line: put -----BEGIN …-----, -----END …-----, \
     and the text between them each on a line of its own, without a byte order mark";
/// RFC 7468 §2.
const LINE_LENGTH: usize = 64;
