//! alf-testkit's store suite.

use std::future::Future;
use std::sync::Arc;

use alf_testkit::store_conformance::{self, StoreHooks, StoreSubject};
use examples_stores::PostgresStore;

use crate::database::{Database, RUNTIME};
use crate::server::Server;

/// All cases share a server. Each has a table of its own.
struct Postgres(Database);

impl StoreSubject for Postgres {
    type Store = PostgresStore;

    fn start() -> Self {
        Self(Database::on(Server::shared()))
    }

    fn connect(&self) -> PostgresStore {
        self.0.store()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
            .delete(|subject, key| {
                subject
                    .0
                    .admin(&format!("DELETE FROM ME.alf_tokens WHERE key = '{key}'"));
            })
            .lose_reply(|subject| subject.0.proxy().lose_next_reply_with("UPDATE 1"))
            .deny_writes(|subject| {
                subject
                    .0
                    .admin("REVOKE INSERT, UPDATE ON ME.alf_tokens FROM ME");
            })
    }
}

alf_testkit::store_conformance!(
    #[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
    Postgres
);

/// With a server of its own, because the cases restart it.
struct Restarted(Database);

impl StoreSubject for Restarted {
    type Store = PostgresStore;

    fn start() -> Self {
        Self(Database::on(Arc::new(Server::start())))
    }

    fn connect(&self) -> PostgresStore {
        self.0.store()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks.restart(|subject| subject.0.server().restart())
    }
}

#[test]
#[ignore = "after .ci/setup: cargo test -p examples-stores --test postgres -- --ignored"]
fn the_cases_with_a_restart() {
    for case in [
        "a_connection_works_after_a_restart",
        "no_version_returns_after_a_restart",
    ] {
        store_conformance::run::<Restarted>(case);
    }
}
