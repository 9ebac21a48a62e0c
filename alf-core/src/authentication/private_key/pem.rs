//! What stands in a PEM text (RFC 7468), and what is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How the DER of a private key is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `PRIVATE KEY` (RFC 5958).
    Pkcs8,
    /// `EC PRIVATE KEY` (RFC 5915).
    Sec1,
    /// `RSA PRIVATE KEY` (RFC 8017 A.1.2).
    Pkcs1,
}

/// The one private key in it.
pub(super) fn private_key(pem: &str) -> Result<(Format, Zeroizing<Vec<u8>>), &'static str> {
    let blocks = blocks(pem)?;
    let mut keys = blocks
        .iter()
        .filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(key) = keys.next() else {
        return Err(without_key(pem, &blocks));
    };
    if keys.next().is_some() {
        return Err("it holds more than one private key; keep one");
    }
    let format = match key.label {
        "PRIVATE KEY" => Format::Pkcs8,
        "EC PRIVATE KEY" => Format::Sec1,
        "RSA PRIVATE KEY" => Format::Pkcs1,
        "ENCRYPTED PRIVATE KEY" => return Err(ENCRYPTED),
        "OPENSSH PRIVATE KEY" => {
            return Err("it is in the format of OpenSSH; export it as PKCS#8");
        }
        _ => return Err("its kind is not supported; export it as PKCS#8 (BEGIN PRIVATE KEY)"),
    };
    if key.body.contains("Proc-Type:") {
        return Err(ENCRYPTED);
    }
    Ok((format, key.der()?))
}

/// The DER of the first certificate in it: where there is a chain, the client's own.
pub(super) fn certificate(pem: &str) -> Result<Vec<u8>, &'static str> {
    blocks(pem)?
        .iter()
        .find(|block| block.label == "CERTIFICATE")
        .ok_or("it holds no certificate (BEGIN CERTIFICATE)")?
        .der()
        .map(|der| der.to_vec())
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    fn der(&self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        // It never grows, and so leaves no copies behind.
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        base64.extend(self.body.split_whitespace());
        if base64.contains('\\') {
            return Err("it has \\n in place of its line breaks");
        }
        match STANDARD.decode(base64.as_bytes()) {
            Ok(der) => Ok(Zeroizing::new(der)),
            Err(_) => Err("it is damaged: what stands between BEGIN and END is no base64"),
        }
    }
}

/// Found by their markers, wherever those stand in a line: some tools make one line of all.
fn blocks(mut pem: &str) -> Result<Vec<Block<'_>>, &'static str> {
    let mut blocks = Vec::new();
    while let Some((_, rest)) = pem.split_once("-----BEGIN ") {
        let (label, rest) = rest.split_once("-----").ok_or(CUT_OFF)?;
        let end = ["-----END ", label, "-----"].concat();
        let (body, rest) = rest.split_once(&end).ok_or(CUT_OFF)?;
        blocks.push(Block { label, body });
        pem = rest;
    }
    Ok(blocks)
}

fn without_key(pem: &str, blocks: &[Block<'_>]) -> &'static str {
    let has = |label: &str| blocks.iter().any(|block| block.label.ends_with(label));
    if pem.trim().is_empty() {
        "it is empty"
    } else if has("PUBLIC KEY") {
        "it holds a public key, and no private one"
    } else if has("CERTIFICATE") {
        "it holds a certificate, and no private key"
    } else {
        "it is no private key in PEM: the line -----BEGIN PRIVATE KEY----- is missing"
    }
}

const ENCRYPTED: &str = "it is encrypted; decrypt it (openssl pkey -in encrypted.pem -out key.pem), and keep it where \
     others cannot read it";
const CUT_OFF: &str = "it is cut off: a line -----BEGIN …----- has no line -----END …-----";
