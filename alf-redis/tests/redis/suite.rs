//! alf-testkit's store suite on real servers.

use std::future::Future;
use std::sync::LazyLock;

use alf_core::StoreKey;
use alf_redis::{RedisStore, redis};
use alf_testkit::store_conformance::{StoreHooks, StoreSubject};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use tokio::runtime::Runtime;

use crate::certificates::Certificates;
use crate::proxy::Proxy;
use crate::server::{Program, Server};

/// A server for each case, with a user that may do only what the README says.
pub(crate) struct WithUser {
    server: Server,
    proxy: Proxy,
}

impl WithUser {
    fn on(program: Program) -> Self {
        let server = Server::start(program, &[]);
        server.admin::<()>("ACL SETUSER alf on >password ~alf-test:* +get +set +eval");
        let proxy = Proxy::to(server.port());
        Self { server, proxy }
    }

    fn hooks<S: StoreSubject + AsRef<Self>>(hooks: StoreHooks<S>) -> StoreHooks<S> {
        hooks
            .delete(|subject, key: &StoreKey| subject.as_ref().server.admin(&format!("DEL {key}")))
            .restart(|subject| {
                let server = &subject.as_ref().server;
                server.kill();
                server.start_again();
                server.admin::<()>("ACL SETUSER alf on >password ~alf-test:* +get +set +eval");
            })
            .lose_reply(|subject| subject.as_ref().proxy.lose_next_reply_with("\r\n"))
            .deny_writes(|subject| subject.as_ref().server.admin("ACL SETUSER alf -set"))
    }
}

macro_rules! with_user {
    ($name:ident, $module:ident) => {
        struct $name(WithUser);

        impl AsRef<WithUser> for $name {
            fn as_ref(&self) -> &WithUser {
                &self.0
            }
        }

        impl StoreSubject for $name {
            type Store = RedisStore;

            fn start() -> Self {
                Self(WithUser::on(Program::$name))
            }

            fn connect(&self) -> RedisStore {
                let port = self.0.proxy.port();
                RedisStore::from_url(&format!("redis://alf:password@127.0.0.1:{port}")).unwrap()
            }

            fn block_on<F: Future>(future: F) -> F::Output {
                RUNTIME.block_on(future)
            }

            fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
                WithUser::hooks(hooks)
            }
        }

        mod $module {
            alf_testkit::store_conformance!(
                #[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
                super::$name
            );
        }
    };
}

with_user!(Redis, redis_with_user);
with_user!(Valkey, valkey_with_user);

struct Tls {
    server: Server,
    certificates: Certificates,
}

impl StoreSubject for Tls {
    type Store = RedisStore;

    fn start() -> Self {
        let (server, certificates) = Certificates::server(Program::Redis);
        Self {
            server,
            certificates,
        }
    }

    fn connect(&self) -> RedisStore {
        let url = format!("rediss://localhost:{}", self.server.port());
        RedisStore::from_client(self.certificates.client(&url))
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }
}

mod redis_with_tls {
    alf_testkit::store_conformance!(
        #[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
        super::Tls
    );
}

struct Socket(Server);

impl StoreSubject for Socket {
    type Store = RedisStore;

    fn start() -> Self {
        Self(Server::start(Program::Redis, &[]))
    }

    fn connect(&self) -> RedisStore {
        RedisStore::from_url(&self.0.socket_url()).unwrap()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }
}

mod redis_on_a_socket {
    alf_testkit::store_conformance!(
        #[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
        super::Socket
    );
}

/// A cluster of one node, with redis-rs' connection for clusters.
struct Cluster(Server);

impl StoreSubject for Cluster {
    type Store = RedisStore<ClusterConnection>;

    fn start() -> Self {
        let server = Server::start(Program::Redis, &["--cluster-enabled", "yes"]);
        server.admin::<()>("CLUSTER ADDSLOTSRANGE 0 16383");
        while !server
            .admin::<String>("CLUSTER INFO")
            .contains("cluster_state:ok")
        {}
        Self(server)
    }

    fn connect(&self) -> Self::Store {
        let client = ClusterClient::new([self.0.url()]).unwrap();
        RedisStore::new(RUNTIME.block_on(client.get_async_connection()).unwrap())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        RUNTIME.block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks.delete(|subject, key| subject.0.admin(&format!("DEL {key}")))
    }
}

mod redis_cluster {
    alf_testkit::store_conformance!(
        #[ignore = "after .ci/setup: cargo test -p alf-redis --test redis -- --ignored"]
        super::Cluster
    );
}

/// Connections outlive a case's `block_on`.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
