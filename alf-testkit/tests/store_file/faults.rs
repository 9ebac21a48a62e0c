//! What a directory of a `FileStore` may have in it, and what may happen to its disk.

#![cfg(unix)]

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use alf_core::{FileStore, StoreErrorKind, TokenStore, Written};
use alf_testkit::store_conformance::block_on;
use tempfile::TempDir;

use super::{increment, key, left_by_unfinished_write, number};

/// In the processes that a test starts.
const DIRECTORY: &str = "ALF_TESTKIT_STORE";
const NOBODY: u32 = 65_534;

#[test]
fn a_link_in_place_of_a_value_is_not_followed() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = FileStore::new(directory.path()).unwrap();
    increment(&store);
    let value = left_by_unfinished_write(directory.path()).with_extension("token");
    let target = elsewhere.path().join("target");
    fs::rename(&value, &target).unwrap();
    symlink(&target, &value).unwrap();
    assert_no_file(&store, &value);
    assert!(target.exists());
}

#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = FileStore::new(directory.path()).unwrap();
    let lock = directory.path().join("alf.lock");
    let target = elsewhere.path().join("target");
    symlink(&target, &lock).unwrap();
    let error = block_on(store.write(&key(), None, b"value", KEPT)).unwrap_err();
    assert_names(&error, &lock);
    assert!(!target.exists());
}

#[test]
fn a_pipe_or_a_directory_in_place_of_a_value_blocks_nothing() {
    for command in ["mkfifo", "mkdir"] {
        let directory = TempDir::new().unwrap();
        let store = FileStore::new(directory.path()).unwrap();
        increment(&store);
        let value = left_by_unfinished_write(directory.path()).with_extension("token");
        fs::remove_file(&value).unwrap();
        assert!(
            Command::new(command)
                .arg(&value)
                .status()
                .unwrap()
                .success()
        );
        assert_no_file(&store, &value);
    }
}

/// No file of the second process can have a byte, as on a disk that is full.
#[test]
fn a_full_disk_is_an_outage_and_changes_nothing() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        let store = FileStore::new(directory).unwrap();
        let error = failed_increment(&store);
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        return;
    }
    let directory = TempDir::new().unwrap();
    let store = FileStore::new(directory.path()).unwrap();
    increment(&store);
    let mut child = Command::new("sh");
    let limit = r#"trap "" XFSZ; ulimit -f 0; exec "$0" "$@""#;
    child.args(["-c", limit]).arg(env::current_exe().unwrap());
    child.args([
        "--exact",
        "faults::a_full_disk_is_an_outage_and_changes_nothing",
    ]);
    // By pipes: the limit also holds for a file that the test's own output may go to.
    let output = child.env(DIRECTORY, directory.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(number(block_on(store.read(&key())).unwrap().as_ref()), 1);
    increment(&store);
    assert_eq!(number(block_on(store.read(&key())).unwrap().as_ref()), 2);
}

/// Root may write anywhere, so this runs as another user then.
#[test]
fn a_directory_that_becomes_read_only_is_denied_and_changes_nothing() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        let directory = Path::new(&directory);
        let store = FileStore::new(directory).unwrap();
        increment(&store);
        fs::set_permissions(directory, Permissions::from_mode(0o500)).unwrap();
        let error = failed_increment(&store);
        assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
        assert_eq!(number(block_on(store.read(&key())).unwrap().as_ref()), 1);
        assert!(
            FileStore::new(directory)
                .unwrap_err()
                .to_string()
                .contains("is not writable")
        );
        fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
        increment(&store);
        return;
    }
    let directory = TempDir::new().unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([
        "--exact",
        "faults::a_directory_that_becomes_read_only_is_denied_and_changes_nothing",
    ]);
    if fs::metadata(directory.path()).unwrap().uid() == 0 {
        chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        child.uid(NOBODY).gid(NOBODY);
    }
    // That user may be unable to read the directory of this test.
    if let Ok(status) = child.env(DIRECTORY, directory.path()).status() {
        assert!(status.success());
    }
}

/// Neither a read nor a write uses what is in place of the value.
#[track_caller]
fn assert_no_file(store: &FileStore, value: &Path) {
    let read = block_on(store.read(&key())).unwrap_err();
    let written = block_on(store.write(&key(), None, b"value", KEPT)).unwrap_err();
    for error in [read, written] {
        assert_names(&error, value);
    }
    fs::remove_file(value)
        .or_else(|_| fs::remove_dir(value))
        .unwrap();
    let written = block_on(store.write(&key(), None, b"value", KEPT)).unwrap();
    assert_ne!(written, Written::Conflict);
}

#[track_caller]
fn assert_names(error: &alf_core::StoreError, path: &Path) {
    let expected = format!("{}: is not a regular file", path.display());
    assert!(error.to_string().contains(&expected), "{error}");
}

fn failed_increment(store: &FileStore) -> alf_core::StoreError {
    let stored = block_on(store.read(&key())).unwrap();
    let expected = stored.as_ref().map(alf_core::Stored::version);
    block_on(store.write(&key(), expected, b"2 another", KEPT)).unwrap_err()
}

const KEPT: Duration = Duration::from_secs(60);
