//! What the store does if the server fails: against a server that answers as each test says.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

mod scripted;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use alf_core::{StoreError, StoreErrorKind, StoreKey, TokenStore, Version, Written};
use alf_redis::{RedisStore, redis};
use scripted::Answer::{Close, Reply, Silence};
use scripted::Server;
use static_assertions::assert_impl_all;

// The connections that redis-rs has for servers of several kinds.
assert_impl_all!(RedisStore: TokenStore);
assert_impl_all!(RedisStore<redis::aio::ConnectionManager>: TokenStore);
assert_impl_all!(RedisStore<redis::cluster_async::ClusterConnection>: TokenStore);

#[tokio::test]
async fn each_operation_is_one_command() {
    let server = Server::start([vec![
        Reply("$-1\r\n"),
        Reply(":1\r\n"),
        Reply("$3\r\nabc\r\n"),
        Reply(":0\r\n"),
    ]]);
    let store = server.store();
    assert_eq!(store.read(&key()).await.unwrap(), None);
    let done = Written::Done(Version::new("abc"));
    assert_eq!(write(&store, None).await.unwrap(), done);
    let stored = store.read(&key()).await.unwrap().unwrap();
    assert_eq!(stored.value(), b"abc");
    let conflict = write(&store, Some(stored.version())).await.unwrap();
    assert_eq!(conflict, Written::Conflict);
    assert_eq!(server.commands(), ["GET", "EVAL", "GET", "EVAL"]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_replaced_within_the_operation() {
    let server = Server::start([vec![Reply("$-1\r\n"), Close], vec![Reply(":1\r\n")]]);
    let store = server.store();
    store.read(&key()).await.unwrap();
    let written = write(&store, None).await.unwrap();
    assert_eq!(written, Written::Done(Version::new("abc")));
    assert_eq!(server.commands(), ["GET", "EVAL", "EVAL"]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_is_lost_twice_is_unavailable() {
    let server = Server::start([vec![Close], vec![Close]]);
    let error = server.store().read(&key()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn readonly_leads_to_the_new_primary() {
    let server = Server::start([
        vec![Reply(READONLY)],
        vec![Reply(":1\r\n"), Reply(":1\r\n")],
    ]);
    let store = server.store();
    write(&store, None).await.unwrap();
    write(&store, None).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn readonly_after_a_new_connection_is_denied() {
    let server = Server::start([
        vec![Reply(READONLY)],
        vec![Reply(READONLY)],
        vec![Reply(":1\r\n")],
    ]);
    let store = server.store();
    let error = write(&store, None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Denied);
    assert!(
        error.to_string().contains("READONLY You can't write"),
        "{error}"
    );
    // The next operation looks for the primary again.
    write(&store, None).await.unwrap();
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn other_answers_of_the_server_keep_the_connection() {
    let answers = [
        (
            "-NOPERM No permissions to run the 'eval' command\r\n",
            StoreErrorKind::Denied,
        ),
        (
            "-NOAUTH Authentication required.\r\n",
            StoreErrorKind::Denied,
        ),
        (
            "-ERR ACL failure in script: User alf has no permissions to run the 'set' command\r\n",
            StoreErrorKind::Denied,
        ),
        (
            "-LOADING Redis is loading the dataset in memory\r\n",
            StoreErrorKind::Unavailable,
        ),
        ("-OOM command not allowed\r\n", StoreErrorKind::Unavailable),
        (
            "-MISCONF Errors writing to the AOF file\r\n",
            StoreErrorKind::Unavailable,
        ),
        (
            "-CLUSTERDOWN The cluster is down\r\n",
            StoreErrorKind::Unavailable,
        ),
        (
            "-MASTERDOWN Link with MASTER is down\r\n",
            StoreErrorKind::Unavailable,
        ),
        (
            "-WRONGTYPE Operation against a wrong kind\r\n",
            StoreErrorKind::Unavailable,
        ),
        ("-ERR something else\r\n", StoreErrorKind::Unavailable),
    ];
    let server = Server::start([answers.iter().map(|(answer, _)| Reply(answer)).collect()]);
    let store = server.store();
    for (answer, kind) in answers {
        let error = write(&store, None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer}");
        let answer = answer.trim_start_matches('-').trim_end();
        assert!(error.to_string().contains(answer), "{error}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_operation_that_is_dropped_closes_its_connection() {
    let server = Server::start([vec![Silence], vec![Reply("$-1\r\n")]]);
    let store = server.store();
    let key = key();
    tokio::select! {
        _ = store.read(&key) => panic!("nobody answered"),
        () = server.silent() => {}
    }
    store.read(&key).await.unwrap();
    // The second was not sent on the silent connection first.
    assert_eq!(server.commands(), ["GET", "GET"]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn operations_at_the_same_time_share_a_connection() {
    let server = Server::start([vec![Reply("$-1\r\n"), Reply(":1\r\n"), Reply("$-1\r\n")]]);
    let store = server.store();
    store.read(&key()).await.unwrap();
    let key = key();
    let (written, read) = tokio::join!(write(&store, None), store.read(&key));
    assert!(written.is_ok() && read.is_ok());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn many_first_operations_open_one_connection() {
    let server = Server::start([vec![Reply("$-1\r\n"); 30], Vec::new(), Vec::new()]);
    let store = Arc::new(server.store());
    let reads = (0..30).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.read(&key()).await })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap().unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_tried_once() {
    let server = Server::start([]);
    let error = server.store().read(&key()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("could not connect"), "{error}");
}

#[tokio::test]
async fn a_connection_manager_reconnects_within_the_operation() {
    let server = Server::start([vec![Close], vec![Reply("$-1\r\n")]]);
    let client = redis::Client::open(server.url()).unwrap();
    let store = RedisStore::new(client.get_connection_manager().await.unwrap());
    assert_eq!(store.read(&key()).await.unwrap(), None);
    assert_eq!(server.connections(), 2);
}

/// Callers outside of tokio have a runtime for each acquisition.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_runtime_has_ended_is_replaced() {
    let server = Server::start([vec![Reply("$-1\r\n")], vec![Reply("$-1\r\n")]]);
    let store = server.store();
    tokio::task::block_in_place(|| {
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_io().build().unwrap();
            std::thread::scope(|scope| {
                let read = scope.spawn(|| runtime.block_on(store.read(&key())));
                assert_eq!(read.join().unwrap().unwrap(), None);
            });
        }
    });
    assert_eq!(server.connections(), 2);
}

#[test]
fn outside_of_tokio_it_is_an_error() {
    let store = RedisStore::from_url("redis://127.0.0.1:1").unwrap();
    let error = pollster::block_on(store.read(&key())).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("tokio"), "{error}");
}

#[tokio::test]
async fn a_rejected_password_is_denied_and_not_shown() {
    let answers = [
        "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        "-ERR unknown command 'AUTH', with args beginning with: 'alf' 'hunter2'\r\n",
        "-NOPERM hunter2\r\n",
    ];
    for protocol in ["", "?protocol=resp3"] {
        for answer in answers {
            let server = Server::start_with_login(answer);
            let url = server.url().replace("redis://", "redis://alf:hunter2@") + protocol;
            let store = RedisStore::from_url(&url).unwrap();
            let error = store.read(&key()).await.unwrap_err();
            assert!(
                !format!("{store:?}{}", shown(&error)).contains("hunter2"),
                "{error}"
            );
            if answer.starts_with("-WRONGPASS") {
                assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
            }
        }
    }
}

#[test]
fn a_url_that_is_not_valid_is_named_and_not_shown() {
    for url in [
        "redis.example.com",
        "http://alf:hunter2@redis.example.com",
        "redis://alf:hunter2@redis.example.com:port",
        "redis://alf:hunter2@redis.example.com/database",
        "redis://alf:hunter2/x@redis.example.com",
        "redis://alf:hunter2#x@redis.example.com",
        "redis://alf:hunter2@",
        "",
    ] {
        let error = RedisStore::from_url(url).unwrap_err();
        assert_eq!(error.setting(), "url", "{url}");
        assert!(error.to_string().contains("use redis://"), "{error}");
        assert!(!shown(&error).contains("hunter2"), "{error}");
    }
}

async fn write<C>(store: &RedisStore<C>, expected: Option<&Version>) -> Result<Written, StoreError>
where
    RedisStore<C>: TokenStore,
{
    let keep_for = Duration::from_secs(60);
    store.write(&key(), expected, b"abc", keep_for).await
}

fn key() -> StoreKey {
    StoreKey::new("alf:key")
}

/// The error and its causes, for users and for developers.
fn shown(error: &(dyn StdError + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = errors.map(|error| format!("{error} {error:?}")).collect();
    texts.concat()
}

const READONLY: &str =
    "-READONLY You can't write against a read only replica. script: 1, on @user_script:4.\r\n";
