//! [`FileStore`]: a store in a directory, for processes on one machine.

mod threads;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use fs4::{FileExt, TryLockError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{ConfigError, Runtime, ThreadRuntime};

use super::{StoreError, StoreKey, Stored, TokenStore, Version, Written};
use threads::Threads;

/// A store in a directory, for command-line programs and for several processes on one machine. It needs no server.
///
/// Each value is a file that only its owner can read. A file is replaced as a whole, so no process reads a part of a value. One
/// process writes at a time: it locks the file `alf.lock`. The operating system releases the lock when the process ends, even if
/// it is killed. There is one file for each token target. Files are never deleted.
///
/// A call that waits for a token also waits until the token is saved, so a program may end as soon as it has its token. This does
/// not apply if the builder gets the store in an `Arc` or a `Box`.
///
/// The directory must be on a local disk, because locks may not work on a network file system.
///
/// # Examples
///
/// ```no_run
/// use alf_core::{FileStore, SealingKey};
///
/// # fn example() -> Result<(), alf_core::ConfigError> {
/// let store = FileStore::new("/var/lib/my-service/tokens")?;
/// let key = SealingKey::from_file("/var/lib/my-service/sealing-key");
/// // Client::builder(..).store(store, key)
/// # let _ = (store, key);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    directory: PathBuf,
    threads: Threads,
}

impl FileStore {
    /// Returns the store in this directory, which must exist. To create one, run `mkdir -m 700`.
    ///
    /// # Errors
    ///
    /// If the directory does not exist, or no file can be created in it. On Unix, also if other users can write to it, because
    /// they could replace files.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let directory = directory.into();
        let problem =
            |problem: &str| ConfigError::new(SETTING, format!("{} {problem}", directory.display()));
        let found = fs::metadata(&directory);
        let found = found.map_err(|error| {
            problem(
                "cannot be read; if the directory does not exist, create it with `mkdir -m 700`",
            )
            .because(error)
        })?;
        if !found.is_dir() {
            return Err(problem("is not a directory"));
        }
        // Before a file is opened in it: others may have put a link in its place.
        if can_others_write(&found, None) {
            return Err(problem(OTHERS_CAN_WRITE));
        }
        let own = own_file(&directory);
        let own = own.map_err(|error| problem("is not writable").because(error))?;
        if can_others_write(&found, Some(&own)) {
            return Err(problem(OTHERS_CAN_WRITE));
        }
        Ok(Self {
            directory,
            threads: Threads::default(),
        })
    }

    fn path(&self, key: &StoreKey) -> PathBuf {
        let name = utf8_percent_encode(key.as_str(), ENCODED);
        self.directory.join(format!("{name}.token"))
    }

    /// Waits until no other writer has the lock. It is released when the file is dropped.
    async fn lock(&self) -> Result<File, StoreError> {
        let path = self.directory.join("alf.lock");
        let opened = path.clone();
        let open = move || open_lock(&opened).map_err(|error| failed(&opened, &error));
        let file = self.threads.run(open).await?;
        loop {
            match FileExt::try_lock(&file) {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(&path, &error)),
            }
            // A call that blocks would last as long as another process is suspended with the lock.
            let pause = Duration::from_micros(fastrand::u64(500..2_000));
            ThreadRuntime::new().sleep(pause).await;
        }
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        // Windows does not replace a file that is open.
        let lock = if cfg!(windows) {
            Some(self.lock().await?)
        } else {
            None
        };
        let path = self.path(key);
        let work = move || {
            let _lock = lock;
            let value = read(&path).map_err(|error| failed(&path, &error))?;
            // No two values are equal, so a value is its own version.
            Ok(value.map(|value| Stored::new(value.clone(), Version::new(value))))
        };
        self.threads.run(work).await
    }

    /// `keep_for` is not used: files are not deleted.
    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        _keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let lock = self.lock().await?;
        let path = self.path(key);
        let (expected, value) = (expected.cloned(), value.to_vec());
        let work = move || {
            let _lock = lock;
            let current = read(&path).map_err(|error| failed(&path, &error))?;
            if current.as_deref() != expected.as_ref().map(Version::as_bytes) {
                return Ok(Written::Conflict);
            }
            replace(&path, &value).map_err(|error| failed(&path, &error))?;
            Ok(Written::Done(Version::new(value)))
        };
        self.threads.run(work).await
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    check_file(path)?;
    match fs::read(path) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Only with the lock.
fn replace(path: &Path, value: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    // A process that ended in the middle of this function has left one.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = for_owner_only().write(true).create_new(true).open(&new)?;
    file.write_all(value)?;
    // Otherwise the name may be on the disk before the bytes.
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)
}

/// Returns the metadata of a new file, which show who this user is. The lock file may belong to another user.
fn own_file(directory: &Path) -> io::Result<fs::Metadata> {
    let path = directory.join(format!("{:016x}.new", fastrand::u64(..)));
    let file = for_owner_only().write(true).create_new(true).open(&path)?;
    let own = file.metadata();
    drop(file);
    fs::remove_file(&path)?;
    own
}

fn open_lock(path: &Path) -> io::Result<File> {
    check_file(path)?;
    let mut options = for_owner_only();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path)
}

/// A link may lead out of the directory, and a pipe may block the thread forever.
fn check_file(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("is not a regular file; remove it")),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn for_owner_only() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// `own` is a file that this user has created, once there is one.
#[cfg(unix)]
fn can_others_write(directory: &fs::Metadata, own: Option<&fs::Metadata>) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let is_of_another = own.is_some_and(|own| ![own.uid(), 0].contains(&directory.uid()));
    directory.mode() & 0o022 != 0 || is_of_another
}

/// Not checked: only the user can write to the directories of their profile.
#[cfg(not(unix))]
fn can_others_write(_directory: &fs::Metadata, _own: Option<&fs::Metadata>) -> bool {
    false
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    let source = format!("{}: {error}", path.display());
    let denials = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
    if denials.contains(&error.kind()) {
        StoreError::denied(source)
    } else {
        StoreError::unavailable(source)
    }
}

/// What is percent-encoded in a file name. Capital letters are, because some file systems ignore case.
const ENCODED: &AsciiSet = &{
    let mut set = NON_ALPHANUMERIC.remove(b'-').remove(b'_');
    let mut letter = b'A';
    while letter <= b'Z' {
        set = set.add(letter);
        letter += 1;
    }
    set
};

const SETTING: &str = "store";
const OTHERS_CAN_WRITE: &str = "is a directory of another user, or one that other users can write to; run `chmod 700` on it if it is yours, or create another with `mkdir -m 700`";

#[cfg(test)]
mod tests;
