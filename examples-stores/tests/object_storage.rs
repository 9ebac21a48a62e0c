//! The store in memory, and on a server that answers as S3 does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "code of tests, outside of their functions"
)]

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use alf_core::{StoreErrorKind, StoreKey, TokenStore as _, Version, Written};
use alf_testkit::store_conformance::{self, StoreHooks, StoreSubject};
use alf_testkit::{Answer, Recorded, Servers};
use examples_stores::{ObjectStorage, token_requests_of_three_clients};
use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStoreExt as _, RetryConfig};
use tokio::runtime::Runtime;

struct Memory(Arc<InMemory>);

impl StoreSubject for Memory {
    type Store = ObjectStorage;

    fn start() -> Self {
        Self(Arc::default())
    }

    fn connect(&self) -> ObjectStorage {
        ObjectStorage::new(Arc::clone(&self.0))
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        store_conformance::block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks.delete(|subject, key| {
            store_conformance::block_on(subject.0.delete(&Path::from(key.as_str()))).unwrap();
        })
    }
}

mod in_memory {
    alf_testkit::store_conformance!(super::Memory);
}

/// A bucket of S3: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>.
struct S3 {
    servers: Servers,
    bucket: Arc<Bucket>,
}

#[derive(Default)]
struct Bucket {
    objects: Mutex<HashMap<String, Vec<u8>>>,
    loses_reply: AtomicBool,
    denies_writes: AtomicBool,
}

impl Bucket {
    fn answer(&self, request: &Recorded) -> Answer {
        let mut objects = self.objects.lock().unwrap();
        let current = objects.get(request.path());
        if request.method() == "GET" {
            return current.map_or_else(
                || Answer::status(404),
                |value| {
                    Answer::status(200)
                        .header("ETag", e_tag(value))
                        .body(value.clone())
                },
            );
        }
        if self.denies_writes.load(Ordering::SeqCst) {
            return Answer::status(403);
        }
        match (request.header("if-match"), current) {
            (Some(_), None) => return Answer::status(404),
            (Some(expected), Some(value)) if expected != e_tag(value) => {
                return Answer::status(412);
            }
            (None, Some(_)) => return Answer::status(412),
            _ => {}
        }
        assert_eq!(request.header("if-none-match").is_some(), current.is_none());
        objects.insert(request.path().to_owned(), request.body().to_owned());
        if self.loses_reply.swap(false, Ordering::SeqCst) {
            return Answer::hang_up();
        }
        Answer::status(200).header("ETag", e_tag(request.body()))
    }
}

/// A hash of the value, as on S3.
fn e_tag(value: &[u8]) -> String {
    format!("\"{:016x}\"", alf_testkit::server::body_hash(value))
}

impl StoreSubject for S3 {
    type Store = ObjectStorage;

    fn start() -> Self {
        let (servers, bucket) = (Servers::start(), Arc::<Bucket>::default());
        let answering = Arc::clone(&bucket);
        servers
            .resource
            .answer_with(move |request| answering.answer(request));
        Self { servers, bucket }
    }

    fn connect(&self) -> ObjectStorage {
        s3(&self.servers)
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
            .delete(|subject, key| {
                let path = format!("/bucket/{key}").replace(':', "%3A");
                let mut objects = subject.bucket.objects.lock().unwrap();
                objects.remove(&path).expect("the object exists");
            })
            .restart(|subject| {
                subject.servers.resource.refuse_connections();
                subject.servers.resource.accept_connections();
            })
            .lose_reply(|subject| subject.bucket.loses_reply.store(true, Ordering::SeqCst))
            .deny_writes(|subject| subject.bucket.denies_writes.store(true, Ordering::SeqCst))
    }
}

mod on_s3 {
    alf_testkit::store_conformance!(super::S3);
}

#[test]
fn answers_of_s3() {
    let servers = Servers::start();
    let store = s3(&servers);
    let (key, kept) = (StoreKey::new("alf:key"), Duration::from_mins(1));
    let version = Version::new("\"e-tag\"\n");
    for expected in [None, Some(&version)] {
        for (status, kind) in [
            (401, StoreErrorKind::Denied),
            (403, StoreErrorKind::Denied),
            (429, StoreErrorKind::Unavailable),
            (500, StoreErrorKind::Unavailable),
            (503, StoreErrorKind::Unavailable),
        ] {
            servers.resource.answer_always(Answer::status(status));
            let read = RUNTIME.block_on(store.read(&key));
            assert_eq!(read.unwrap_err().kind(), kind, "{status}");
            let written = RUNTIME.block_on(store.write(&key, expected, b"value", kept));
            assert_eq!(written.unwrap_err().kind(), kind, "{status}");
        }
        // 409: two puts at the same time.
        for status in [409, 412] {
            servers.resource.answer_always(Answer::status(status));
            let written = RUNTIME.block_on(store.write(&key, expected, b"value", kept));
            assert_eq!(written.unwrap(), Written::Conflict, "{status}");
        }
    }
}

#[test]
fn a_missing_bucket_is_unavailable() {
    let servers = Servers::start();
    servers
        .resource
        .answer_always(Answer::status(404).body("<Error><Code>NoSuchBucket</Code></Error>"));
    let (key, kept) = (StoreKey::new("alf:key"), Duration::from_mins(1));
    let written = RUNTIME.block_on(s3(&servers).write(&key, None, b"value", kept));
    let error = written.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
}

#[test]
fn three_clients_make_one_token_request() {
    let store = ObjectStorage::new(InMemory::new());
    let requests = RUNTIME.block_on(token_requests_of_three_clients(store));
    assert_eq!(requests.unwrap(), 1);
}

fn s3(servers: &Servers) -> ObjectStorage {
    let retry = RetryConfig {
        max_retries: 0,
        ..RetryConfig::default()
    };
    let bucket = AmazonS3Builder::new()
        .with_endpoint(servers.resource.origin())
        .with_bucket_name("bucket")
        .with_access_key_id("id")
        .with_secret_access_key("secret")
        .with_client_options(ClientOptions::new().with_allow_http(true))
        .with_retry(retry);
    ObjectStorage::new(bucket.build().unwrap())
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
