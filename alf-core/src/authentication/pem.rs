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

/// What stands between a line BEGIN and its line END.
pub(super) struct Block<'a> {
    /// What stands before BEGIN, from the block before on.
    before: &'a str,
    label: &'a str,
    body: &'a str,
    /// What stands after END.
    after: &'a str,
}

/// The one private key in it.
pub(super) fn private_key(pem: &str) -> Result<(Format, Block<'_>), &'static str> {
    let (keys, others): (Vec<_>, Vec<_>) = blocks(pem)?
        .into_iter()
        .partition(|block| block.label.ends_with(PRIVATE_KEY));
    let mut keys = keys.into_iter();
    let Some(key) = keys.next() else {
        return Err(without_key(pem, &others));
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
    Ok((format, key))
}

/// The client's own certificate in it, which is the first, and the others of its chain.
pub(super) fn certificates(pem: &str) -> Result<(Block<'_>, Vec<Block<'_>>), &'static str> {
    let (certificates, others): (Vec<_>, Vec<_>) = blocks(pem)?
        .into_iter()
        .partition(|block| block.label == CERTIFICATE);
    let mut certificates = certificates.into_iter();
    match certificates.next() {
        Some(own) => Ok((own, certificates.collect())),
        None => Err(without_certificate(pem, &others)),
    }
}

/// Whether libraries that read line by line find in it, too, what is `wanted`: what the label ends
/// with.
pub(super) fn check_lines(pem: &str, wanted: &str) -> Result<(), &'static str> {
    for block in blocks(pem)? {
        block.check_ends()?;
        if block.label.ends_with(wanted) {
            block.check_body()?;
        }
    }
    Ok(())
}

impl Block<'_> {
    pub(super) fn label(&self) -> &str {
        self.label
    }

    #[cfg(feature = "jwt")]
    pub(super) fn der(&self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        decoded(&self.base64())
    }

    /// Adds it to a text as every library reads it, whatever its lines were like: at most twice as
    /// long as it was.
    pub(super) fn write(&self, text: &mut String) -> Result<(), &'static str> {
        let base64 = self.base64();
        decoded(&base64)?;
        text.extend(["-----BEGIN ", self.label, "-----"]);
        for (at, character) in base64.chars().enumerate() {
            if at % LINE == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.extend(["\n-----END ", self.label, "-----\n"]);
        Ok(())
    }

    fn check_ends(&self) -> Result<(), &'static str> {
        if self.before.ends_with('\u{feff}') {
            return Err(BYTE_ORDER_MARK);
        }
        if self.body.trim().is_empty() {
            return Err(NOTHING);
        }
        let begins = self.before.is_empty() || self.before.ends_with('\n');
        if begins && ends_line(self.body) && self.body.ends_with('\n') && ends_line(self.after) {
            Ok(())
        } else {
            Err(NO_LINES)
        }
    }

    /// To openssl an empty line is the end of headers, of which there may be none.
    fn check_body(&self) -> Result<(), &'static str> {
        let is_empty = |line: &&str| line.trim().is_empty();
        if self
            .body
            .lines()
            .skip_while(is_empty)
            .any(|line| is_empty(&line))
        {
            return Err("an empty line stands between BEGIN and END; take it out");
        }
        Ok(())
    }

    fn base64(&self) -> Zeroizing<String> {
        // It never grows, and so leaves no copies behind.
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        base64.extend(self.body.split_whitespace());
        base64
    }
}

/// rustls takes no tab there.
fn ends_line(text: &str) -> bool {
    let rest = text.split('\n').next().unwrap_or_default();
    rest.trim_matches([' ', '\r']).is_empty()
}

fn decoded(base64: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    if base64.contains('\\') {
        return Err("it has \\n in place of its line breaks");
    }
    match STANDARD.decode(base64.as_bytes()) {
        Ok(der) if der.is_empty() => Err(NOTHING),
        Ok(der) => Ok(Zeroizing::new(der)),
        Err(_) => Err("it is damaged: what stands between BEGIN and END is no base64"),
    }
}

/// Found by their markers, wherever those stand in a line: some tools make one line of all.
fn blocks(mut pem: &str) -> Result<Vec<Block<'_>>, &'static str> {
    let mut blocks = Vec::new();
    while let Some((before, rest)) = pem.split_once(BEGIN) {
        let (label, rest) = rest.split_once("-----").ok_or(CUT_OFF)?;
        let end = ["-----END ", label, "-----"].concat();
        let (body, after) = rest.split_once(&end).ok_or(CUT_OFF)?;
        blocks.push(Block {
            before,
            label,
            body,
            after,
        });
        pem = after;
    }
    Ok(blocks)
}

fn without_key(pem: &str, blocks: &[Block<'_>]) -> &'static str {
    if pem.trim().is_empty() {
        EMPTY
    } else if has(blocks, "PUBLIC KEY") {
        "it holds a public key, and no private one"
    } else if has(blocks, CERTIFICATE) {
        "it holds a certificate, and no private key"
    } else {
        "it is no private key in PEM: the line -----BEGIN PRIVATE KEY----- is missing"
    }
}

fn without_certificate(pem: &str, blocks: &[Block<'_>]) -> &'static str {
    if pem.trim().is_empty() {
        EMPTY
    } else if has(blocks, PRIVATE_KEY) {
        "it holds a private key, and no certificate"
    } else if has(blocks, "CERTIFICATE REQUEST") {
        "it holds a request for a certificate, and no certificate"
    } else {
        "it is no certificate in PEM: the line -----BEGIN CERTIFICATE----- is missing"
    }
}

fn has(blocks: &[Block<'_>], label: &str) -> bool {
    blocks.iter().any(|block| block.label.ends_with(label))
}

pub(super) const BEGIN: &str = "-----BEGIN ";
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(super) const CERTIFICATE: &str = "CERTIFICATE";
pub(super) const CERTIFICATE_IS_NO_TEXT: &str = "it is no text, and so no PEM; DER becomes PEM by openssl x509 -inform DER, PKCS#12 \
     by openssl pkcs12 -nokeys, UTF-16 by iconv -f UTF-16 -t UTF-8";
pub(super) const KEY_IS_NO_TEXT: &str = "it is no text, and so no PEM; DER becomes PEM by openssl pkey -inform DER, PKCS#12 \
     by openssl pkcs12 -nocerts -nodes, UTF-16 by iconv -f UTF-16 -t UTF-8";
const EMPTY: &str = "it is empty";
const ENCRYPTED: &str = "it is encrypted; decrypt it (openssl pkey -in encrypted.pem -out key.pem), and keep it where \
     others cannot read it";
const CUT_OFF: &str = "it is cut off: a line -----BEGIN …----- has no line -----END …-----";
const NOTHING: &str = "it is damaged: nothing stands between BEGIN and END";
const BYTE_ORDER_MARK: &str = "a byte order mark stands before -----BEGIN, where the HTTP library, which reads the file itself, \
     may attempt_failed; save the file as UTF-8 without one";
const NO_LINES: &str = "the HTTP library reads the file itself, and line by line: give -----BEGIN …-----, -----END …-----, and \
     what stands between them, each a line of its own";
/// How many characters stand in a line (RFC 7468 §2).
const LINE: usize = 64;
