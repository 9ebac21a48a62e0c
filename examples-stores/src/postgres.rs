//! A token store on Postgres, with sqlx.

use std::time::Duration;

use alf_core::{StoreError, StoreKey, Stored, TokenStore, Version, Written};
use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{Error, FromRow, PgPool, Postgres};

/// Creates the table. It needs Postgres 13 or newer.
///
/// The user of the pool needs `SELECT`, `INSERT` and `UPDATE` on the table.
///
/// There is one row for each token target. Rows may be deleted at any time. To remove the rows of settings that are no longer used,
/// run `DELETE FROM alf_tokens WHERE expires_at < now()` from time to time.
pub const TABLE: &str = "
CREATE TABLE alf_tokens (
    key text PRIMARY KEY,
    value bytea NOT NULL,
    -- Random, so that no version occurs twice: not after a delete, and not after a failover to a standby that is behind.
    version bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()),
    expires_at timestamptz NOT NULL
)";

const SELECT: &str = "SELECT value, version FROM alf_tokens WHERE key = $1";

const INSERT: &str = "
INSERT INTO alf_tokens (key, value, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT DO NOTHING
RETURNING version";

const UPDATE: &str = "
UPDATE alf_tokens SET value = $2, version = DEFAULT, expires_at = now() + make_interval(secs => $3)
WHERE key = $1 AND version = $4
RETURNING version";

/// A [`TokenStore`] on a table of Postgres.
///
/// The pool must be on the primary, because a standby cannot write. It must be used in one tokio runtime: that of the HTTP client.
///
/// alf limits the time of each operation (`store_timeout`, 1 s) by dropping it. Postgres does not notice this while a statement
/// waits for a lock, so set `statement_timeout` too:
///
/// ```
/// use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
///
/// # async fn store(url: &str) -> Result<examples_stores::PostgresStore, sqlx::Error> {
/// let options: PgConnectOptions = url.parse()?;
/// let options = options.options([("statement_timeout", "1s")]);
/// // Connects when a token is first needed, so the program starts even if the database is down.
/// let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
/// # Ok(examples_stores::PostgresStore::new(pool))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Returns a store on a database in which [`TABLE`] was executed.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn run<R>(
        &self,
        statement: QueryAs<'_, Postgres, R, PgArguments>,
    ) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let connection = self.pool.acquire().await?;
        // If this future is dropped, the connection is closed. The pool would wait for the answer to the statement, and keep the
        // place of a connection to a host that has disappeared for many minutes.
        let mut connection = scopeguard::guard(connection, |it| drop(it.detach()));
        let row = statement.fetch_optional(&mut **connection).await;
        scopeguard::ScopeGuard::into_inner(connection);
        row
    }
}

#[async_trait]
impl TokenStore for PostgresStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let statement = sqlx::query_as(SELECT).bind(key.as_str());
        let row: Option<(Vec<u8>, Vec<u8>)> = self.run(statement).await.map_err(failed)?;
        Ok(row.map(|(value, version)| Stored::new(value, Version::new(version))))
    }

    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let statement = sqlx::query_as(if expected.is_some() { UPDATE } else { INSERT });
        let mut statement = statement.bind(key.as_str()).bind(value);
        statement = statement.bind(keep_for.as_secs_f64());
        if let Some(version) = expected {
            statement = statement.bind(version.as_bytes());
        }
        let row: Result<Option<(Vec<u8>,)>, _> = self.run(statement).await;
        match row {
            Ok(Some((version,))) => Ok(Written::Done(Version::new(version))),
            Ok(None) => Ok(Written::Conflict),
            // If the database isolates transactions by REPEATABLE READ or SERIALIZABLE.
            Err(error) if has_code(&error, &[SERIALIZATION_FAILURE]) => Ok(Written::Conflict),
            Err(error) => Err(failed(error)),
        }
    }
}

/// `Denied` means that nothing was changed, and that somebody must correct the permissions. If no answer has arrived, it is not
/// known whether the value was replaced: that is `Unavailable`.
fn failed(error: Error) -> StoreError {
    if has_code(&error, &DENIED) {
        StoreError::denied(error)
    } else {
        StoreError::unavailable(error)
    }
}

fn has_code(error: &Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

// SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
const SERIALIZATION_FAILURE: &str = "40001";
const DENIED: [&str; 4] = [
    "42501", // insufficient_privilege
    "25006", // read_only_sql_transaction: a standby
    "28000", // invalid_authorization_specification
    "28P01", // invalid_password
];
