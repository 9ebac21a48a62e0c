//! What servers do to a store, beside what the store suite has.

use std::time::Duration;

use alf_core::{StoreError, StoreErrorKind, StoreKey, TokenStore, Version, Written};
use alf_redis::{RedisStore, redis};

use crate::certificates::Certificates;
use crate::server::{Program, Server};

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_paused_server_costs_an_operation_and_its_connection() {
    for server in both(&[]) {
        let store = store(&server.url());
        let version = create(&store).await.unwrap();
        server.admin::<()>("CLIENT PAUSE 1000 ALL");
        // As alf does after `store_timeout`.
        let limit = Duration::from_millis(50);
        let key = key();
        assert!(tokio::time::timeout(limit, store.read(&key)).await.is_err());
        // The server answers once the pause is over.
        assert_eq!(store.read(&key).await.unwrap().unwrap().version(), &version);
        // `admin` has one more.
        let clients: String = server.admin("CLIENT LIST");
        assert_eq!(clients.lines().count(), 2, "{clients}");
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_server_that_was_killed_is_unavailable_until_it_is_back() {
    for server in both(&[]) {
        let store = store(&server.url());
        let version = create(&store).await.unwrap();
        server.kill();
        let error = store.read(&key()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        server.start_again();
        // Without the value, and without the script.
        assert_eq!(
            write(&store, Some(&version), "b").await.unwrap(),
            Written::Conflict
        );
        create(&store).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_restart_between_two_operations_is_not_noticed() {
    for server in both(&[]) {
        let store = store(&server.url());
        create(&store).await.unwrap();
        server.kill();
        server.start_again();
        create(&store).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_read_only_replica_denies_writes_until_it_is_promoted() {
    for server in both(&[]) {
        let store = store(&server.url());
        let version = create(&store).await.unwrap();
        server.admin::<()>("REPLICAOF 127.0.0.1 1");
        let error = write(&store, Some(&version), "b").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Denied);
        assert!(error.to_string().contains("READONLY"), "{error}");
        assert!(store.read(&key()).await.unwrap().is_some());
        server.admin::<()>("REPLICAOF NO ONE");
        assert_ne!(
            write(&store, Some(&version), "b").await.unwrap(),
            Written::Conflict
        );
    }
}

/// The name of the server leads to another one after a failover.
#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn after_a_fail_over_the_first_write_reaches_the_new_primary() {
    let old = Server::start(Program::Redis, &[]);
    let new = Server::start(Program::Redis, &[]);
    let urls = [old.url(), new.url()];
    let connects = std::sync::atomic::AtomicUsize::new(0);
    let store = RedisStore::connect_with(move || {
        let connects = connects.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let client = redis::Client::open(urls[connects.min(1)].as_str()).unwrap();
        async move { client.get_multiplexed_async_connection().await }
    });
    store.read(&key()).await.unwrap();
    old.admin::<()>(&format!("REPLICAOF 127.0.0.1 {}", new.port()));
    let version = create(&store).await.unwrap();
    assert_eq!(new.admin::<Vec<u8>>("GET alf:key"), version.as_bytes());
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn after_flushall_the_old_version_conflicts() {
    for server in both(&[]) {
        let store = store(&server.url());
        let version = create(&store).await.unwrap();
        server.admin::<()>("FLUSHALL");
        server.admin::<()>("SCRIPT FLUSH");
        assert_eq!(store.read(&key()).await.unwrap(), None);
        assert_eq!(
            write(&store, Some(&version), "b").await.unwrap(),
            Written::Conflict
        );
        create(&store).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_full_server_is_unavailable() {
    for server in both(&["--maxmemory", "1"]) {
        let error = create(&store(&server.url())).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("OOM"), "{error}");
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_value_expires_after_keep_for() {
    for server in both(&[]) {
        create(&store(&server.url())).await.unwrap();
        let left: u64 = server.admin("PTTL alf:key");
        assert!(
            (KEEP_FOR.as_secs() * 1000 - 60_000..=KEEP_FOR.as_secs() * 1000).contains(&left),
            "{left}"
        );
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_password_is_needed_and_checked() {
    for server in both(&[]) {
        server.admin::<()>("CONFIG SET requirepass pass@word");
        let port = server.port();
        create(&store(&format!("redis://:pass%40word@127.0.0.1:{port}")))
            .await
            .unwrap();
        create(&store(&format!(
            "redis://:pass%40word@127.0.0.1:{port}/1?protocol=resp3"
        )))
        .await
        .unwrap();
        for url in [
            format!("redis://127.0.0.1:{port}"),
            format!("redis://:hunter2@127.0.0.1:{port}"),
            format!("redis://alf:hunter2@127.0.0.1:{port}"),
            format!("redis://alf:hunter2@127.0.0.1:{port}?protocol=resp3"),
        ] {
            let error = store(&url).read(&key()).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn keys_that_a_user_may_not_use_are_denied() {
    for server in both(&[]) {
        server.admin::<()>("ACL SETUSER alf on >password ~other:* +get +set +eval");
        let store = store(&format!("redis://alf:password@127.0.0.1:{}", server.port()));
        for error in [
            store.read(&key()).await.unwrap_err(),
            create(&store).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Denied);
            assert!(error.to_string().contains("NOPERM"), "{error}");
        }
    }
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn a_certificate_of_an_unknown_authority_is_an_error() {
    let (server, _) = Certificates::server(Program::Redis);
    let store = store(&format!("rediss://:hunter2@localhost:{}", server.port()));
    let error = store.read(&key()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
#[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
async fn each_operation_is_one_command_of_one_connection() {
    for server in both(&[]) {
        let store = store(&server.url());
        let version = create(&store).await.unwrap();
        server.admin::<()>("CONFIG RESETSTAT");
        for _ in 0..10 {
            store.read(&key()).await.unwrap();
            assert_eq!(write(&store, None, "b").await.unwrap(), Written::Conflict);
            write(&store, Some(&version), "a").await.unwrap();
        }
        let info: String = server.admin("INFO stats");
        // That of the `admin` that asks. Conflicts and repeated values write nothing.
        assert!(info.contains("total_connections_received:1\r\n"), "{info}");
        assert_eq!((server.commands("eval"), server.commands("set")), (20, 0));
        assert_eq!(server.commands("get"), 10 + 20);
    }
}

fn both(options: &[&str]) -> [Server; 2] {
    [Program::Redis, Program::Valkey].map(|program| Server::start(program, options))
}

fn store(url: &str) -> RedisStore {
    RedisStore::from_url(url).unwrap()
}

async fn create<C>(store: &RedisStore<C>) -> Result<Version, StoreError>
where
    RedisStore<C>: TokenStore,
{
    match write(store, None, "a").await? {
        Written::Done(version) => Ok(version),
        Written::Conflict => panic!("there is a value"),
    }
}

async fn write<C>(
    store: &RedisStore<C>,
    expected: Option<&Version>,
    value: &str,
) -> Result<Written, StoreError>
where
    RedisStore<C>: TokenStore,
{
    store
        .write(&key(), expected, value.as_bytes(), KEEP_FOR)
        .await
}

fn key() -> StoreKey {
    StoreKey::new("alf:key")
}

const KEEP_FOR: Duration = Duration::from_secs(3600);
