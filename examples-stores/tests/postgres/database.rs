//! The table of one test, and the user of its store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use examples_stores::{PostgresStore, TABLE};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, PgPool};
use tokio::runtime::Runtime;

use crate::proxy::Proxy;
use crate::server::Server;

/// A schema with the name of the user. So each user finds its own table.
pub(crate) struct Database {
    server: Arc<Server>,
    proxy: Proxy,
    user: String,
}

impl Database {
    /// Makes the table and the user, who may do only what the docs of [`TABLE`] say.
    pub(crate) fn on(server: Arc<Server>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let user = format!("alf_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let proxy = Proxy::to(server.port());
        let database = Self {
            server,
            proxy,
            user,
        };
        database.admin(&format!(
            "CREATE USER ME PASSWORD 'password'; CREATE SCHEMA ME; SET search_path = ME; {TABLE};
            GRANT USAGE ON SCHEMA ME TO ME; GRANT SELECT, INSERT, UPDATE ON alf_tokens TO ME"
        ));
        database
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// Executes statements as the administrator.
    pub(crate) fn admin(&self, statements: &str) {
        RUNTIME.block_on(async {
            let mut admin = self.admin_connection().await;
            admin.execute(self.sql(statements)).await.unwrap();
        });
    }

    /// In statements, `ME` stands for the user and its schema.
    pub(crate) fn sql(&self, statements: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statements.replace("ME", &self.user))
    }

    /// Waits until a statement of the user waits for a lock.
    pub(crate) async fn until_one_waits_for_a_lock(&self) {
        let mut admin = self.admin_connection().await;
        let query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(query)
            .bind(&self.user)
            .fetch_one(&mut admin)
            .await
            .unwrap()
        {}
    }

    pub(crate) async fn admin_connection(&self) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options
            .socket(self.server.socket())
            .port(self.server.port());
        options
            .username("postgres")
            .database("postgres")
            .connect()
            .await
            .unwrap()
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options
            .host("127.0.0.1")
            .port(self.proxy.port())
            .database("postgres");
        options.username(&self.user).password("password")
    }

    pub(crate) fn store(&self) -> PostgresStore {
        PostgresStore::new(pool(self.options()))
    }
}

pub(crate) fn pool(options: PgConnectOptions) -> PgPool {
    let _runtime = RUNTIME.enter();
    PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy_with(options)
}

/// Connections outlive a case's `block_on`.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
