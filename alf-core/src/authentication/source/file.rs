//! A credential in a file, read on a thread of its own.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use event_listener::Event;
use futures_channel::oneshot;
use zeroize::Zeroizing;

use super::super::AuthenticationError;

/// A file that holds a credential.
///
/// A disk that does not answer blocks no runtime, and the acquisition's deadline ends the waiting for
/// it; but the thread stays, so there is one at most. Several acquisitions (of a client's views) read
/// one after the other; once one of them has waited in vain, the others are told so at once.
#[derive(Debug)]
pub(in super::super) struct SecretFile {
    path: PathBuf,
    reader: Arc<AtomicU32>,
    /// Rung whenever a reading has ended.
    ended: Arc<Event>,
    /// Somebody gave up waiting for the reading that is under way.
    hangs: Arc<AtomicBool>,
}

impl SecretFile {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            reader: Arc::new(AtomicU32::new(NOBODY)),
            ended: Arc::default(),
            hangs: Arc::default(),
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
        let patience = Patience::new(&self.hangs);
        let turn = self.turn(name).await?;
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
        let told = told.await;
        patience.rewarded();
        let bytes = match told {
            Ok(read) => read.map_err(|error| self.unread(name, error))?,
            Err(oneshot::Canceled) => {
                return Err(self.unread(name, io::ErrorKind::Interrupted.into()));
            }
        };
        if bytes.len() > LONGEST {
            return Err(AuthenticationError::permanent(format!(
                "{name} in {}: {TOO_LARGE}",
                self.path.display()
            )));
        }
        Ok(bytes)
    }

    /// Waits for one's turn to read.
    async fn turn(&self, name: &'static str) -> Result<Turn, AuthenticationError> {
        loop {
            // Before the look: an end after it is heard.
            let ended = self.ended.listen();
            if let Some(turn) = Turn::take(self) {
                return Ok(turn);
            }
            if self.hangs.load(Ordering::Acquire) {
                return Err(AuthenticationError::transient(format!(
                    "{name} is still being read from {}",
                    self.path.display()
                )));
            }
            ended.await;
        }
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
struct Turn {
    reader: Arc<AtomicU32>,
    ended: Arc<Event>,
    hangs: Arc<AtomicBool>,
}

impl Turn {
    fn take(file: &SecretFile) -> Option<Self> {
        let us = std::process::id();
        (file.reader.swap(us, Ordering::AcqRel) != us).then(|| Self {
            reader: Arc::clone(&file.reader),
            ended: Arc::clone(&file.ended),
            hangs: Arc::clone(&file.hangs),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.hangs.store(false, Ordering::Release);
        self.reader.store(NOBODY, Ordering::Release);
        self.ended.notify(usize::MAX);
    }
}

/// Dropped without a reward, it has waited in vain: a deadline has cut it.
struct Patience<'a> {
    hangs: &'a AtomicBool,
    rewarded: bool,
}

impl<'a> Patience<'a> {
    fn new(hangs: &'a AtomicBool) -> Self {
        Self {
            hangs,
            rewarded: false,
        }
    }

    fn rewarded(mut self) {
        self.rewarded = true;
    }
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if !self.rewarded {
            self.hangs.store(true, Ordering::Release);
        }
    }
}

/// The beginning of the file: as much of it as is read, and one byte more where there is more.
pub(in super::super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // It never grows, and so leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?
        .take(LONGEST as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(in super::super) const LONGEST: usize = 64 * 1024;
pub(in super::super) const TOO_LARGE: &str = "it is larger than 64 KiB, which none is";
/// No process has this id but the system's own.
const NOBODY: u32 = 0;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use pollster::block_on;

    use super::super::tests::TemporaryFile;
    use super::*;

    #[test]
    fn x5_a_file_that_does_not_answer_costs_one_thread() {
        let file = TemporaryFile::new(b"s3cr3t");
        let source = SecretFile::new(file.path());
        let hung = Turn::take(&source).unwrap();
        // A deadline cuts the first one that waits.
        assert!(source.read("client_secret").now_or_never().is_none());
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
    fn b3_acquisitions_read_one_after_the_other() {
        let file = TemporaryFile::new(b"s3cr3t");
        let source = SecretFile::new(file.path());
        let reading = Turn::take(&source).unwrap();
        let waiting = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| block_on(source.read("client_secret")));
            drop(reading);
            waiting.join()
        });
        assert!(waiting.unwrap().is_ok());
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
