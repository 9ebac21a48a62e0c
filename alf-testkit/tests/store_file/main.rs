//! The store suite on alf-core's `FileStore`, also with several processes.

#![cfg(feature = "store")]
#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

mod faults;
mod programs;

use std::env;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use alf_core::{FileStore, StoreKey, Stored, TokenStore, Written};
use alf_testkit::store_conformance::{StoreHooks, StoreSubject, block_on};
use tempfile::TempDir;

struct Files(TempDir);

impl StoreSubject for Files {
    type Store = FileStore;

    fn start() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn connect(&self) -> FileStore {
        FileStore::new(self.0.path()).unwrap()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
            .delete(|subject, _| {
                for file in fs::read_dir(subject.0.path()).unwrap() {
                    let path = file.unwrap().path();
                    if path.extension().is_some_and(|it| it == "token") {
                        fs::remove_file(path).unwrap();
                    }
                }
            })
            // There is no server. The case connects again.
            .restart(|_| ())
    }
}

alf_testkit::store_conformance!(Files);

/// Ten processes increment a number. Some of them are killed in the middle, some of those with the lock.
#[test]
fn no_update_of_ten_processes_is_lost() {
    const DIRECTORY: &str = "ALF_TESTKIT_STORE";
    if let Some(directory) = env::var_os(DIRECTORY) {
        let store = FileStore::new(directory).unwrap();
        for _ in 0..INCREMENTS {
            increment(&store);
        }
        return;
    }
    let directory = TempDir::new().unwrap();
    let start = || {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "no_update_of_ten_processes_is_lost"]);
        child.env(DIRECTORY, directory.path()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..10).map(|_| start()).collect();
    let killed: Vec<_> = (0..3).map(|_| start()).collect();
    let store = FileStore::new(directory.path()).unwrap();
    let mut own = 0;
    for process in killed {
        // So that they are killed at different times.
        for _ in 0..5 {
            increment(&store);
            own += 1;
        }
        kill(process);
    }
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let number = number(block_on(store.read(&key())).unwrap().as_ref());
    let (least, most) = (10 * INCREMENTS + own, 13 * INCREMENTS + own);
    assert!(
        (least..=most).contains(&number),
        "{number} is not {least} to {most}"
    );
}

#[test]
fn a_directory_that_does_not_exist_is_an_error() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing");
    let error = FileStore::new(&missing).unwrap_err();
    assert_eq!(error.setting(), "store");
    assert!(
        error.to_string().contains(&*missing.to_string_lossy()),
        "{error}"
    );
}

#[test]
fn a_file_is_not_a_directory() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = FileStore::new(&file).unwrap_err();
    assert!(error.to_string().contains("is not a directory"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_others_can_write_to_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = TempDir::new().unwrap();
    for mode in [0o720, 0o702, 0o777, 0o1777] {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        let error = FileStore::new(directory.path()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&*directory.path().to_string_lossy()),
            "{text}"
        );
        assert!(text.contains("other users can write to"), "{text}");
        let mut files = fs::read_dir(directory.path()).unwrap();
        assert!(files.next().is_none(), "a file was made in it");
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    FileStore::new(directory.path()).unwrap();
}

/// Only root can write to a directory of another user.
#[cfg(unix)]
#[test]
fn a_directory_of_another_user_is_refused_also_if_the_lock_is_theirs() {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    const ANOTHER: Option<u32> = Some(65_534);
    let directory = TempDir::new().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let lock = directory.path().join("alf.lock");
    fs::write(&lock, "").unwrap();
    if chown(&lock, ANOTHER, None).is_err() {
        return;
    }
    chown(directory.path(), ANOTHER, None).unwrap();
    let error = FileStore::new(directory.path()).unwrap_err();
    assert!(
        error.to_string().contains("other users can write to"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_has_access_to_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = TempDir::new().unwrap();
    let store = FileStore::new(directory.path()).unwrap();
    increment(&store);
    increment(&store);
    let mut files = 0;
    for file in fs::read_dir(directory.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 2, "expected the value and the lock");
}

#[test]
fn what_an_unfinished_write_left_is_replaced() {
    let directory = TempDir::new().unwrap();
    let store = FileStore::new(directory.path()).unwrap();
    increment(&store);
    let left = left_by_unfinished_write(directory.path());
    fs::write(&left, "a part of a val").unwrap();
    increment(&store);
    assert_eq!(number(block_on(store.read(&key())).unwrap().as_ref()), 2);
    assert!(!left.exists());
}

const INCREMENTS: u64 = 20;

fn key() -> StoreKey {
    StoreKey::new("alf:number")
}

fn increment(store: &FileStore) {
    let key = key();
    loop {
        let stored = block_on(store.read(&key)).unwrap();
        // As records of alf, no two values are equal.
        let value = format!("{} {}", number(stored.as_ref()) + 1, fastrand::u64(..));
        let expected = stored.as_ref().map(Stored::version);
        let kept = Duration::from_secs(60);
        let written = block_on(store.write(&key, expected, value.as_bytes(), kept));
        if written.unwrap() != Written::Conflict {
            return;
        }
    }
}

fn number(stored: Option<&Stored>) -> u64 {
    let Some(stored) = stored else { return 0 };
    let text = std::str::from_utf8(stored.value()).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn kill(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

fn left_by_unfinished_write(directory: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path());
    let value = files.find(|path| path.extension().is_some_and(|it| it == "token"));
    value.unwrap().with_extension("new")
}
