//! Reads a file that holds a credential.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::pem;

/// Returns the text of a file.
///
/// On tokio it is read on a thread for blocking work, so that a slow disk does not block the
/// runtime. Otherwise it is read on the acquisition's thread.
#[cfg_attr(
    not(feature = "tokio"),
    expect(clippy::unused_async, reason = "nothing to await without tokio")
)]
pub(super) async fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = Handle::try_current() {
        let path = path.to_owned();
        return runtime.spawn_blocking(move || read_blocking(&path)).await?;
    }
    read_blocking(path)
}

/// Returns the text of a file of at most 64 KiB. Outside of UTF-8, a PEM file has a zero: openssl writes names
/// in any charset between the blocks.
pub(super) fn read_blocking(path: &Path) -> io::Result<Zeroizing<String>> {
    // Neither of the two grows, and so they leave no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?
        .take(LONGEST as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST {
        let problem = "it is larger than 64 KiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('\0');
        }
    }
    // DER and UTF-16 have zeros.
    if text.contains('\0') && !text.contains(pem::BEGIN) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_TEXT));
    }
    Ok(text)
}

/// More than any secret, key, assertion or chain of certificates has.
const LONGEST: usize = 64 * 1024;
const NOT_TEXT: &str = "it is not UTF-8 text; convert a key or a certificate to PEM: DER with openssl pkey -inform DER or \
                        openssl x509 -inform DER, PKCS#12 with openssl pkcs12 -nodes, UTF-16 with iconv -f UTF-16 -t UTF-8";

#[cfg(test)]
mod tests;
