//! Command-line programs that share a directory.

use std::fs;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{Client, FileStore, Redirects, SealingKey, TokenManager, from_blocking_fn};
use http::Response;
use tempfile::TempDir;

/// The second program finds the directory as it was when the first one had its token.
#[test]
fn d8_a_program_that_ends_with_its_token_leaves_no_lease() {
    let requests = Arc::new(AtomicUsize::new(0));
    for run in 1..=5 {
        let (directory, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let tokens = tokens(directory.path(), &requests);
        tokens.token_blocking().unwrap();
        for file in fs::read_dir(directory.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let next = self::tokens(copy.path(), &requests);
        next.token_blocking().unwrap();
        assert_eq!(requests.load(Ordering::Relaxed), run);
    }
}

fn tokens(directory: &Path, requests: &Arc<AtomicUsize>) -> TokenManager {
    let requests = Arc::clone(requests);
    let server = from_blocking_fn(Redirects::NotFollowed, move |_| {
        requests.fetch_add(1, Ordering::Relaxed);
        let body = r#"{"access_token":"token","token_type":"Bearer","expires_in":3600}"#;
        Ok::<_, io::Error>(Response::new(Cursor::new(body)))
    });
    let store = FileStore::new(directory).unwrap();
    Client::builder("https://auth.example.com/token")
        .client_secret("client-id", "secret")
        .store(
            store,
            SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
        )
        .build_tokens(server)
        .unwrap()
}
