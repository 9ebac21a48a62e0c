//! Reads a file that holds a credential.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::AuthenticationError;

/// Returns the contents of a file. `name` is what errors call the credential.
///
/// On tokio it is read on a thread for blocking work, so that a slow disk does not block the
/// runtime. Otherwise it is read on the acquisition's thread.
#[cfg_attr(
    not(feature = "tokio"),
    expect(clippy::unused_async, reason = "nothing to await without tokio")
)]
pub(super) async fn read(
    path: &Path,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, AuthenticationError> {
    #[cfg(feature = "tokio")]
    let bytes = match Handle::try_current() {
        Ok(runtime) => {
            let path = path.to_owned();
            let bytes = runtime.spawn_blocking(move || read_blocking(&path)).await;
            bytes.unwrap_or_else(|aborted| Err(aborted.into()))
        }
        Err(_) => read_blocking(path),
    };
    #[cfg(not(feature = "tokio"))]
    let bytes = read_blocking(path);
    let bytes = bytes.map_err(|error| cannot_read(path, name, error))?;
    if bytes.len() > LONGEST {
        let path = path.display();
        let problem = format!("{name} in {path}: {TOO_LARGE}");
        return Err(AuthenticationError::permanent(problem));
    }
    Ok(bytes)
}

/// Returns the contents of a file: all of it, or one byte more than [`LONGEST`].
pub(super) fn read_blocking(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // It never grows, and so leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?
        .take(LONGEST as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// B1: a file that cannot be opened needs someone to repair it. Other errors may pass.
fn cannot_read(path: &Path, name: &str, error: io::Error) -> AuthenticationError {
    let problem = format!("{name} cannot be read from {}", path.display());
    let is_permanent = matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
    );
    let cannot_read = if is_permanent {
        AuthenticationError::permanent(problem)
    } else {
        AuthenticationError::transient(problem)
    };
    cannot_read.because(error)
}

/// More than any secret, key, assertion or chain of certificates has.
pub(super) const LONGEST: usize = 64 * 1024;
pub(super) const TOO_LARGE: &str = "it is larger than 64 KiB";

#[cfg(test)]
mod tests;
