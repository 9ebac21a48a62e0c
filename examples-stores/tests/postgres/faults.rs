//! What the store does if the database refuses, or does not answer.

use std::time::Duration;

use alf_core::{StoreError, StoreErrorKind, StoreKey, TokenStore as _, Version, Written};
use examples_stores::{PostgresStore, token_requests_of_three_clients};
use sqlx::Executor as _;
use sqlx::postgres::PgConnectOptions;

use crate::database::{Database, RUNTIME, pool};
use crate::server::Server;

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn what_the_server_refuses_is_denied() {
    let _kept = Server::shared();
    let text = "password authentication failed";
    is_denied(|_, options| options.password("wrong"), text);
    is_denied(|_, options| options.username("unknown"), text);
    let read_only = [("default_transaction_read_only", "on")];
    let text = "cannot execute INSERT in a read-only transaction";
    is_denied(|_, options| options.options(read_only), text);
    let revoke = |database: &Database, options| {
        database.admin("REVOKE SELECT, INSERT, UPDATE ON ME.alf_tokens FROM ME");
        options
    };
    is_denied(revoke, "permission denied");
}

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn a_missing_table_is_unavailable() {
    let database = Database::on(Server::shared());
    database.admin("DROP TABLE ME.alf_tokens");
    let error = write(&database.store(), None).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(
        error.to_string().contains("\"alf_tokens\" does not exist"),
        "{error}"
    );
}

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn a_write_that_cannot_be_serialized_is_a_conflict() {
    let database = Database::on(Server::shared());
    let Ok(Written::Done(first)) = write(&database.store(), None) else {
        panic!("the first write is done");
    };
    for isolation in ["read committed", "repeatable read", "serializable"] {
        let options = database.options();
        let options = options.options([("default_transaction_isolation", isolation)]);
        let store = PostgresStore::new(pool(options));
        let written = RUNTIME.block_on(async {
            let mut other = database.admin_connection().await;
            let update = database.sql("BEGIN; UPDATE ME.alf_tokens SET version = 'other'");
            other.execute(update).await.unwrap();
            let key = key();
            let mut write = store.write(&key, Some(&first), b"late", KEPT);
            tokio::select! {
                written = &mut write => panic!("{written:?} while the row is locked"),
                () = database.until_one_waits_for_a_lock() => {}
            }
            other.execute("COMMIT").await.unwrap();
            write.await
        });
        assert_eq!(written.unwrap(), Written::Conflict, "{isolation}");
        let restore = database.sql("UPDATE ME.alf_tokens SET version = $1");
        RUNTIME.block_on(async {
            let mut admin = database.admin_connection().await;
            let restore = sqlx::query(restore).bind(first.as_bytes());
            restore.execute(&mut admin).await.unwrap();
        });
    }
}

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn an_operation_that_is_dropped_closes_its_connection() {
    let database = Database::on(Server::shared());
    let pool = pool(database.options());
    let store = PostgresStore::new(pool.clone());
    RUNTIME.block_on(async {
        let mut other = database.admin_connection().await;
        let lock = database.sql("BEGIN; LOCK TABLE ME.alf_tokens");
        other.execute(lock).await.unwrap();
        let key = key();
        tokio::select! {
            read = store.read(&key) => panic!("{read:?} while the table is locked"),
            () = database.until_one_waits_for_a_lock() => {}
        }
        assert_eq!(pool.size(), 0);
        other.execute("COMMIT").await.unwrap();
        assert_eq!(store.read(&key).await.unwrap(), None);
    });
}

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn three_clients_make_one_token_request() {
    let database = Database::on(Server::shared());
    let requests = RUNTIME.block_on(token_requests_of_three_clients(database.store()));
    assert_eq!(requests.unwrap(), 1);
}

fn is_denied(refuse: impl Fn(&Database, PgConnectOptions) -> PgConnectOptions, text: &str) {
    let database = Database::on(Server::shared());
    let options = refuse(&database, database.options());
    let error = write(&PostgresStore::new(pool(options)), None).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

fn write(store: &PostgresStore, expected: Option<&Version>) -> Result<Written, StoreError> {
    RUNTIME.block_on(store.write(&key(), expected, b"value", KEPT))
}

fn key() -> StoreKey {
    StoreKey::new("alf:key")
}

const KEPT: Duration = Duration::from_mins(1);
