//! A credential in a file, read on a thread of its own.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_channel::oneshot;
use zeroize::Zeroizing;

use super::super::AuthenticationError;

/// A file that holds a credential.
///
/// A disk that does not answer blocks no runtime, and the flight's deadline ends the waiting for
/// it; but the thread stays, so there is one at most.
#[derive(Debug)]
pub(in super::super) struct SecretFile {
    path: PathBuf,
    reader: Arc<AtomicU32>,
}

impl SecretFile {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            reader: Arc::new(AtomicU32::new(NOBODY)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it now. `name` is what errors call it.
    pub(super) async fn read(
        &self,
        name: &'static str,
    ) -> Result<Zeroizing<Vec<u8>>, AuthenticationError> {
        let Some(turn) = Turn::take(&self.reader) else {
            return Err(AuthenticationError::transient(format!(
                "{name} is still being read from {}",
                self.path.display()
            )));
        };
        let (tell, told) = oneshot::channel();
        let path = self.path.clone();
        let begun = std::thread::Builder::new()
            .name("alf-secret-file".to_owned())
            .spawn(move || {
                let bytes = read(&path);
                // Before it is told: whoever is told may read again at once.
                drop(turn);
                // Whoever waited may be gone.
                let _ = tell.send(bytes);
            });
        begun.map_err(|error| self.unread(name, error))?;
        let bytes = match told.await {
            Ok(read) => read.map_err(|error| self.unread(name, error))?,
            Err(oneshot::Canceled) => {
                return Err(self.unread(name, io::ErrorKind::Interrupted.into()));
            }
        };
        if bytes.len() > LONGEST {
            return Err(AuthenticationError::permanent(format!(
                "{name} in {}: it is larger than 64 KiB, which none is",
                self.path.display()
            )));
        }
        Ok(bytes)
    }

    /// B1: a file that is missing or not permitted is someone's to mend; the rest may pass.
    fn unread(&self, name: &'static str, error: io::Error) -> AuthenticationError {
        let problem = format!("{name} cannot be read from {}", self.path.display());
        let is_permanent = matches!(
            error.kind(),
            io::ErrorKind::NotFound
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::InvalidInput
        );
        let unread = if is_permanent {
            AuthenticationError::permanent(problem)
        } else {
            AuthenticationError::transient(problem)
        };
        unread.because(error)
    }
}

/// The right to read the file, by the id of its process: a fork leaves its threads behind.
struct Turn(Arc<AtomicU32>);

impl Turn {
    fn take(reader: &Arc<AtomicU32>) -> Option<Self> {
        let us = std::process::id();
        (reader.swap(us, Ordering::AcqRel) != us).then(|| Self(Arc::clone(reader)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(NOBODY, Ordering::Release);
    }
}

/// The beginning of the file: as much of it as is read, and one byte more where there is more.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // It never grows, and so leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?
        .take(LONGEST as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

const LONGEST: usize = 64 * 1024;
/// No process has this id but the system's own.
const NOBODY: u32 = 0;

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::super::tests::TemporaryFile;
    use super::*;

    #[test]
    fn x5_a_file_that_does_not_answer_costs_one_thread() {
        let file = TemporaryFile::new(b"s3cr3t");
        let source = SecretFile::new(file.path());
        let hung = Turn::take(&source.reader).unwrap();
        for _ in 0..3 {
            let error = block_on(source.read("client_secret")).unwrap_err();
            assert!(error.is_transient(), "B1: it may answer soon");
            assert!(error.to_string().contains("is still being read"));
        }
        drop(hung);
        for _ in 0..3 {
            assert!(block_on(source.read("client_secret")).is_ok());
        }
    }

    #[test]
    fn s5_a_read_that_a_fork_left_behind_holds_up_nobody() {
        let file = TemporaryFile::new(b"s3cr3t");
        let source = SecretFile::new(file.path());
        let parent = std::process::id().wrapping_add(1);
        source.reader.store(parent, Ordering::Relaxed);
        assert!(block_on(source.read("client_secret")).is_ok());
    }

    #[test]
    fn x5_of_a_file_64_kib_are_read() {
        let file = TemporaryFile::new(&vec![b'x'; LONGEST]);
        let source = SecretFile::new(file.path());
        assert!(block_on(source.read("client_secret")).is_ok());
        file.write(&vec![b'x'; LONGEST + 1]);
        let error = block_on(source.read("client_secret")).unwrap_err();
        assert!(!error.is_transient());
        assert!(error.to_string().contains("64 KiB"), "{error}");
        let endless = Path::new("/dev/zero");
        if endless.exists() {
            assert!(block_on(SecretFile::new(endless).read("client_secret")).is_err());
        }
    }

    #[test]
    fn b1_only_a_file_that_cannot_be_opened_is_a_permanent_failure() {
        let source = SecretFile::new(Path::new("/run/secrets/client"));
        for (kind, is_transient) in [
            (io::ErrorKind::NotFound, false),
            (io::ErrorKind::PermissionDenied, false),
            (io::ErrorKind::IsADirectory, false),
            (io::ErrorKind::NotADirectory, false),
            (io::ErrorKind::Interrupted, true),
            (io::ErrorKind::TimedOut, true),
            (io::ErrorKind::Other, true),
        ] {
            let error = source.unread("client_secret", kind.into());
            assert_eq!(error.is_transient(), is_transient, "{kind:?}");
        }
    }
}
