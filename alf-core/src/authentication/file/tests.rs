//! Files that are too large, that cannot be read, and that do not answer.

use pollster::block_on;

use super::super::tests::TemporaryFile;
use super::*;

const NAME: &str = "client_secret";

#[test]
fn x5_of_a_file_64_kib_are_read() {
    let file = TemporaryFile::new(&vec![b'x'; LONGEST]);
    assert!(block_on(read(file.path(), NAME)).is_ok());
    file.write(&vec![b'x'; LONGEST + 1]);
    let error = block_on(read(file.path(), NAME)).unwrap_err();
    assert!(!error.is_transient());
    assert!(error.to_string().contains("64 KiB"), "{error}");
    let endless = Path::new("/dev/zero");
    if endless.exists() {
        assert!(block_on(read(endless, NAME)).is_err());
    }
}

#[test]
fn b1_only_a_file_that_cannot_be_opened_is_a_permanent_failure() {
    for (kind, is_transient) in [
        (io::ErrorKind::NotFound, false),
        (io::ErrorKind::PermissionDenied, false),
        (io::ErrorKind::IsADirectory, false),
        (io::ErrorKind::NotADirectory, false),
        (io::ErrorKind::Interrupted, true),
        (io::ErrorKind::TimedOut, true),
        (io::ErrorKind::Other, true),
    ] {
        let error = cannot_read(Path::new("/run/secrets/client"), NAME, kind.into());
        assert_eq!(error.is_transient(), is_transient, "{kind:?}");
    }
}

#[cfg(all(feature = "tokio", unix))]
mod on_tokio {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn s5_a_file_that_does_not_answer_blocks_no_runtime() {
        let file = TemporaryFile::new(b"");
        std::fs::remove_file(file.path()).unwrap();
        // Opening a pipe for reading blocks until it is opened for writing.
        let made = std::process::Command::new("mkfifo")
            .arg(file.path())
            .status();
        assert!(made.unwrap().success());
        let runtime = Builder::new_current_thread().build().unwrap();
        let bytes = runtime.block_on(async {
            let mut read = pin!(read(file.path(), NAME));
            let polled = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            file.write(b"s3cr3t");
            read.await
        });
        assert_eq!(bytes.unwrap().as_slice(), b"s3cr3t");
    }

    #[test]
    fn s5_a_runtime_that_shuts_down_is_a_failure_that_may_pass() {
        let file = TemporaryFile::new(b"s3cr3t");
        let runtime = Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let error = block_on(read(file.path(), NAME)).unwrap_err();
        assert!(error.is_transient());
    }
}
