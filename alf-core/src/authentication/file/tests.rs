//! Files that are too large, that cannot be read, and that do not answer.

use pollster::block_on;

use super::super::tests::TemporaryFile;
use super::*;

#[test]
fn x5_of_a_file_64_kib_are_read() {
    let file = TemporaryFile::new(&vec![b'x'; LONGEST]);
    assert!(block_on(read(file.path())).is_ok());
    file.write(&vec![b'x'; LONGEST + 1]);
    let error = block_on(read(file.path())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    assert!(error.to_string().contains("64 KiB"), "{error}");
    let endless = Path::new("/dev/zero");
    if endless.exists() {
        assert!(block_on(read(endless)).is_err());
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
        let text = runtime.block_on(async {
            let mut read = pin!(read(file.path()));
            let polled = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            file.write(b"s3cr3t");
            read.await
        });
        assert_eq!(text.unwrap().as_str(), "s3cr3t");
    }

    #[test]
    fn s5_a_runtime_that_shuts_down_is_a_failure() {
        let file = TemporaryFile::new(b"s3cr3t");
        let runtime = Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let error = block_on(read(file.path())).unwrap_err();
        // B1: it may pass.
        assert_eq!(error.kind(), io::ErrorKind::Other);
    }
}
