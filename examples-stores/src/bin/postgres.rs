//! Three clients that share a token through a Postgres table:
//!
//!     cargo run -p examples-stores --bin postgres -- postgres://user:password@localhost/database
//!
//! It creates the table if it does not exist.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;

use examples_stores::{PostgresStore, TABLE, token_requests_of_three_clients};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args()
        .nth(1)
        .ok_or("the first argument must be a URL: postgres://…")?;
    let options: PgConnectOptions = url.parse()?;
    let options = options.options([("statement_timeout", "1s")]);
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy_with(options);
    let create = TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS");
    sqlx::query(sqlx::AssertSqlSafe(create))
        .execute(&pool)
        .await?;

    let token_requests = token_requests_of_three_clients(PostgresStore::new(pool)).await?;
    println!("three clients made {token_requests} token request");
    Ok(())
}
