use super::*;
use crate::StoreErrorKind;
use crate::runtime::before;

#[test]
fn a_missing_permission_is_denied_and_names_the_file() {
    for (kind, expected) in [
        (ErrorKind::PermissionDenied, StoreErrorKind::Denied),
        (ErrorKind::ReadOnlyFilesystem, StoreErrorKind::Denied),
        (ErrorKind::StorageFull, StoreErrorKind::Unavailable),
        (ErrorKind::Other, StoreErrorKind::Unavailable),
    ] {
        let error = failed(Path::new("/a/file"), &kind.into());
        assert_eq!(error.kind(), expected);
        assert!(error.to_string().contains("/a/file"), "{error}");
    }
}

#[test]
fn a_file_name_has_no_capital_letter_of_its_key_and_no_separator() {
    let store = FileStore {
        directory: PathBuf::from("/d"),
        threads: Threads::default(),
    };
    for (key, name) in [
        ("alf:0a-b_c", "/d/alf%3A0a-b_c.token"),
        ("Alf:0a", "/d/%41lf%3A0a.token"),
        ("../a", "/d/%2E%2E%2Fa.token"),
    ] {
        assert_eq!(store.path(&StoreKey::new(key)), Path::new(name));
    }
}

/// To the system, the lock of a process that has been stopped is like that of any other open file.
#[test]
fn a_lock_that_is_held_blocks_no_thread() {
    let directory = std::env::temp_dir().join(format!("alf-held-lock-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    let store = FileStore::new(&directory).unwrap();
    let held = open_lock(&directory.join("alf.lock")).unwrap();
    FileExt::lock(&held).unwrap();
    let key = StoreKey::new("alf:a");
    let write = || store.write(&key, None, b"value", Duration::from_secs(60));
    let timer = || ThreadRuntime::new().sleep(Duration::from_millis(10));
    for _ in 0..20 {
        let written = pollster::block_on(before(write(), timer()));
        assert!(written.is_none(), "it does not have the lock");
    }
    drop(held);
    let written = pollster::block_on(write());
    fs::remove_dir_all(directory).unwrap();
    assert!(matches!(written, Ok(Written::Done(_))), "{written:?}");
}
