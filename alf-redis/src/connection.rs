//! The connection of a store: opened when it is first needed, and replaced when it has failed.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind};
use scopeguard::ScopeGuard;
use tokio::sync::OnceCell;

use crate::error::Failure;

/// Opens connections, and keeps one. Commands that run at the same time share it.
pub(crate) struct Connector<C> {
    connect: Connect<C>,
    /// Operations at the same time open one connection, however many targets a client has. It is replaced, not changed.
    current: Mutex<Arc<OnceCell<C>>>,
}

type Connect<C> =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = RedisResult<C>> + Send>> + Send + Sync>;

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Connector<C> {
    pub(crate) fn new<F, Fut>(connect: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = RedisResult<C>> + Send + 'static,
    {
        Self {
            connect: Box::new(move || Box::pin(connect())),
            current: Mutex::default(),
        }
    }

    /// Runs a command that may be applied twice. If the connection fails, runs it once more on a new one.
    pub(crate) async fn run<T: FromRedisValue + Send>(&self, command: &Cmd) -> Result<T, Failure> {
        match self.attempt(command).await {
            Err(Failure::Command(error)) if needs_new_connection(&error) => {
                self.attempt(command).await
            }
            done => done,
        }
    }

    async fn attempt<T: FromRedisValue + Send>(&self, command: &Cmd) -> Result<T, Failure> {
        let current = Arc::clone(&self.current());
        let connection = current.get_or_try_init(&self.connect).await;
        let mut connection = connection.map_err(Failure::Connect)?.clone();
        // Also if this future is dropped: alf does that after `store_timeout`, and a connection to a host that has
        // disappeared would be silent for many minutes.
        let discard = scopeguard::guard(&current, |connection| self.discard(connection));
        let reply = command.query_async(&mut connection).await;
        if !reply.as_ref().is_err_and(needs_new_connection) {
            ScopeGuard::into_inner(discard);
        }
        reply.map_err(Failure::Command)
    }

    /// Another command may have replaced it already.
    fn discard(&self, connection: &Arc<OnceCell<C>>) {
        let mut current = self.current();
        if Arc::ptr_eq(&current, connection) {
            *current = Arc::default();
        }
    }

    fn current(&self) -> MutexGuard<'_, Arc<OnceCell<C>>> {
        // Nothing that runs while it is held panics.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> fmt::Debug for Connector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

/// Not if the server has answered, unless it is the former primary after a failover. It answers READONLY, and the name or the
/// sentinels may already lead to the new one.
fn needs_new_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}
